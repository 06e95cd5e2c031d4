package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** The real sandboxes of this machine, for the tests of one class; any fault fails them. */
final class TestHost implements AutoCloseable {
  static final Limits LIMITS = new Limits(128L << 20, 0, 100);
  static final long TMP = 512L << 20;
  static final List<String> ENVIRONMENT = List.of("PATH=/usr/bin:/bin", "HOME=/tmp");

  private static final int SECONDS = 30;

  final LinuxSandboxes sandboxes;
  final SandboxConfig config;
  final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private final AtomicInteger names = new AtomicInteger();

  TestHost(Path directory) {
    config = SandboxConfig.of(directory.resolve("sandboxes"));
    sandboxes = LinuxSandboxes.open(config, (where, fault) -> faults.add(where + ": " + fault));
  }

  SandboxSpec spec() {
    return spec(LIMITS, TMP);
  }

  SandboxSpec spec(Limits limits, long tmpBytes) {
    return new SandboxSpec("test-" + names.incrementAndGet(), limits, tmpBytes, "169.254.10.21");
  }

  Sandbox create() {
    return sandboxes.create(spec());
  }

  Sandbox create(Limits limits) {
    return sandboxes.create(spec(limits, TMP));
  }

  static Command shell(String script) {
    return new Command(List.of("/bin/sh", "-c", script), ENVIRONMENT, "/");
  }

  /** How a program ended and what it wrote. */
  record Result(ProcessExit exit, String output) {}

  /** Runs a shell script to its end. */
  static Result run(Sandbox sandbox, String script) {
    return run(sandbox, shell(script));
  }

  static Result run(Sandbox sandbox, Command command) {
    Output output = new Output();
    SandboxProcess process = sandbox.start(command, output);
    ProcessExit exit = get(process.exit());
    process.drain();
    return new Result(exit, output.text());
  }

  /** A template that a program of the tests serves forks in. */
  Template template(Programs programs, String program) {
    return template(programs, Programs.command(program, "serve"));
  }

  Template template(Programs programs, Command serving) {
    Template template = sandboxes.template(spec());
    template.sandbox().attach(List.of(programs.mount()));
    template.start(serving, (b, n) -> {});
    return template;
  }

  /** The same, whose program may be hostile. */
  Template guarded(Programs programs, String program, String... arguments) {
    Template template = sandboxes.guardedTemplate(spec());
    template.sandbox().attach(List.of(programs.mount()));
    template.start(Programs.command(program, arguments), (b, n) -> {});
    return template;
  }

  /** Does in a fork, until that ends, what the command would do. */
  static Result fork(Template template, Sandbox into, Command command) {
    Output output = new Output();
    SandboxProcess process = template.fork(into, String.join("\u001f", command.argv()), output);
    ProcessExit exit = get(process.exit());
    process.drain();
    return new Result(exit, output.text());
  }

  /** Runs a shell script that has to succeed. */
  static String runOk(Sandbox sandbox, String script) {
    Result result = run(sandbox, script);
    assertThat(result.exit()).as(result.output()).isEqualTo(new ProcessExit(0, 0));
    return result.output();
  }

  static <T> T get(java.util.concurrent.CompletableFuture<T> future) {
    try {
      return future.get(SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  static void kill(Sandbox sandbox) {
    sandbox.kill();
    get(sandbox.gone());
  }

  /** Polls until the condition holds, for a bounded time. */
  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting: " + what).isLessThan(deadline);
      Thread.onSpinWait();
      java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void close() {
    sandboxes.close();
    assertThat(faults).isEmpty();
  }

  /** Collects what a process writes. */
  static final class Output implements OutputListener {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public synchronized void output(byte[] data, int length) {
      bytes.write(data, 0, length);
    }

    synchronized String text() {
      return bytes.toString(StandardCharsets.UTF_8);
    }

    /** What came after so many bytes. */
    synchronized String textFrom(int first) {
      byte[] all = bytes.toByteArray();
      return new String(all, first, all.length - first, StandardCharsets.UTF_8);
    }

    synchronized int size() {
      return bytes.size();
    }
  }
}
