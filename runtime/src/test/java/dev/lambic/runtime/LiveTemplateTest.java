package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.LinuxSandboxes;
import dev.lambic.sandbox.SandboxConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Python versions that are forked from a process of theirs, in real sandboxes. */
final class LiveTemplateTest {
  private static final ConcurrentLinkedQueue<Throwable> FAULTS = new ConcurrentLinkedQueue<>();

  /** What it is like after its initialisation, and what of that is in a fork. */
  private static final String FUNCTION =
      """
      import os, random, ssl, socket, tempfile, time, uuid
      INIT = uuid.uuid4().hex
      PID = os.getpid()
      OWN = random.Random(7)
      random.seed(7)
      uuid.uuid1()
      tempfile.mktemp()
      PEER = socket.create_connection(("127.0.0.1", 4566))
      PEER.setblocking(False)
      os.makedirs("/tmp/a/b")
      os.symlink("b", "/tmp/a/link")
      with open("/tmp/a/b/note", "w") as note:
          note.write(INIT)
      os.chmod("/tmp/a/b/note", 0o640)
      os.utime("/tmp/a/b/note", (1, 2))
      os.chdir("/tmp/a")
      print("initialised")
      def connection():
          try:
              return str(PEER.send(b"x"))
          except OSError as e:
              return type(e).__name__
      def handler(event, context):
          found = os.stat("/tmp/a/link/note")
          return [
              INIT, open("b/note").read(), oct(found.st_mode), str(found.st_mtime), os.getcwd(),
              connection(), str(PEER.fileno() > 2), str(os.path.exists("/mnt/forking.so")),
              "forked" if PID != os.getpid() else "own", str(os.getpid() == os.getsid(0)),
              str(random.random()), str(OWN.random()), str(uuid.uuid4()), str(uuid.uuid1().time),
              tempfile.mktemp(), ssl.RAND_bytes(16).hex(), os.urandom(16).hex(),
          ]
      """;

  private static final int FIRST_RANDOM = 10;
  private static final String IMPORTS =
      "import mmap, os, signal, socket, subprocess, threading, time\n";
  private static final String HANDLER = "\ndef handler(event, context):\n    return ['ok']\n";

  @TempDir static Path directory;
  private static LinuxSandboxes sandboxes;
  private static HttpServer server;
  private static RuntimeCatalog catalog;
  private static int names;

  private final List<Environment> environments = new ArrayList<>();
  private EnvironmentFactory factory;

  @BeforeAll
  static void open() {
    sandboxes =
        LinuxSandboxes.open(
            SandboxConfig.of(directory.resolve("sandboxes")), (where, fault) -> FAULTS.add(fault));
    server = HttpServer.start(1, (where, fault) -> FAULTS.add(fault));
    catalog =
        new RuntimeCatalog(
            Bootstraps.layOut(directory.resolve("bootstraps")),
            null,
            List.of(Path.of("/usr"), Path.of("/usr/local")),
            List.of());
  }

  @AfterAll
  static void close() {
    server.close();
    sandboxes.close();
    assertThat(FAULTS).isEmpty();
  }

  @BeforeEach
  void make() {
    factory = factory(EnumSet.of(FastPath.SNAPSHOTS, FastPath.LIVE_TEMPLATES));
  }

  private static EnvironmentFactory factory(Set<FastPath> fast) {
    return new EnvironmentFactory(
        sandboxes,
        server,
        (request, responder) -> responder.send(404, Headers.empty(), new byte[0]),
        Ticker.system(),
        Ids.secure(),
        (where, fault) -> FAULTS.add(fault),
        fast);
  }

  @AfterEach
  void end() throws Exception {
    for (Environment environment : environments) {
      environment.kill();
      environment.gone().get(30, TimeUnit.SECONDS);
    }
    List<LiveTemplate> kept = factory.templates().kept();
    factory.close();
    for (LiveTemplate template : kept) {
      template.gone().get(30, TimeUnit.SECONDS);
    }
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static Path code(String text) {
    try {
      Path code = Files.createTempDirectory(directory, "code");
      Files.writeString(code.resolve("handler.py"), text);
      Files.setPosixFilePermissions(code, PosixFilePermissions.fromString("rwxr-xr-x"));
      return code;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static EnvironmentSpec spec(Path code) {
    EnvironmentSpec of =
        VariablesTest.spec(
            "live-test-" + names++, catalog.find("python3.11"), Map.of(), code, null);
    return new EnvironmentSpec(
        of.name(),
        of.target(),
        of.functionName(),
        "1",
        of.account(),
        of.region(),
        of.handler(),
        256,
        of.tmpMb(),
        of.variables(),
        of.code(),
        of.opt(),
        of.logGroup(),
        of.logStream(),
        of.logSettings(),
        of.credentials(),
        Initialization.SNAP_START,
        of.role(),
        of.fileSystems());
  }

  private LiveTemplate keep(Path code, String state) {
    RecordingListener heard = new RecordingListener();
    LiveTemplate template = Objects.requireNonNull(factory.liveTemplate(spec(code), heard, state));
    RecordingListener.Event event = heard.next();
    assertThat(event.kind()).as("%s %s", event, heard.output()).isEqualTo("checkpointable");
    assertThat(template.keep()).isTrue();
    return template;
  }

  /** What a function says in an environment that is forked; null if it cannot be. */
  private @Nullable List<String> say(Path code, String state) {
    RecordingListener heard = new RecordingListener();
    Environment environment = factory.fork(spec(code), heard, state);
    if (environment == null) {
      return null;
    }
    environments.add(environment);
    heard.next("ready");
    assertThat(environment.isRestored()).isTrue();
    byte[] event = "{}".getBytes(StandardCharsets.UTF_8);
    long deadline = System.currentTimeMillis() + 60_000;
    environment.deliver(new Work("id-1", event, "arn", deadline, null, null, false));
    String said = heard.next("responded").body();
    assertThat(heard.output()).doesNotContain("initialised");
    return List.of(said.substring(2, said.length() - 2).split("\", ?\"", -1));
  }

  @Test
  void oneWhoseVersionIsDeletedWhileItIsMadeIsNotKept() {
    RecordingListener heard = new RecordingListener();
    LiveTemplate template =
        Objects.requireNonNull(factory.liveTemplate(spec(code(FUNCTION)), heard, "s"));
    assertThat(heard.next().kind()).isEqualTo("checkpointable");
    factory.templates().forget(template.owner());
    assertThat(template.keep()).isFalse();
    assertThat(factory.templates().kept()).isEmpty();
  }

  @Test
  void oneThatWasForkedOftenIsReplaced() {
    Path code = code("def handler(event, context):\n    return ['a']\n");
    keep(code, "s");
    for (int i = 0; i < LiveTemplates.MOST_FORKS; i++) {
      assertThat(say(code, "s")).isNotNull();
    }
    assertThat(say(code, "s")).isNull();
    keep(code, "s");
    assertThat(say(code, "s")).isNotNull();
  }

  @Test
  void forksShareTheInitialisationAndNothingElse() {
    Path code = code(FUNCTION);
    keep(code, "s");
    Set<String> different = new HashSet<>();
    String init = "";
    for (int i = 0; i < 3; i++) {
      List<String> said = Objects.requireNonNull(say(code, "s"));
      assertThat(init.isEmpty() || init.equals(said.getFirst())).isTrue();
      init = said.getFirst();
      assertThat(said.subList(1, FIRST_RANDOM))
          .containsExactly(
              init,
              "0o100640",
              "2.0",
              "/tmp/a",
              "BrokenPipeError",
              "True",
              "False",
              "forked",
              "True");
      different.addAll(said.subList(FIRST_RANDOM, said.size()));
    }
    assertThat(different).hasSize(3 * 7);
    assertThat(factory.templates().forks()).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "threading.Thread(target=time.sleep, args=(999,), daemon=True).start()",
        "CHILD = subprocess.Popen(['/bin/sleep', '999'])",
        "subprocess.run(['/bin/sh', '-c', 'sleep 999 &'])",
        "FILE = open('/tmp/x', 'w')",
        "FILE = open('/usr/bin/env')",
        "SOCKET = socket.create_server(('127.0.0.1', 0))",
        "SOCKET = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "PAIR = socket.socketpair()",
        "PIPE = os.pipe()",
        "SHARED = mmap.mmap(-1, 4096)",
        "open('/tmp/x', 'wb').write(bytes(5 << 20))",
        "os.mkfifo('/tmp/fifo')",
        "signal.setitimer(signal.ITIMER_REAL, 999)",
        "os.dup2(os.open('/dev/null', os.O_WRONLY), 1)",
        "os.close(3)",
        "os.dup2(os.open('/dev/null', os.O_WRONLY), 3)",
      })
  void whatForksWouldLoseOrShareIsNotForked(String own) {
    Path code = code(IMPORTS + own + HANDLER);
    RecordingListener heard = new RecordingListener();
    LiveTemplate template = Objects.requireNonNull(factory.liveTemplate(spec(code), heard, "s"));
    heard.next("exited");
    assertThat(say(code, "s")).isNull();
    template.kill();
    // Nor is it tried again at once.
    assertThat(factory.liveTemplate(spec(code), heard, "s")).isNull();
  }

  @Test
  void onlyTheVeryStateIsForked() {
    Path code = code(HANDLER);
    LiveTemplate template = keep(code, "s");
    assertThat(say(code, "another")).isNull();
    assertThat(say(code, "s")).containsExactly("ok");
    factory.forget("000000000000", "eu-west-1", "shop", "2");
    assertThat(template.serves()).isTrue();
    factory.forget("000000000000", "eu-west-1", "shop", "1");
    assertThat(template.serves()).isFalse();
    assertThat(say(code, "s")).isNull();
  }

  @Test
  void oneThatDiesIsGivenUpAndCanBeMadeAgain() {
    Path code = code(HANDLER);
    LiveTemplate template = keep(code, "s");
    assertThat(say(code, "s")).containsExactly("ok");
    template.template().sandbox().clear();
    assertThat(say(code, "s")).isNull();
    assertThat(factory.templates().kept()).isEmpty();
    keep(code, "s");
    assertThat(say(code, "s")).containsExactly("ok");
  }

  @Test
  void oneThatDoesNotForkIsGivenUp() {
    Path code =
        code("import os, time\nos.register_at_fork(before=lambda: time.sleep(999))\n" + HANDLER);
    LiveTemplate template = keep(code, "s");
    assertThat(say(code, "s")).isNull();
    assertThat(factory.templates().kept()).isEmpty();
    await("it is killed", () -> !template.serves());
  }

  @Test
  void nobodyIsForkedWithoutThisFastPath() {
    for (FastPath without : List.of(FastPath.SNAPSHOTS, FastPath.LIVE_TEMPLATES)) {
      Set<FastPath> rest = EnumSet.allOf(FastPath.class);
      rest.remove(without);
      try (EnvironmentFactory other = factory(rest)) {
        assertThat(other.liveTemplate(spec(code(HANDLER)), new RecordingListener(), "s")).isNull();
      }
    }
  }

  @Test
  void theOneThatWasNotUsedForLongestMakesRoom() {
    Path code = code(HANDLER);
    for (int i = 0; i < LiveTemplates.MOST; i++) {
      keep(code, "s" + i);
    }
    assertThat(say(code, "s0")).containsExactly("ok");
    keep(code, "one more");
    assertThat(factory.templates().kept()).hasSize(LiveTemplates.MOST);
    assertThat(say(code, "s1")).isNull();
    assertThat(say(code, "s0")).containsExactly("ok");
    long bytes = factory.templates().kept().stream().mapToLong(LiveTemplate::bytes).sum();
    assertThat(bytes).isPositive().isLessThan(LiveTemplates.BUDGET);
  }

  @Test
  void itRunsOnlyWhileItIsForked() throws IOException {
    Path code = code(HANDLER);
    LiveTemplate template = keep(code, "s");
    assertThat(template.isFrozen()).isTrue();
    assertThat(say(code, "s")).containsExactly("ok");
    await("it is frozen again", template::isFrozen);
  }
}
