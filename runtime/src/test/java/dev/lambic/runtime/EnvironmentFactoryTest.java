package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.ProcessExit;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SharedMount;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Starts environments in a sandbox that is none. */
final class EnvironmentFactoryTest {
  private static final RuntimeTarget MANAGED =
      new RuntimeTarget(
          "python3.12",
          true,
          List.of(new ReadOnlyMount(Path.of("/opt/python"), "/var/lang")),
          List.of("/var/lang/bin/python3.12", "-S"),
          Map.of(),
          Optional.empty());
  private static final RuntimeTarget CUSTOM =
      new RuntimeTarget("provided.al2023", false, List.of(), List.of(), Map.of(), Optional.empty());

  private final Path code;
  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final FakeSandboxes sandboxes = new FakeSandboxes();
  private final RecordingListener heard = new RecordingListener();
  private final HttpServer server = HttpServer.start(1, (where, fault) -> faults.add(fault));
  private final EnvironmentFactory factory =
      new EnvironmentFactory(
          sandboxes,
          server,
          (request, responder) -> responder.send(200, Headers.empty(), bytes("aws")),
          Ticker.system(),
          Ids.seeded(3),
          (where, fault) -> faults.add(fault));

  EnvironmentFactoryTest(@TempDir Path code) {
    this.code = code;
  }

  @AfterEach
  void stop() {
    server.close();
    assertThat(faults).isEmpty();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Environment start(RuntimeTarget target, Map<String, String> own) {
    return factory.start(VariablesTest.spec(target, own, code), heard);
  }

  private Command command() {
    return Objects.requireNonNull(sandboxes.command);
  }

  private InetSocketAddress port(int inside) throws IOException {
    ServerSocketChannel channel = Objects.requireNonNull(sandboxes.ports.get(inside));
    return (InetSocketAddress) channel.getLocalAddress();
  }

  @Test
  void startsTheRuntimeBehindItsApi() throws IOException {
    Environment environment = start(MANAGED, Map.of());
    assertThat(environment.name()).isEqualTo("e1");
    assertThat(command().argv()).containsExactly("/var/lang/bin/python3.12", "-S");
    assertThat(command().environment()).contains("AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001");
    assertThat(command().directory()).isEqualTo("/var/task");
    assertThat(sandboxes.mounts)
        .containsExactly(
            new ReadOnlyMount(Path.of("/opt/python"), "/var/lang"),
            new ReadOnlyMount(code, "/var/task"));
    try (RawConnection runtime = new RawConnection(port(9001));
        RawConnection aws = new RawConnection(port(4566))) {
      runtime.send(RawConnection.nextRequest());
      heard.next("ready");
      environment.deliver(new Work("id-1", bytes("1"), "arn", 1, null, null, false));
      assertThat(runtime.receive().body()).isEqualTo("1");
      assertThat(aws.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n").body()).isEqualTo("aws");
    }
  }

  @Test
  void limitsTheCpuOnlyWhenItIsTold() {
    Environment environment = start(MANAGED, Map.of());
    assertThat(Objects.requireNonNull(sandboxes.spec).limits())
        .isEqualTo(new Limits(1024L << 20, 0, 1024));
    environment.limitCpu();
    assertThat(Objects.requireNonNull(sandboxes.limits))
        .isEqualTo(new Limits(1024L << 20, 1024 / 1769.0, 1024));
    assertThat(environment.peakMemory()).isEqualTo(7L << 20);
  }

  @Test
  void tellsOfOutputAndOfTheEnd() {
    Environment environment = start(MANAGED, Map.of());
    OutputListener output = Objects.requireNonNull(sandboxes.output);
    output.output(bytes("hello and more"), 5);
    assertThat(heard.output()).isEqualTo("hello");
    environment.drainOutput();
    assertThat(sandboxes.calls).contains("drain");
    sandboxes.exit.complete(new ProcessExit(3, 0));
    assertThat(heard.next("exited").body()).isEqualTo("3");
    assertThat(environment.gone()).isNotDone();
    sandboxes.gone.complete(null);
    assertThat(environment.gone()).isDone();
  }

  @Test
  void killsTheSandboxAndItsAddresses() throws IOException {
    Environment environment = start(MANAGED, Map.of());
    environment.kill();
    environment.kill();
    assertThat(sandboxes.calls).contains("kill");
    awaitClosed();
  }

  @Test
  void startsTheRuntimeAnewAndHearsNothingMoreOfTheOld() throws IOException {
    Environment environment = start(MANAGED, Map.of());
    CompletableFuture<ProcessExit> before = sandboxes.exit;
    InetSocketAddress address = port(9001);
    try (RawConnection old = new RawConnection(address)) {
      old.send(RawConnection.nextRequest());
      heard.next("ready");
      environment.deliver(new Work("id-1", bytes("1"), "arn", 1, null, null, false));
      assertThat(old.receive().body()).isEqualTo("1");
      environment.stop();
      assertThat(sandboxes.calls).endsWith("clear");
      before.complete(new ProcessExit(0, 9));
    }
    awaitClosed(9001);
    environment.restart(() -> {});
    assertThat(sandboxes.calls).endsWith("clear", "listen", "start");
    try (RawConnection runtime = new RawConnection(port(9001))) {
      runtime.send(RawConnection.nextRequest());
      heard.next("ready");
      environment.deliver(new Work("id-2", bytes("2"), "arn", 1, null, null, false));
      assertThat(runtime.receive().body()).isEqualTo("2");
    }
    sandboxes.exit.complete(new ProcessExit(4, 0));
    assertThat(heard.next("exited").body()).as("of the new one").isEqualTo("4");
  }

  @Test
  void freezesAndThaws() {
    Environment environment = start(MANAGED, Map.of());
    environment.freeze();
    environment.thaw();
    assertThat(sandboxes.calls).endsWith("freeze", "thaw");
  }

  private void awaitClosed() {
    sandboxes.ports.keySet().forEach(EnvironmentFactoryTest.this::awaitClosed);
  }

  private void awaitClosed(int port) {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (Objects.requireNonNull(sandboxes.ports.get(port)).isOpen()) {
      assertThat(System.nanoTime()).as("listeners still open").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @Test
  void startsTheFunctionsOwnProgram() throws IOException {
    Files.writeString(code.resolve("bootstrap"), "#!/bin/sh\n");
    start(CUSTOM, Map.of("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrapper"));
    assertThat(command().argv()).containsExactly("/var/task/bootstrap");
  }

  @Test
  void seesLayersAsOpt(@TempDir Path opt) throws IOException {
    factory.start(VariablesTest.spec(MANAGED, Map.of(), code, opt), heard);
    assertThat(sandboxes.mounts).contains(new ReadOnlyMount(opt, "/opt"));
  }

  @Test
  void takesTheProgramOfALayerWhereTheCodeHasNone(@TempDir Path opt) throws IOException {
    Files.writeString(opt.resolve("bootstrap"), "#!/bin/sh\n");
    factory.start(VariablesTest.spec(CUSTOM, Map.of(), code, opt), heard);
    assertThat(command().argv()).containsExactly("/opt/bootstrap");
  }

  @Test
  void prefersTheCodesProgramToTheLayers(@TempDir Path opt) throws IOException {
    Files.writeString(opt.resolve("bootstrap"), "#!/bin/sh\n");
    Files.writeString(code.resolve("bootstrap"), "#!/bin/sh\n");
    factory.start(VariablesTest.spec(CUSTOM, Map.of(), code, opt), heard);
    assertThat(command().argv()).containsExactly("/var/task/bootstrap");
  }

  @Test
  void startsTheRuntimeThroughTheFunctionsWrapper() {
    start(MANAGED, Map.of("AWS_LAMBDA_EXEC_WRAPPER", "/var/task/wrapper"));
    assertThat(command().argv())
        .containsExactly("/var/task/wrapper", "/var/lang/bin/python3.12", "-S");
  }

  @Test
  void blamesAFunctionWithoutAProgram() throws IOException {
    Files.createDirectory(code.resolve("bootstrap"));
    assertThatThrownBy(() -> start(CUSTOM, Map.of()))
        .isInstanceOfSatisfying(
            LambicException.class,
            e -> {
              assertThat(e.code()).isEqualTo("Runtime.InvalidEntrypoint");
              assertThat(e.blame()).isEqualTo(Blame.FUNCTION);
              assertThat(e)
                  .hasMessage(
                      "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
            });
    assertThat(sandboxes.calls).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"listen", "attach", "start"})
  void leavesNothingBehindWhenAStepFails(String step) {
    sandboxes.failAt = step;
    sandboxes.failing = new IllegalStateException("on purpose");
    assertThatThrownBy(() -> start(MANAGED, Map.of())).hasMessage("on purpose");
    assertThat(sandboxes.calls).endsWith("kill");
    awaitClosed();
  }

  private Environment startWithFiles(Path files) throws IOException {
    FileSystemMount mount =
        new FileSystemMount("arn:point", files.toRealPath().resolve("a/point"), "/mnt/data");
    return factory.start(
        VariablesTest.withFileSystems(MANAGED, Map.of(), code, List.of(mount)), heard);
  }

  @Test
  void fileSystemsAreThereBeforeTheRuntime(@TempDir Path files) throws IOException {
    startWithFiles(files);
    assertThat(sandboxes.calls).containsSubsequence("attach", "share", "start");
    Path point = files.toRealPath().resolve("a/point");
    assertThat(sandboxes.shared).containsExactly(new SharedMount(point, "/mnt/data"));
    assertThat(point).isDirectory();
    assertThat(Files.getAttribute(point, "unix:uid")).isEqualTo(SharedMount.OWNER);
  }

  @Test
  void aFileSystemThatCannotBeMountedIsTheCallersToHear(@TempDir Path files) throws IOException {
    Files.writeString(files.resolve("a"), "a file where a directory should be");
    assertThatThrownBy(() -> startWithFiles(files))
        .isInstanceOfSatisfying(
            LambicException.class,
            e -> {
              assertThat(e.code()).isEqualTo("EFSMountFailureException");
              assertThat(e.blame()).isEqualTo(Blame.CALLER);
              assertThat(e)
                  .hasMessage(
                      "The function could not mount the EFS file system with access point arn:point."
                          + " On this host: its directory cannot be made.");
            });
    assertThat(sandboxes.calls).endsWith("kill").doesNotContain("share", "start");
    awaitClosed();
  }

  @ParameterizedTest
  @CsvSource({
    "share-map, the file system of the data directory does not let owners be mapped",
    "share-space, its disk is nearly full",
    "share-source, step share-source failed with error 2",
    "share-tree, step share-tree failed with error 2",
    "target, step target failed with error 2",
    "move-mount, step move-mount failed with error 2",
  })
  void whatIsWrongWithTheFilesIsTheCallersToHear(String step, String why, @TempDir Path files) {
    sandboxes.failAt = "share";
    sandboxes.failing = new SandboxException(step, 2, "/a/secret/path");
    assertThatThrownBy(() -> startWithFiles(files))
        .isInstanceOfSatisfying(
            LambicException.class, e -> assertThat(e.code()).isEqualTo("EFSMountFailureException"))
        .hasMessageEndingWith("On this host: " + why + ".");
    assertThat(sandboxes.calls).endsWith("kill").doesNotContain("start");
    awaitClosed();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"dead", "launcher", "message", "setns-shell", "share-ids", "share-places"})
  void whatIsWrongWithTheHostIsNot(String step, @TempDir Path files) {
    SandboxException failure = new SandboxException(step, 11, "");
    sandboxes.failAt = "share";
    sandboxes.failing = failure;
    assertThatThrownBy(() -> startWithFiles(files)).isSameAs(failure);
    assertThat(sandboxes.calls).endsWith("kill").doesNotContain("start");
    awaitClosed();
  }

  private Path image() throws IOException {
    Path root = code.resolve("image");
    Files.createDirectories(root.resolve("usr/bin"));
    Path program = Files.writeString(root.resolve("usr/bin/run"), "program");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    Files.createSymbolicLink(root.resolve("bin"), Path.of("/usr/bin"));
    return root;
  }

  @Test
  void startsWhatAnImageSaysOnItsOwnRoot(@TempDir Path opt) throws IOException {
    Path root = image();
    RuntimeTarget target = VariablesTest.container(root, List.of("run", "a"));
    factory.start(VariablesTest.spec(target, Map.of(), root, opt), heard);
    assertThat(command().argv()).containsExactly("/bin/run", "a");
    assertThat(command().directory()).isEqualTo("/app");
    assertThat(sandboxes.mounts).isEmpty();
    assertThat(Objects.requireNonNull(sandboxes.spec).root()).contains(root);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/entry,/entry", "./entry,/app/./entry", "sub/entry,/app/sub/entry"})
  void entryPointsWithASlashAreNotLookedFor(String pair) throws IOException {
    String[] parts = pair.split(",", -1);
    start(VariablesTest.container(image(), List.of(parts[0])), Map.of());
    assertThat(command().argv()).containsExactly(parts[1]);
  }

  @Test
  void programsOfAnImageThatAreMissing() throws IOException {
    Path root = image();
    assertRefused(
        root, List.of("nowhere"), "exec: \"nowhere\": executable file not found in $PATH");
    assertRefused(root, List.of(), "the image has neither an entry point nor a command");
  }

  private void assertRefused(Path root, List<String> argv, String message) {
    assertThatThrownBy(() -> start(VariablesTest.container(root, argv), Map.of()))
        .isInstanceOfSatisfying(
            LambicException.class, e -> assertThat(e.code()).isEqualTo("Runtime.InvalidEntrypoint"))
        .hasMessage(message);
  }

  @Test
  void importedRuntimesSeeTheCodeAndHeedTheWrapperThemselves() throws IOException {
    Path root = image();
    RuntimeTarget imported =
        new RuntimeTarget(
            "ruby3.4",
            true,
            List.of(),
            List.of("/var/runtime/bootstrap"),
            Map.of(),
            Optional.empty(),
            Optional.of(new ContainerRoot(root, Map.of(), "/", false)));
    start(imported, Map.of("AWS_LAMBDA_EXEC_WRAPPER", "/var/task/wrapper"));
    assertThat(command().argv()).containsExactly("/var/runtime/bootstrap");
    assertThat(command().directory()).isEqualTo("/var/task");
    assertThat(sandboxes.mounts).containsExactly(new ReadOnlyMount(code, "/var/task"));
    assertThat(Objects.requireNonNull(sandboxes.spec).root()).contains(root);
  }

  @Test
  void whatIsInstalledWithARootFileSystemRunsBehindTheWrapper() throws IOException {
    Path root = image();
    ReadOnlyMount bootstrap = new ReadOnlyMount(root, "/var/rapid");
    RuntimeTarget installed =
        new RuntimeTarget(
            "python3.14",
            true,
            List.of(bootstrap),
            List.of("/usr/bin/python3.14"),
            Map.of(),
            Optional.empty(),
            Optional.of(new ContainerRoot(root, Map.of(), "/var/task", false)));
    start(installed, Map.of("AWS_LAMBDA_EXEC_WRAPPER", "/var/task/wrapper"));
    assertThat(command().argv()).containsExactly("/var/task/wrapper", "/usr/bin/python3.14");
    assertThat(sandboxes.mounts).containsExactly(bootstrap, new ReadOnlyMount(code, "/var/task"));
    assertThat(Objects.requireNonNull(sandboxes.spec).root()).contains(root);
  }

  @Test
  void pathsOfAnImageNeverLeadOut() throws IOException {
    Path root = image();
    Files.createSymbolicLink(root.resolve("up"), Path.of("../../../../../.."));
    Files.createSymbolicLink(root.resolve("abs"), Path.of("/"));
    Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
    ContainerRoot image = new ContainerRoot(root, Map.of(), "/", true);
    assertThat(image.find("/bin/run")).contains(root.resolve("usr/bin/run"));
    assertThat(image.find("/up/bin/../bin/run")).contains(root.resolve("usr/bin/run"));
    assertThat(image.find("/../../abs")).contains(root);
    assertThat(image.find("/up/etc/passwd")).isEmpty();
    assertThat(image.find("/loop")).isEmpty();
  }
}
