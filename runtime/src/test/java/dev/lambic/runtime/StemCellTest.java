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
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runtimes of this machine that are bound to functions, in real sandboxes. */
final class StemCellTest {
  private static final ConcurrentLinkedQueue<Throwable> FAULTS = new ConcurrentLinkedQueue<>();
  private static final List<EnvironmentFactory> FACTORIES = new ArrayList<>();
  private static final Map<String, String> OWN =
      Map.of("COLOUR", "blue ü\nline", "TZ", "America/New_York", "HOME", "/tmp");

  @TempDir static Path directory;
  private static LinuxSandboxes sandboxes;
  private static HttpServer server;
  private static RuntimeCatalog catalog;

  private final List<Environment> environments = new ArrayList<>();

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
    FACTORIES.forEach(EnvironmentFactory::close);
    server.close();
    sandboxes.close();
    assertThat(FAULTS).isEmpty();
  }

  @AfterEach
  void end() throws Exception {
    for (Environment environment : environments) {
      environment.kill();
      environment.gone().get(30, TimeUnit.SECONDS);
    }
  }

  private static EnvironmentFactory factory(FastPath... fast) {
    EnvironmentFactory factory =
        new EnvironmentFactory(
            sandboxes,
            server,
            (request, responder) -> responder.send(404, Headers.empty(), new byte[0]),
            Ticker.system(),
            Ids.secure(),
            (where, fault) -> FAULTS.add(fault),
            Set.of(fast));
    FACTORIES.add(factory);
    return factory;
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private static Path code(String file, String text) {
    try {
      Path code = Files.createTempDirectory(directory, "code");
      Files.setPosixFilePermissions(code, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.writeString(code.resolve(file), text);
      return code;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String resource(String name) throws IOException {
    try (var in = StemCellTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static RuntimeTarget target(String language) {
    return catalog.find(
        switch (language) {
          case "python" -> "python3.11";
          case "ruby" -> "ruby3.3";
          default -> "nodejs20.x";
        });
  }

  private static Path facts(String language) throws IOException {
    String ending =
        switch (language) {
          case "python" -> ".py";
          case "ruby" -> ".rb";
          default -> ".mjs";
        };
    return code("handler" + ending, resource("facts" + ending));
  }

  private static EnvironmentSpec spec(
      String language, Path code, Map<String, String> own, String name, @Nullable Path opt) {
    return VariablesTest.spec(name, target(language), own, code, opt);
  }

  private Environment start(
      EnvironmentFactory from, EnvironmentSpec spec, RecordingListener heard) {
    Environment environment = from.start(spec, heard);
    environments.add(environment);
    return environment;
  }

  /** What a function says of itself, as lines. */
  private List<String> say(EnvironmentFactory from, EnvironmentSpec spec) {
    RecordingListener heard = new RecordingListener();
    Environment environment = start(from, spec, heard);
    heard.next("ready");
    byte[] event = "{}".getBytes(StandardCharsets.UTF_8);
    long deadline = System.currentTimeMillis() + 60_000;
    environment.deliver(new Work("id-1", event, "arn", deadline, null, null, false));
    String said = heard.next("responded").body();
    return List.of(said.substring(2, said.length() - 2).split("\", ?\"", -1));
  }

  /** Cells whose process waits to be bound. */
  private static long waiting(EnvironmentFactory factory) {
    return factory.stock().cells().stream().filter(cell -> cell.binding().isAsked()).count();
  }

  private static void expect(
      EnvironmentFactory factory, String function, String language, Map<String, String> own) {
    factory.expect("000000000000", "r", function, "1", target(language), 1024, 512, own);
  }

  private static EnvironmentFactory stocked(String language) {
    EnvironmentFactory factory = factory(FastPath.STEM_CELLS);
    expect(factory, "owner", language, Map.of());
    await("cells wait to be bound", () -> waiting(factory) > 1);
    return factory;
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "node", "ruby"})
  void aFunctionSeesOfItselfWhatItSeesAfterAStart(String language) throws IOException {
    Path code = facts(language);
    Path opt = code("layer.txt", "layer");
    List<String> started = say(factory(), spec(language, code, OWN, "fresh-" + language, opt));
    EnvironmentFactory stem = stocked(language);
    List<String> bound = say(stem, spec(language, code, OWN, "bound-" + language, opt));
    assertThat(stem.stock().taken()).as("it was bound").isEqualTo(1);
    assertThat(started).hasSizeGreaterThan(20);
    assertThat(bound).containsExactlyElementsOf(started);
    assertThat(String.join("\n", bound)).doesNotContain("LAMBIC");
  }

  @Test
  void isMadeForWhoeverComesAndEndsWithItsFunctions() {
    EnvironmentFactory stem = stocked("python");
    expect(stem, "other", "python", Map.of("A", "1"));
    stem.forget("000000000000", "r", "owner", "1");
    assertThat(stem.stock().cells()).isNotEmpty();
    stem.forget("000000000000", "r", "other", "1");
    await("nothing is kept for nobody", () -> stem.stock().cells().size() == 0);
  }

  @Test
  void functionsThatNeedAProcessOfTheirOwnGetOne() throws IOException {
    EnvironmentFactory stem = stocked("python");
    Map<String, String> own = Map.of("LD_LIBRARY_PATH", "/own", "MALLOC_ARENA_MAX", "1");
    List<String> bound = say(stem, spec("python", facts("python"), own, "own", null));
    assertThat(stem.stock().taken()).isZero();
    assertThat(String.join("\n", bound)).contains("LD_LIBRARY_PATH=/own");
  }

  @Test
  void shellsAreKeptForAllWhoNeedNoMore() throws IOException {
    EnvironmentFactory shells = factory(FastPath.SHELLS);
    Path code = facts("python");
    List<String> started = say(factory(), spec("python", code, OWN, "plain", null));
    expect(shells, "owner", "python", OWN);
    await("shells are there", () -> shells.stock().cells().size() > 1);
    assertThat(say(shells, spec("python", code, OWN, "shell", null))).isEqualTo(started);
    assertThat(shells.stock().taken()).isEqualTo(1);
  }

  @Test
  void aRuntimeThatDiesBeforeItIsBoundIsReplaced() {
    EnvironmentFactory stem = stocked("python");
    stem.stock().cells().forEach(cell -> Objects.requireNonNull(cell.process()).signal(9));
    await("others take the place of the dead", () -> stem.stock().made() > 3 && waiting(stem) > 1);
  }

  @Test
  void aBoundRuntimeThatFailsIsStartedAnew() throws IOException {
    EnvironmentFactory stem = stocked("python");
    Path code = code("handler.py", "import os\ndef handler(event, context):\n    os._exit(7)\n");
    RecordingListener heard = new RecordingListener();
    Environment environment = start(stem, spec("python", code, Map.of(), "dies", null), heard);
    heard.next("ready");
    byte[] event = "{}".getBytes(StandardCharsets.UTF_8);
    environment.deliver(new Work("id-1", event, "arn", 1, null, null, false));
    assertThat(heard.next("exited").body()).isEqualTo("7");
    environment.stop();
    environment.restart(() -> {});
    heard.next("ready");
    assertThat(stem.stock().taken()).isEqualTo(1);
  }
}
