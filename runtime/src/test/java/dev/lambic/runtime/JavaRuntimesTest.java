package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.ProcessExit;
import dev.lambic.sandbox.ReadOnlyMount;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runtimes of a host that is a directory of the test's, in a sandbox that is none. */
final class JavaRuntimesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path host;
  private final Path client;
  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final FakeSandboxes sandboxes = new FakeSandboxes();
  private final HttpServer server = HttpServer.start(1, (where, fault) -> faults.add(fault));

  JavaRuntimesTest(@TempDir Path host) throws IOException {
    this.host = host.toRealPath();
    this.client = this.host.resolve("client");
    Files.createDirectories(client.resolve("lib"));
    jar(
        "b.jar",
        "jni/libaws-lambda-jni.linux-x86_64.so",
        "jni/libaws-lambda-jni.linux-aarch_64.so");
    jar("a.jar", "A.class");
  }

  private void jar(String name, String... entries) throws IOException {
    try (OutputStream file = Files.newOutputStream(client.resolve("lib").resolve(name));
        ZipOutputStream zip = new ZipOutputStream(file)) {
      for (String entry : entries) {
        zip.putNextEntry(new ZipEntry(entry));
        zip.write(entry.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  @AfterEach
  void stop() {
    sandboxes.exit.complete(new ProcessExit(1, 0));
    server.close();
    assertThat(faults).isEmpty();
  }

  private JavaRuntimes runtimes(@Nullable Path jars) {
    return new JavaRuntimes(
        jars,
        host.resolve("work"),
        List.of(),
        List.of(host.resolve("jvm")),
        host.resolve("home"),
        new ClassArchive(sandboxes, server));
  }

  private RuntimeTarget target(String identifier) {
    return new RuntimeCatalog(
            Bootstraps.layOut(host.resolve("bootstraps")),
            null,
            List.of(),
            List.of(),
            runtimes(client))
        .find(identifier);
  }

  private void jdk(String version) throws IOException {
    JdksTest.install(host.resolve("jvm/" + version), version);
  }

  /** Nothing is made for the oldest Java, so that no thread is at work when the test ends. */
  private void jdk8() throws IOException {
    jdk("1.8.0_412");
  }

  private static EnvironmentSpec spec(RuntimeTarget target, String options) {
    return VariablesTest.spec(target, Map.of("JAVA_TOOL_OPTIONS", options), Path.of("/code"));
  }

  @Test
  void runsTheClientOnTheVeryVersion() throws IOException {
    jdk8();
    jdk("21.0.3");
    RuntimeTarget target = target("java8.al2");
    assertThat(target.managed()).isTrue();
    assertThat(target.warning()).isEmpty();
    assertThat(target.mounts())
        .extracting(ReadOnlyMount::target)
        .containsExactly("/var/lang", "/var/rapid", "/var/runtime");
    assertThat(target.mounts().getFirst().source()).isEqualTo(host.resolve("jvm/1.8.0_412"));
    assertThat(target.mounts().getLast().source()).isEqualTo(client);
    assertThat(target.command(spec(target, "")))
        .containsExactly(
            "/var/lang/bin/java",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:MaxHeapSize=870m",
            "-XX:ActiveProcessorCount=2",
            "-XX:-UsePerfData",
            "-Djava.net.preferIPv4Stack=true",
            "-Dcom.amazonaws.services.lambda.runtime.api.client.runtimeapi.NativeClient.JNI="
                + "/var/rapid/libaws-lambda-jni.so",
            "-cp",
            "/var/runtime/lib/a.jar:/var/runtime/lib/b.jar",
            "com.amazonaws.services.lambda.runtime.api.client.AWSLambda",
            "handler.handler");
    assertThat(target.mounts().get(1).source().resolve("libaws-lambda-jni.so"))
        .content()
        .startsWith("jni/libaws-lambda-jni.linux-");
  }

  @ParameterizedTest
  @ValueSource(strings = {"java8.al2", "java8.al2023"})
  void saysWhenTheVersionIsANewerOne(String identifier) throws IOException {
    jdk("25.0.3");
    sandboxes.failAt = "create";
    sandboxes.failing = new IllegalStateException("no sandboxes here");
    RuntimeTarget target = target(identifier);
    assertThat(target.warning())
        .contains(
            "The runtime "
                + identifier
                + " is not installed; java of version 25.0.3 is used instead.");
    assertThat(target.command(spec(target, "")))
        .contains(
            "--add-opens=java.base/java.io=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void refusesWhatThisHostCannotRun() throws IOException {
    jdk8();
    assertThatThrownBy(() -> target("java21"))
        .isInstanceOfSatisfying(
            LambicException.class,
            e -> {
              assertThat(e.code()).isEqualTo("InvalidParameterValueException");
              assertThat(e.blame()).isEqualTo(Blame.CALLER);
              assertThat(e).hasMessageContaining("Install a JDK 21");
            });
    assertThatThrownBy(() -> runtimes(null).target("java8.al2"))
        .isInstanceOf(LambicException.class)
        .hasMessageContaining("runtime interface client");
    assertThatThrownBy(() -> target("java8")).hasMessageContaining("cannot run the runtime java8");
  }

  @ParameterizedTest
  @CsvSource({
    "-XX:+UseParallelGC, -XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=4, -XX:TieredStopAtLevel=1",
    "-XX:-TieredCompilation, -XX:TieredStopAtLevel=1",
    "-ea -Xmx100m, -XX:MaxHeapSize=870m",
    "-XX:MaxRAMPercentage=50, -XX:MaxHeapSize=870m",
    "-XX:ActiveProcessorCount=1, -XX:ActiveProcessorCount=2"
  })
  void leavesOutWhatTheFunctionSaysItself(String own, String left) throws IOException {
    jdk8();
    RuntimeTarget target = target("java8.al2");
    assertThat(target.command(spec(target, "-Dx=y"))).contains(left).hasSize(12);
    assertThat(target.command(spec(target, own))).doesNotContain(left).hasSize(11);
  }

  @ParameterizedTest
  @CsvSource({
    "128, 72, 2",
    "256, 200, 2",
    "512, 435, 2",
    "1769, 1503, 2",
    "4096, 3481, 3",
    "10240, 8704, 6"
  })
  void sharesMemoryAndProcessors(int memoryMb, int heapMb, int processors) {
    assertThat(JavaArguments.heapMb(memoryMb)).isEqualTo(heapMb);
    assertThat(JavaArguments.processors(memoryMb)).isEqualTo(processors);
  }

  @Test
  void makesAClassArchiveOnce() throws IOException {
    jdk("25.0.3");
    RuntimeTarget target = target("java25");
    String archived = "-XX:SharedArchiveFile=/var/rapid/client.jsa";
    assertThat(target.command(spec(target, ""))).doesNotContain(archived);
    await(() -> sandboxes.command != null);
    assertThat(sandboxes.mounts).isEqualTo(target.mounts());
    assertThat(Objects.requireNonNull(sandboxes.command).argv())
        .startsWith("/bin/sh", "-c")
        .anyMatch(argument -> argument.contains("/var/runtime/lib/a.jar:/var/runtime/lib/b.jar"));
    answersOnce();
    byte[] packed = packed("an archive");
    OutputListener output = Objects.requireNonNull(sandboxes.output);
    output.output(packed, packed.length);
    sandboxes.exit.complete(new ProcessExit(0, 0));
    Path archive = target.mounts().get(1).source().resolve("client.jsa");
    await(() -> Files.exists(archive));
    assertThat(archive).hasContent("an archive");
    await(() -> String.valueOf(sandboxes.command).contains("/tmp/classes |"));
    byte[] names = packed("java.lang.Object");
    Objects.requireNonNull(sandboxes.output).output(names, names.length);
    sandboxes.exit.complete(new ProcessExit(0, 0));
    Path classes = archive.resolveSibling("client.classes");
    await(() -> Files.exists(classes));
    assertThat(classes).hasContent("java.lang.Object");
    assertThat(target.command(spec(target, ""))).contains(archived);
    assertThat(target.command(spec(target, "-Xshare:off"))).doesNotContain(archived);
    await(() -> sandboxes.calls.contains("kill"));
    sandboxes.calls.clear();
    assertThat(target("java25").mounts()).isEqualTo(target.mounts());
    assertThat(sandboxes.calls).isEmpty();
  }

  private void answersOnce() throws IOException {
    InetSocketAddress api =
        (InetSocketAddress) Objects.requireNonNull(sandboxes.ports.get(9001)).getLocalAddress();
    try (RawConnection runtime = new RawConnection(api)) {
      assertThat(runtime.exchange(RawConnection.nextRequest()).body()).contains("\"text\"");
      assertThat(runtime.exchange(RawConnection.nextRequest()).status()).isEqualTo(410);
    }
  }

  @Test
  void doesWithoutAnArchiveThatFails() throws IOException {
    jdk("25.0.3");
    RuntimeTarget target = target("java25");
    await(() -> sandboxes.command != null);
    byte[] packed = packed("an archive");
    Objects.requireNonNull(sandboxes.output).output(packed, packed.length / 2);
    sandboxes.exit.complete(new ProcessExit(0, 0));
    await(() -> sandboxes.calls.contains("kill"));
    assertThat(target.mounts().get(1).source().resolve("client.jsa")).doesNotExist();
  }

  private static byte[] packed(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private static void await(BooleanSupplier condition) {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).isBefore(end);
      LockSupport.parkNanos(5_000_000);
    }
  }
}
