package dev.lambic.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.functions.FunctionVersion;
import dev.lambic.functions.Snapshots;
import dev.lambic.invocation.CredentialIssuer;
import dev.lambic.invocation.EnvironmentStarter;
import dev.lambic.invocation.FunctionImage;
import dev.lambic.invocation.Logs;
import dev.lambic.invocation.Templates;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.RuntimeTarget;
import dev.lambic.runtime.SessionCredentials;
import dev.lambic.runtime.SnapshotStore;
import dev.lambic.sandbox.Criu;
import dev.lambic.sandbox.SnapshotProbe;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of snapshots while it is not known yet whether there are any. */
final class HostSnapshotsTest {
  @TempDir private Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<String> faults = new ArrayList<>();
  private final HostSnapshots snapshots =
      new HostSnapshots(HostSnapshotsTest::none, code -> false, new PrintStream(out, true, UTF_8));

  private static FunctionImage none(FunctionVersion version) {
    throw new AssertionError("nothing is made of " + version);
  }

  private static FunctionVersion version(String name) {
    return new FunctionVersion(
        "111111111111",
        "us-east-1",
        "arn:aws:lambda:us-east-1:111111111111:function:" + name,
        name,
        "1",
        "revision",
        "role",
        "python3.12",
        "",
        "app.handler",
        128,
        3,
        512,
        "x86_64",
        Map.of(),
        "/aws/lambda/" + name,
        "Text",
        "",
        "",
        "",
        "code",
        null,
        Optional.empty(),
        false,
        false,
        true,
        List.of());
  }

  private Path snapshotOf(String name, char digit) throws IOException {
    Path made =
        Files.createDirectories(
            directory.resolve("snapshots").resolve(String.valueOf(digit).repeat(64)));
    Files.writeString(
        made.resolve("snapshot.json"),
        """
        {"pid": 2, "pipe": "7", "token": "t", "files": {},
         "version": "us-east-1:111111111111:function:%s:1"}
        """
            .formatted(name));
    return made;
  }

  private SnapshotStore store(Criu criu) {
    return new SnapshotStore(
        directory.resolve("snapshots"),
        criu,
        1_000_000,
        (where, fault) -> faults.add(where),
        faults::add);
  }

  private static Templates templates(SnapshotStore store) {
    return new Templates(
        new EnvironmentStarter() {
          @Override
          public RuntimeTarget target(String runtime) {
            throw new AssertionError("nothing is started");
          }

          @Override
          public Environment start(EnvironmentSpec spec, EnvironmentListener listener) {
            throw new AssertionError("nothing is started");
          }
        },
        store,
        new CredentialIssuer() {
          @Override
          public SessionCredentials issue(String account, String role, String functionName) {
            throw new AssertionError("nothing is started");
          }

          @Override
          public void revoke(SessionCredentials credentials) {}
        },
        new Logs() {
          @Override
          public Stream open(FunctionImage function, String stream) {
            throw new AssertionError("nothing is started");
          }

          @Override
          public void close() {}
        },
        Ticker.system(),
        Ids.seeded(1));
  }

  @Test
  void noneIsLeftOfWhatIsDeletedWhileTheServerStarts() throws IOException {
    Path gone = snapshotOf("gone", 'a');
    Path kept = snapshotOf("kept", 'b');
    snapshots.deleted(version("gone"));
    snapshots.prepare(
        () -> Optional.of(new Criu(directory, directory)),
        criu -> new SnapshotProbe.Result(true, ""),
        this::store,
        HostSnapshotsTest::templates);
    assertThat(gone).doesNotExist();
    assertThat(kept).isDirectory();
    assertThat(faults).isEmpty();
    assertThat(out.toString(UTF_8)).isEmpty();
  }

  @Test
  void whateverGoesWrongIsSaid() {
    snapshots.deleted(version("gone"));
    snapshots.prepare(
        () -> Optional.of(new Criu(directory, directory)),
        criu -> new SnapshotProbe.Result(true, ""),
        criu -> {
          throw new UncheckedIOException(new IOException("no room"));
        },
        HostSnapshotsTest::templates);
    assertThat(out.toString(UTF_8)).contains("[WARN] No snapshots").contains("no room");
    assertThat(snapshots.make(version("other"))).isInstanceOf(Snapshots.Result.Impossible.class);
  }
}
