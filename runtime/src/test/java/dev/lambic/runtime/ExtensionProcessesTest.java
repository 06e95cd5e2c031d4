package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.LinuxSandboxes;
import dev.lambic.sandbox.SandboxConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Extensions and a runtime as real processes in real sandboxes. */
final class ExtensionProcessesTest {
  private static final RuntimeTarget TARGET =
      new RuntimeTarget("provided.al2023", false, List.of(), List.of(), Map.of(), Optional.empty());
  private static final AtomicInteger NAMES = new AtomicInteger();

  @TempDir static Path directory;
  private static final ConcurrentLinkedQueue<Throwable> FAULTS = new ConcurrentLinkedQueue<>();
  private static LinuxSandboxes sandboxes;
  private static HttpServer server;
  private static EnvironmentFactory factory;

  private final RecordingListener heard = new RecordingListener();
  private @Nullable Environment environment;

  @BeforeAll
  static void open() {
    sandboxes =
        LinuxSandboxes.open(
            SandboxConfig.of(directory.resolve("sandboxes")), (where, fault) -> FAULTS.add(fault));
    server = HttpServer.start(1, (where, fault) -> FAULTS.add(fault));
    factory =
        new EnvironmentFactory(
            sandboxes,
            server,
            (request, responder) -> responder.send(404, Headers.empty(), new byte[0]),
            Ticker.system(),
            Ids.seeded(1),
            (where, fault) -> FAULTS.add(fault));
  }

  @AfterAll
  static void close() {
    server.close();
    sandboxes.close();
    assertThat(FAULTS).isEmpty();
  }

  @AfterEach
  void end() throws Exception {
    Environment of = environment;
    if (of != null) {
      of.kill();
      of.gone().get(30, TimeUnit.SECONDS);
    }
  }

  private Environment environment() {
    return Objects.requireNonNull(environment);
  }

  private static Path program(Path place, String resource, boolean executable) throws IOException {
    Files.createDirectories(place.getParent());
    try (InputStream in = ExtensionProcessesTest.class.getResourceAsStream(resource)) {
      Files.copy(Objects.requireNonNull(in), place);
    }
    Files.setPosixFilePermissions(
        place, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
    return place;
  }

  /** An environment whose extensions act as their names tell them. */
  private void start(Map<String, String> variables, String... extensions) throws IOException {
    Path place = directory.resolve("e" + NAMES.incrementAndGet());
    program(place.resolve("code/bootstrap"), "runtime.py", true);
    Files.createDirectories(place.resolve("opt/extensions/a-directory"));
    for (String name : extensions) {
      program(
          place.resolve("opt/extensions/" + name), "extension.py", !name.equals("not-executable"));
    }
    for (Path part : List.of(place, place.resolve("code"), place.resolve("opt"))) {
      Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    environment =
        factory.start(
            VariablesTest.spec(
                "x" + NAMES.get(), TARGET, variables, place.resolve("code"), place.resolve("opt")),
            heard);
  }

  private RecordingListener.Event await(String kind, String text) {
    RecordingListener.Event event = heard.next();
    while (!event.kind().equals(kind) || !(event.type() + event.body()).contains(text)) {
      event = heard.next();
    }
    return event;
  }

  private void deliver(String id) {
    environment()
        .deliver(
            new Work(
                id,
                "\"hello\"".getBytes(StandardCharsets.UTF_8),
                "arn:f",
                System.currentTimeMillis() + 3000,
                "Root=1-2-3",
                null,
                false));
  }

  private void shutDown(ShutdownReason reason) throws Exception {
    environment().shutdown(reason).get(30, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http-agent", "tcp-agent", "logs-agent"})
  void accompaniesTheFunctionFromItsStartToItsEnd(String name) throws Exception {
    start(Map.of("COLOUR", "blue"), name);
    await("extensionLine", "registered shop $LATEST handler.handler 000000000000 blue");
    await("extensionLine", "subscribed 200 OK");
    assertThat(await("extension", "Ready").body()).contains("events=[INVOKE, SHUTDOWN]");
    await("ready", "");
    environment().telemetry(new PlatformEvent.Start("id-1", "arn:f", "$LATEST", null, null));
    deliver("id-1");
    await("responded", "hello");
    await("ready", "");
    environment()
        .telemetry(
            new PlatformEvent.Report(
                "id-1",
                PlatformEvent.Status.SUCCESS,
                null,
                1,
                2,
                128,
                3,
                null,
                null,
                List.of(),
                null,
                null));
    shutDown(ShutdownReason.SPINDOWN);
    String all = await("extensionLine", "goodbye").body();
    assertThat(all)
        .contains("INVOKE id-1 arn:f Root=1-2-3")
        .contains("SHUTDOWN spindown")
        .contains("platform.start")
        .contains("function:handling \"hello\"")
        .contains("platform.runtimeDone")
        .contains("platform.report");
    if (!name.equals("logs-agent")) {
      assertThat(all).contains("spans responseLatency,responseDuration,runtimeOverhead");
    }
    Parts parts = environment().parts("id-1");
    assertThat(parts.producedBytes()).isEqualTo(7);
    assertThat(parts.extensions())
        .extracting(PlatformEvent.Span::name)
        .containsExactly("extensionOverhead");
  }

  @Test
  void tellsThatTheRuntimeIsDoneToExtensionsThatWaitForIt() throws Exception {
    start(Map.of(), "patient-agent");
    await("ready", "");
    deliver("id-1");
    await("responded", "hello");
    await("ready", "");
  }

  @Test
  void tellsOfAFailureBeforeTheShutdown() throws Exception {
    start(Map.of(), "http-agent");
    await("ready", "");
    deliver("id-1");
    await("responded", "hello");
    environment()
        .telemetry(
            new PlatformEvent.RuntimeDone(
                "id-1", PlatformEvent.Status.TIMEOUT, null, 1, 2, List.of(), null));
    environment()
        .telemetry(
            new PlatformEvent.Report(
                "id-1",
                PlatformEvent.Status.TIMEOUT,
                null,
                1,
                2,
                128,
                3,
                null,
                null,
                List.of(),
                null,
                null));
    shutDown(ShutdownReason.TIMEOUT);
    String all = await("extensionLine", "goodbye").body();
    assertThat(all.split("platform.runtimeDone", -1)).as("told once in %s", all).hasSize(2);
    assertThat(all).containsSubsequence("runtimeDone", "platform.report", "SHUTDOWN timeout");
  }

  @Test
  void takesExtensionsWithinTheRuntime() throws Exception {
    start(Map.of("INTERNAL", "yes"));
    await("extension", "Ready");
    await("ready", "");
    deliver("id-1");
    await("ready", "");
    environment().drainOutput();
    assertThat(heard.output()).contains("internal INVOKE id-1");
    shutDown(ShutdownReason.SPINDOWN);
    environment().drainOutput();
    assertThat(heard.output()).contains("terminated");
  }

  @ParameterizedTest
  @CsvSource({
    "crash-early,Extension.Crash,exit status 3",
    "crash-registered,Extension.Crash,exit code 0",
    "init-error,Extension.InitError,exit status 1",
    "crash-invoked,Extension.Crash,signal: killed",
    "exit-error,Extension.ExitError,exit status 1"
  })
  void failsWithItsExtension(String name, String type, String message) throws Exception {
    start(Map.of(), name);
    if (name.equals("crash-invoked") || name.equals("exit-error")) {
      await("ready", "");
      deliver("id-1");
    }
    RecordingListener.Event broken = await("broken", "");
    assertThat(broken.type()).isEqualTo(type);
    assertThat(broken.body()).isEqualTo(message);
  }

  @Test
  void waitsForEveryExtensionToRegister() throws Exception {
    start(Map.of(), "http-agent", "never-registers");
    boolean subscribed = false;
    boolean sleeping = false;
    while (!subscribed || !sleeping) {
      String line = await("extensionLine", "").body();
      subscribed |= line.equals("subscribed 200 OK");
      sleeping |= line.equals("sleeping");
    }
    shutDown(ShutdownReason.TIMEOUT);
    await("extension", "Started");
    assertThat(heard.output()).isEmpty();
  }

  @Test
  void endsOneThatIgnoresTheShutdown() throws Exception {
    start(Map.of(), "deaf-agent");
    await("ready", "");
    shutDown(ShutdownReason.FAILURE);
    await("extensionLine", "ignoring SHUTDOWN failure");
  }

  @Test
  void goesOnWithFrozenExtensionsForTheShutdown() throws Exception {
    start(Map.of(), "http-agent");
    await("ready", "");
    environment().freeze();
    shutDown(ShutdownReason.SPINDOWN);
    await("extensionLine", "goodbye");
  }

  @Test
  void startsExtensionsAnewWithTheRuntime() throws Exception {
    start(Map.of(), "http-agent");
    await("ready", "");
    shutDown(ShutdownReason.TIMEOUT);
    environment().stop();
    environment().restart(() -> {});
    await("extensionLine", "registered");
    await("ready", "");
    deliver("id-2");
    await("ready", "");
  }

  @Test
  void blamesAnExtensionThatCannotBeStarted() {
    assertThatThrownBy(() -> start(Map.of(), "not-executable"))
        .isInstanceOfSatisfying(
            LambicException.class, e -> assertThat(e.code()).isEqualTo("Extension.LaunchError"))
        .hasMessage("fork/exec /opt/extensions/not-executable: permission denied");
    assertThat(await("extension", "LaunchError").body()).contains("PermissionDenied");
  }
}
