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
import java.util.List;
import java.util.Map;
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

/** Python environments that are forked, in real sandboxes. */
final class ZygoteTest {
  private static final ConcurrentLinkedQueue<Throwable> FAULTS = new ConcurrentLinkedQueue<>();

  /** A module that takes long to import, and leaves behind what forks must not share. */
  private static final String HEAVY =
      """
      import os, random, ssl, tempfile, time, uuid
      PID = os.getpid()
      MODE = os.environ.get("MODE")
      random.seed(7)
      OWN = random.Random(7)
      ssl.RAND_bytes(8)
      tempfile.mktemp()
      uuid.uuid1()
      time.sleep(0.1)
      """;

  private static final String SPLITTING =
      """
      import threading
      threading.Thread(target=time.sleep, args=(999,), daemon=True).start()
      """;

  private static final String LEAVING =
      """
      os.environ["LEFT"] = "here"
      os.makedirs("/tmp/left/in", exist_ok=True)
      open("/tmp/left/in/cache", "w").close()
      """;

  /** Whether the module was imported before the process was forked, and all kinds of randomness. */
  private static final String RANDOM =
      """
      import hashlib, os, random, secrets, ssl, tempfile, uuid
      import heavy
      def handler(event, context):
          open("/tmp/own", "x").close()
          return [
              "forked" if heavy.PID != os.getpid() else "own", str(heavy.MODE),
              str(random.random()), str(random.getrandbits(64)), str(heavy.OWN.random()),
              secrets.token_hex(), str(uuid.uuid4()), str(uuid.uuid1().time), tempfile.mktemp(),
              ssl.RAND_bytes(16).hex(), os.urandom(16).hex(),
          ]
      """;

  private static final int FIRST_RANDOM = 2;

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
            files(
                Map.of(
                    "heavy.py", HEAVY,
                    "ending.py", HEAVY + "if os.getcwd() != '/var/task': os._exit(5)\n",
                    "leaving.py", HEAVY + LEAVING,
                    "splitting.py", HEAVY + SPLITTING)),
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
    factory = factory(FastPath.ZYGOTES, FastPath.IMPORT_ZYGOTES);
  }

  @AfterEach
  void end() throws Exception {
    for (Environment environment : environments) {
      environment.kill();
      environment.gone().get(30, TimeUnit.SECONDS);
    }
    factory.close();
  }

  private static EnvironmentFactory factory(FastPath... fast) {
    return new EnvironmentFactory(
        sandboxes,
        server,
        (request, responder) -> responder.send(404, Headers.empty(), new byte[0]),
        Ticker.system(),
        Ids.secure(),
        (where, fault) -> FAULTS.add(fault),
        Set.of(fast));
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static Path files(Map<String, String> texts) {
    try {
      Path code = Files.createTempDirectory(directory, "code");
      for (Map.Entry<String, String> file : texts.entrySet()) {
        Path path = code.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.writeString(path, file.getValue());
      }
      Files.setPosixFilePermissions(code, PosixFilePermissions.fromString("rwxr-xr-x"));
      return code;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static EnvironmentSpec spec(Path code, Map<String, String> own, @Nullable Path opt) {
    return VariablesTest.spec("zygote-test-" + names++, catalog.find("python3.11"), own, code, opt);
  }

  /** What a function says in an environment of its own, as lines. */
  private List<String> say(EnvironmentFactory from, EnvironmentSpec spec) {
    RecordingListener heard = new RecordingListener();
    Environment environment = from.start(spec, heard);
    environments.add(environment);
    heard.next("ready");
    byte[] event = "{}".getBytes(StandardCharsets.UTF_8);
    long deadline = System.currentTimeMillis() + 60_000;
    environment.deliver(new Work("id-1", event, "arn", deadline, null, null, false));
    String said = heard.next("responded").body();
    return List.of(said.substring(2, said.length() - 2).split("\", ?\"", -1));
  }

  private void awaitZygote(EnvironmentSpec spec) {
    Zygotes.Kind kind = Zygotes.Kind.ofAll(Recipe.of(spec).orElseThrow());
    await("a zygote", () -> factory.zygotes().find(kind, List.of()) != null);
  }

  private static String resource(String name) throws IOException {
    try (var in = ZygoteTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** But for what is named here: modules, the process's number, the second filter, an order. */
  private static List<String> comparable(List<String> facts) {
    return facts.stream()
        .filter(fact -> !fact.startsWith("modules "))
        .filter(fact -> !fact.startsWith("status Seccomp_filters"))
        .map(fact -> fact.replaceFirst("^pid (\\d+) (\\d+) \\1$", "pid N $2 N"))
        // Mounts were made in another order.
        .sorted()
        .toList();
  }

  @Test
  void aForkSeesOfItselfWhatItSeesAfterAStart() throws IOException {
    Path code = files(Map.of("handler.py", resource("facts.py")));
    Path opt = files(Map.of("layer.txt", "layer"));
    Map<String, String> own = Map.of("COLOUR", "blue ü\nline", "TZ", "America/New_York");
    List<String> started = say(factory(), spec(code, own, opt));
    awaitZygote(spec(code, own, opt));
    List<String> forked = say(factory, spec(code, own, opt));
    assertThat(factory.zygotes().forks()).isEqualTo(1);
    assertThat(started).hasSizeGreaterThan(20);
    assertThat(comparable(forked)).containsExactlyElementsOf(comparable(started));
    assertThat(String.join("\n", forked)).doesNotContain("LAMBIC");
  }

  @Test
  void loggingAndOwnModulesOfACommonNameAreAsAfterAStart() {
    Path code =
        files(
            Map.of(
                "handler.py",
                """
                import copy, logging, dataclasses
                def handler(event, context):
                    logging.warning("heard")
                    return [copy.MINE, str(len(logging.getLogger().handlers)), dataclasses.__file__]
                """,
                "copy.py",
                "MINE = 'mine'\ndef copy(x): return x\ndef deepcopy(x): return x\nError = error = TypeError\n"));
    EnvironmentSpec spec = spec(code, Map.of(), null);
    List<String> started = say(factory(), spec(code, Map.of(), null));
    awaitZygote(spec);
    assertThat(say(factory, spec)).isEqualTo(started).contains("mine", "1");
    assertThat(factory.zygotes().forks()).isEqualTo(1);
  }

  private boolean isKnown(EnvironmentSpec spec) {
    List<String> modules = factory.imports().known(spec);
    Zygotes.Kind kind = new Zygotes.Kind(Recipe.of(spec).orElseThrow(), spec.account());
    Zygote zygote = modules.contains("heavy") ? factory.zygotes().find(kind, modules) : null;
    return zygote != null && zygote.modules().equals(modules);
  }

  @Test
  void modulesThatFunctionsImportAreThereBeforeAndShareNoRandomness() {
    Path code = files(Map.of("handler.py", RANDOM));
    EnvironmentSpec first = spec(code, Map.of(), null);
    assertThat(say(factory, first)).startsWith("own", "None");
    await("a zygote with the module", () -> isKnown(first));
    List<String> one = say(factory, spec(code, Map.of(), null));
    List<String> two = say(factory, spec(code, Map.of(), null));
    assertThat(one).startsWith("forked", "None");
    assertThat(two).startsWith("forked", "None");
    for (int i = FIRST_RANDOM; i < one.size(); i++) {
      assertThat(one.get(i)).as("randomness %d", i).isNotEqualTo(two.get(i));
    }
    // A variable that the module has read is another one here.
    assertThat(say(factory, spec(code, Map.of("MODE", "mine"), null))).startsWith("own", "mine");
    // Here, the code has one of the same name.
    Path other = files(Map.of("handler.py", RANDOM, "heavy.py", HEAVY + "MODE = 'other'\n"));
    assertThat(say(factory, spec(other, Map.of(), null))).startsWith("own", "other");
  }

  @Test
  void nothingOfLayersIsImportedBefore() {
    Path code = files(Map.of("handler.py", RANDOM));
    Path layer = files(Map.of("python/heavy.py", HEAVY + "MODE = 'layer'\n"));
    EnvironmentSpec first = spec(code, Map.of(), layer);
    assertThat(say(factory, first)).startsWith("own", "layer");
    assertThat(factory.imports().known(first)).isEmpty();
    assertThat(say(factory, spec(code, Map.of(), layer))).startsWith("own", "layer");
  }

  @Test
  void modulesThatEndOrSplitTheProcessAreNobodysLoss() {
    for (String name : List.of("splitting", "ending")) {
      Path code = files(Map.of("handler.py", RANDOM.replace("heavy", name)));
      EnvironmentSpec spec = spec(code, Map.of(), null);
      assertThat(say(factory, spec)).startsWith("own");
      await("it is known", () -> factory.imports().known(spec).contains(name));
      assertThat(say(factory, spec(code, Map.of(), null))).startsWith("own");
    }
  }

  @Test
  void whatAnImportLeavesOutsideOfTheProcessIsThereInEachEnvironment() {
    Path code =
        files(
            Map.of(
                "handler.py",
                """
                import os
                import leaving, heavy
                def handler(event, context):
                    return [
                        "own" if leaving.PID == os.getpid() else "forked",
                        "own" if heavy.PID == os.getpid() else "forked",
                        os.environ.get("LEFT", "gone"),
                        str(os.path.exists("/tmp/left/in/cache")),
                    ]
                """));
    EnvironmentSpec spec = spec(code, Map.of(), null);
    assertThat(say(factory, spec)).containsExactly("own", "own", "here", "True");
    await("a zygote with the other module", () -> isKnown(spec));
    assertThat(say(factory, spec(code, Map.of(), null)))
        .containsExactly("own", "forked", "here", "True");
  }

  private static EnvironmentSpec ofAccount(String account, EnvironmentSpec of) {
    return new EnvironmentSpec(
        of.name(),
        of.target(),
        of.functionName(),
        of.version(),
        account,
        of.region(),
        of.handler(),
        of.memoryMb(),
        of.tmpMb(),
        of.variables(),
        of.code(),
        of.opt(),
        of.logGroup(),
        of.logStream(),
        of.logSettings(),
        of.credentials(),
        of.initialization(),
        of.role(),
        of.fileSystems());
  }

  @Test
  void twoAccountsShareNoSeedOfHashes() {
    Path code =
        files(
            Map.of(
                "handler.py", "def handler(event, context):\n    return [str(hash('lambic'))]\n"));
    EnvironmentSpec one = ofAccount("111111111111", spec(code, Map.of(), null));
    EnvironmentSpec other = ofAccount("222222222222", spec(code, Map.of(), null));
    awaitZygote(one);
    awaitZygote(other);
    List<String> first = say(factory, one);
    assertThat(say(factory, ofAccount("111111111111", spec(code, Map.of(), null))))
        .as("two forks of one process")
        .isEqualTo(first);
    assertThat(say(factory, other)).isNotEqualTo(first);
    assertThat(factory.zygotes().forks()).isEqualTo(3);
  }

  @Test
  void allZygotesKeepWithinABudgetOfMemory() {
    Path code = files(Map.of("handler.py", "def handler(event, context):\n    return []\n"));
    Zygotes.Kind one = kind(ofAccount("111111111111", spec(code, Map.of(), null)));
    Zygotes.Kind other = kind(ofAccount("222222222222", spec(code, Map.of(), null)));
    long bytes;
    try (Zygotes all = zygotes(Zygotes.BUDGET_BYTES)) {
      await("the first", () -> all.find(one, List.of()) != null);
      await("another", () -> all.find(other, List.of()) != null);
      assertThat(all.find(one, List.of())).isNotNull();
      bytes = all.bytes();
    }
    assertThat(bytes).isPositive();
    try (Zygotes few = zygotes(bytes * 3 / 4)) {
      await("the first", () -> few.find(one, List.of()) != null);
      await("another", () -> few.find(other, List.of()) != null);
      assertThat(few.find(one, List.of())).as("the one that was used before").isNull();
      assertThat(few.bytes()).isBetween(1L, bytes * 3 / 4);
    }
  }

  private static Zygotes.Kind kind(EnvironmentSpec spec) {
    return Zygotes.Kind.ofAll(Recipe.of(spec).orElseThrow());
  }

  private static Zygotes zygotes(long budgetBytes) {
    Services services =
        new Services(
            Ticker.system(), Ids.secure(), (where, fault) -> FAULTS.add(fault), new ByteBudget(1));
    Cells cells =
        new Cells(
            sandboxes,
            server,
            (request, responder) -> responder.send(404, Headers.empty(), new byte[0]));
    return new Zygotes(cells, services, Set.of(FastPath.ZYGOTES), budgetBytes);
  }

  @Test
  void aZygoteThatDiesIsReplaced() {
    Path code = files(Map.of("handler.py", "def handler(event, context):\n    return ['ok']\n"));
    EnvironmentSpec spec = spec(code, Map.of(), null);
    awaitZygote(spec);
    assertThat(say(factory, spec)).containsExactly("ok");
    Zygotes.Kind kind = Zygotes.Kind.ofAll(Recipe.of(spec).orElseThrow());
    Zygote zygote = factory.zygotes().find(kind, List.of());
    assertThat(zygote).isNotNull();
    zygote.template().sandbox().clear();
    assertThat(say(factory, spec(code, Map.of(), null))).containsExactly("ok");
    awaitZygote(spec);
    assertThat(say(factory, spec(code, Map.of(), null))).containsExactly("ok");
    assertThat(factory.zygotes().forks()).isGreaterThanOrEqualTo(2);
  }

  @Test
  void stemCellsAreForked() {
    EnvironmentFactory stocked = factory(FastPath.ZYGOTES, FastPath.STEM_CELLS);
    try {
      stocked.expect(
          "000000000000", "r", "f", "1", catalog.find("python3.11"), 1024, 512, Map.of());
      // One that is killed before it waits counts as a failure, after which none is made for long.
      await(
          "cells are forked",
          () -> {
            stocked.stock().cells().stream()
                .filter(cell -> cell.binding().isAsked())
                .forEach(Cell::kill);
            return stocked.zygotes().forks() > 0;
          });
      Path code = files(Map.of("handler.py", "def handler(event, context):\n    return ['ok']\n"));
      assertThat(say(stocked, spec(code, Map.of(), null))).containsExactly("ok");
    } finally {
      stocked.close();
    }
  }
}
