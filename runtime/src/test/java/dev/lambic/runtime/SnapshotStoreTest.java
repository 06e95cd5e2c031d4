package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.Checkpoint;
import dev.lambic.sandbox.Criu;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.ProcessExit;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SandboxSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which snapshots are found, and when they are given up, with a sandbox that is none. */
final class SnapshotStoreTest {
  private static final RuntimeTarget TARGET =
      new RuntimeTarget("python3.12", true, List.of(), List.of("/x"), Map.of(), Optional.empty());
  private static final int EIO = 5;
  private static final int ETIMEDOUT = 110;
  private final SandboxException broken =
      new SandboxException("criu", EIO, "Error (criu/pagemap.c:1): broken");
  private final SandboxException late = new SandboxException("criu", ETIMEDOUT, "");

  @TempDir private Path directory;
  private final FakeSandboxes sandboxes = new FakeSandboxes();
  private final List<String> told = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private Sandbox sandbox;
  private SnapshotStore store;

  @BeforeEach
  void open() {
    sandbox = sandboxes.create(new SandboxSpec("box", new Limits(4L << 20, 0, 1), 1L << 20, "x"));
    store = again();
  }

  @AfterEach
  void nothingWentWrong() {
    assertThat(faults).isEmpty();
  }

  private SnapshotStore again() {
    return new SnapshotStore(
        directory.resolve("snapshots"),
        new Criu(directory, directory),
        1_000_000,
        (where, fault) -> faults.add(where + ": " + fault),
        told::add);
  }

  private EnvironmentSpec spec(String variable) {
    return VariablesTest.spec(TARGET, Map.of("A", variable), directory);
  }

  private SnapshotStore.Snapshot made(EnvironmentSpec spec) {
    SnapshotStore.Writing writing = store.write(spec, "token");
    writing.checkpoint((criu, images, memory) -> {
      try {
        Files.writeString(images.resolve("pages-1.img"), "pages");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new Checkpoint(2, 7);
    });
    assertThat(writing.finish()).isTrue();
    return Objects.requireNonNull(store.find(spec));
  }

  private List<String> files() {
    try (Stream<Path> all = Files.list(directory.resolve("snapshots"))) {
      return all.map(one -> String.valueOf(one.getFileName())).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void restore(SnapshotStore.Snapshot snapshot) {
    var _ = snapshot.restore(sandbox, (bytes, length) -> {});
    snapshot.goesOn();
  }

  /** As a start does it that falls back to one of its own. */
  private void restoreBadly(SnapshotStore.Snapshot snapshot, SandboxException why) {
    sandboxes.failAt = "restore";
    sandboxes.failing = why;
    assertThatThrownBy(() -> restore(snapshot)).isSameAs(why);
    store.spoilt(snapshot, why);
    sandboxes.failAt = "";
  }

  @Test
  void whatTheHostLacksForAMomentIsNotTheSnapshotsFault() {
    EnvironmentSpec spec = spec("1");
    SnapshotStore.Snapshot snapshot = made(spec);
    restoreBadly(snapshot, late);
    restoreBadly(snapshot, new SandboxException("criu", EIO, "Error: Cannot allocate memory"));
    assertThat(store.find(spec)).isSameAs(snapshot);
    assertThat(told).hasSize(2).allMatch(line -> line.contains("could not be made"));
    restore(snapshot);
    restoreBadly(snapshot, late);
    restoreBadly(snapshot, late);
    assertThat(store.find(spec)).isSameAs(snapshot);
    restoreBadly(snapshot, late);
    assertThat(store.find(spec)).isNull();
    assertThat(files()).isEmpty();
    assertThat(told.getLast()).contains("is given up");
  }

  @Test
  void aSandboxThatHasEndedSaysNothingOfIt() {
    EnvironmentSpec spec = spec("1");
    SnapshotStore.Snapshot snapshot = made(spec);
    for (int i = 0; i < 10; i++) {
      restoreBadly(snapshot, new SandboxException(SandboxException.DEAD, 0, "the launcher ended"));
    }
    assertThat(store.find(spec)).isSameAs(snapshot);
  }

  @Test
  void norDoesItMendAnything() {
    EnvironmentSpec spec = spec("1");
    SnapshotStore.Snapshot snapshot = made(spec);
    restoreBadly(snapshot, late);
    restoreBadly(snapshot, late);
    restoreBadly(snapshot, new SandboxException(SandboxException.DEAD, 0, "the launcher ended"));
    assertThat(store.find(spec)).isSameAs(snapshot);
    restoreBadly(snapshot, late);
    assertThat(store.find(spec)).isNull();
  }

  /** Its process ends by a signal, as on a processor that lacks an instruction. */
  private void killedCopy(SnapshotStore.Snapshot snapshot, boolean late, boolean byUs) {
    Generation generation =
        new Generation(
            new RecordingListener(),
            spec("1"),
            sandbox,
            new Services(
                Ticker.system(),
                Ids.seeded(1),
                (where, fault) -> faults.add(where),
                new ByteBudget(1)),
            new SnapStart.Restored(snapshot, false));
    generation.runs(snapshot.restore(sandbox, generation::output));
    if (late) {
      generation
          .api()
          .handle(
              new HttpRequest(
                  "GET",
                  "/2018-06-01/runtime/restore/next",
                  Headers.empty(),
                  new byte[0],
                  new InetSocketAddress(0)),
              new NoResponder());
    }
    if (byUs) {
      generation.close();
    }
    sandboxes.exit.complete(new ProcessExit(0, 4));
  }

  private static final class NoResponder implements Responder {
    @Override
    public void send(int status, Headers headers, byte[] body) {}

    @Override
    public BodySink begin(int status, Headers headers) {
      throw new AssertionError("it is answered in one piece");
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void onAbort(Runnable action) {}
  }

  @Test
  void copiesThatAreKilledBeforeTheyGoOnCountAsFailed() {
    EnvironmentSpec spec = spec("1");
    SnapshotStore.Snapshot snapshot = made(spec);
    for (int i = 0; i < 5; i++) {
      killedCopy(snapshot, false, true);
    }
    killedCopy(snapshot, false, false);
    killedCopy(snapshot, false, false);
    killedCopy(snapshot, true, false);
    killedCopy(snapshot, false, false);
    killedCopy(snapshot, false, false);
    assertThat(store.find(spec)).isSameAs(snapshot);
    killedCopy(snapshot, false, false);
    assertThat(store.find(spec)).isNull();
    assertThat(files()).isEmpty();
    assertThat(told.getLast()).contains("is given up");
  }

  @Test
  void anotherProcessorHasOtherSnapshots() throws IOException {
    Path info = directory.resolve("cpuinfo");
    String one = "processor : 0\nmodel name\t: X\ncpu MHz : %d\nflags\t\t: sse %s\n\n";
    Files.writeString(info, one.formatted(1000, "avx512f"));
    String here = SnapshotName.processor(info);
    Files.writeString(info, one.formatted(2000, "avx512f").repeat(2));
    assertThat(SnapshotName.processor(info)).isEqualTo(here);
    Files.writeString(info, one.formatted(1000, ""));
    assertThat(SnapshotName.processor(info)).isNotEqualTo(here);
    Files.writeString(info, one.formatted(1000, "avx512f").replace("X", "Y"));
    assertThat(SnapshotName.processor(info)).isNotEqualTo(here);
    assertThat(SnapshotName.processor(Path.of("/proc/cpuinfo"))).hasSize(64);
  }

  @Test
  void whatSpeaksOfItsFilesGivesItUpAtOnce() {
    EnvironmentSpec spec = spec("1");
    restoreBadly(made(spec), broken);
    assertThat(store.find(spec)).isNull();
    assertThat(files()).isEmpty();
    restoreBadly(made(spec), new SandboxException("restored-ids", 1, "Uid"));
    assertThat(files()).isEmpty();
    assertThat(told).hasSize(2).allMatch(line -> line.contains("is given up"));
  }

  @Test
  void whoLearnsOfItLateTakesNothingElseAway() {
    EnvironmentSpec spec = spec("1");
    SnapshotStore.Snapshot first = made(spec);
    restoreBadly(first, broken);
    SnapshotStore.Snapshot second = made(spec);
    store.spoilt(first, broken);
    assertThat(store.find(spec)).isSameAs(second);
    assertThat(told).hasSize(1);
    assertThatThrownBy(() -> restore(first)).isInstanceOf(LambicException.class);
    restore(second);
  }

  @Test
  void whoRestoresFromItHasItToTheEnd() {
    EnvironmentSpec spec = spec("1");
    SnapshotStore.Snapshot snapshot = made(spec);
    List<Integer> left = new ArrayList<>();
    sandboxes.restoring =
        images -> {
          store.spoilt(snapshot, broken);
          assertThat(store.find(spec)).isNull();
          assertThat(snapshot.directory().resolve("pages-1.img")).hasContent("pages");
          left.add(files().size());
        };
    restore(snapshot);
    assertThat(left).containsExactly(1);
    assertThat(files()).isEmpty();
  }

  @Test
  void anotherTakesThePlaceOfOneThatIsStillRead() {
    EnvironmentSpec spec = spec("1");
    SnapshotStore.Snapshot first = made(spec);
    sandboxes.restoring =
        images -> {
          made(spec);
          assertThat(first.directory().resolve("pages-1.img")).hasContent("pages");
        };
    restore(first);
    sandboxes.restoring = images -> {};
    restore(Objects.requireNonNull(store.find(spec)));
    assertThat(files()).hasSize(1);
  }

  @Test
  void changedFilesAreNotUsed() throws IOException {
    EnvironmentSpec spec = spec("1");
    Files.writeString(made(spec).directory().resolve("pages-1.img"), "other pages");
    assertThat(store.find(spec)).isNull();
    assertThat(files()).isEmpty();
  }

  @Test
  void filesOfTmpAreLookedAtToo() throws IOException {
    EnvironmentSpec spec = spec("1");
    Path deep = Files.createDirectories(directory.resolve("tmp/a/b"));
    Path file = Files.writeString(deep.resolve("a \n\\"), "content");
    Files.createSymbolicLink(deep.resolve("link"), Path.of("/proc/uptime"));
    SnapshotStore.Writing writing = store.write(spec, "token");
    writing.checkpoint((criu, to, memory) -> {
      try {
        Files.move(directory.resolve("tmp"), to.resolve("tmp"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new Checkpoint(2, 7);
    });
    assertThat(writing.finish()).isTrue();
    SnapshotStore.Snapshot snapshot = Objects.requireNonNull(store.find(spec));
    store = again();
    assertThat(store.has(spec)).isTrue();
    // As after a loss of power.
    Files.write(
        snapshot.directory().resolve("tmp/a/b").resolve(String.valueOf(file.getFileName())),
        new byte[0]);
    assertThat(store.has(spec)).isFalse();
    assertThat(files()).isEmpty();
  }

  @Test
  void onlyThoseOfTheVersionAreForgotten() {
    made(spec("1"));
    EnvironmentSpec other = spec("2");
    made(other);
    store.forget("000000000000", "eu-west-1", "shop", "7");
    assertThat(files()).hasSize(2);
    store = again();
    assertThat(store.has(other)).isTrue();
    store.forget("000000000000", "eu-west-1", "shop", "$LATEST");
    assertThat(files()).isEmpty();
    assertThat(store.has(other)).isFalse();
  }

  /** It comes when it is ready, and functions are started with it from then on. */
  @Test
  void aClassArchiveThatComesLaterMakesNoOtherSnapshot() throws IOException {
    Path own = Files.createDirectory(directory.resolve("java"));
    Files.writeString(own.resolve("stem.jar"), "jar");
    JavaArguments arguments = new JavaArguments(25, "/jars", own.resolve("client.jsa"), "");
    RuntimeTarget target =
        new RuntimeTarget(
            "java25",
            true,
            List.of(new ReadOnlyMount(own, "/var/rapid")),
            List.of("/java"),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            arguments);
    EnvironmentSpec spec = VariablesTest.spec(target, Map.of(), directory);
    SnapshotStore.Snapshot snapshot = made(spec);
    Files.writeString(own.resolve("client.jsa.part"), "archive");
    assertThat(store.find(spec)).isSameAs(snapshot);
    Files.move(own.resolve("client.jsa.part"), arguments.archive());
    Files.writeString(arguments.classes(), "classes");
    assertThat(target.command(spec)).anyMatch(word -> word.contains("client.jsa"));
    assertThat(store.find(spec)).isSameAs(snapshot);
    // As a server does that is started again.
    Files.delete(own.resolve("stem.jar"));
    Files.writeString(own.resolve("stem.jar"), "jar");
    assertThat(store.find(spec)).isSameAs(snapshot);
    Files.delete(own.resolve("stem.jar"));
    Files.writeString(own.resolve("stem.jar"), "another jar");
    assertThat(again().has(spec)).isFalse();
  }

  @Test
  void whatACrashLeftIsDeleted() throws IOException {
    EnvironmentSpec spec = spec("1");
    Path whole = made(spec).directory();
    for (String left : List.of("0123.part77", whole.getFileName() + ".old3")) {
      Path directoryOfIt = Files.createDirectory(whole.resolveSibling(left));
      Files.copy(whole.resolve("snapshot.json"), directoryOfIt.resolve("snapshot.json"));
    }
    store = again();
    assertThat(files()).containsExactly(String.valueOf(whole.getFileName()));
    assertThat(store.has(spec)).isTrue();
  }
}
