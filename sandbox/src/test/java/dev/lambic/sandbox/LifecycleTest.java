package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.get;
import static dev.lambic.sandbox.TestHost.kill;
import static dev.lambic.sandbox.TestHost.run;
import static dev.lambic.sandbox.TestHost.runOk;
import static dev.lambic.sandbox.TestHost.shell;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sandboxes from their making to their end. */
final class LifecycleTest {
  @TempDir static Path directory;
  private static TestHost host;

  @BeforeAll
  static void open() {
    host = new TestHost(directory);
  }

  @AfterAll
  static void close() {
    host.close();
  }

  @Test
  void runsAProgramAsTheFunctionsUser() {
    try (Sandbox sandbox = host.create()) {
      assertThat(runOk(sandbox, "id -u; id -g; id -un; hostname; pwd"))
          .isEqualTo("993\n990\nsbx_user1051\n169.254.10.21\n/\n");
    }
  }

  @Test
  void passesExactlyTheGivenEnvironmentAndDirectory() {
    try (Sandbox sandbox = host.create()) {
      Command command = new Command(List.of("/usr/bin/env"), List.of("A=1", "B=zwei ü"), "/tmp");
      assertThat(run(sandbox, command).output()).isEqualTo("A=1\nB=zwei ü\n");
      assertThat(run(sandbox, new Command(List.of("/bin/pwd"), List.of(), "/tmp")).output())
          .isEqualTo("/tmp\n");
    }
  }

  @Test
  void tellsExitCodesAndSignals() {
    try (Sandbox sandbox = host.create()) {
      assertThat(run(sandbox, "exit 0").exit()).isEqualTo(new ProcessExit(0, 0));
      assertThat(run(sandbox, "exit 42").exit()).isEqualTo(new ProcessExit(42, 0));
      assertThat(run(sandbox, "kill -SEGV $$").exit()).isEqualTo(new ProcessExit(0, 11));
    }
  }

  @Test
  void sendsSignals() {
    try (Sandbox sandbox = host.create()) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process =
          sandbox.start(
              shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"),
              output);
      TestHost.await("ready", () -> output.text().contains("ready"));
      process.signal(15);
      assertThat(get(process.exit())).isEqualTo(new ProcessExit(7, 0));
      process.drain();
      assertThat(output.text()).isEqualTo("ready\nbye\n");
      process.signal(15); // nobody there any more
    }
  }

  @Test
  void runsSeveralProgramsAtOnce() {
    try (Sandbox sandbox = host.create()) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess first = sandbox.start(shell("while [ ! -e /tmp/go ]; do :; done"), output);
      assertThat(runOk(sandbox, "touch /tmp/go; echo done")).isEqualTo("done\n");
      assertThat(get(first.exit())).isEqualTo(new ProcessExit(0, 0));
    }
  }

  @Test
  void killEndsRunningProgramsAndIsIdempotent() {
    Sandbox sandbox = host.create();
    SandboxProcess process = sandbox.start(shell("sleep 1000 & sleep 1000"), (b, n) -> {});
    sandbox.kill();
    sandbox.kill();
    assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, ProcessExit.SIGKILL));
    assertThat(sandbox.peakMemory()).isNotNegative();
    get(sandbox.gone());
    sandbox.close();
    assertThat(sandbox.memory().currentBytes()).isNotNegative();
    assertThat(sandbox.peakMemory()).isEqualTo(sandbox.memory().peakBytes());
  }

  @Test
  void clearEndsEveryProgramAndKeepsTheFiles() {
    try (Sandbox sandbox = host.create()) {
      SandboxProcess first = sandbox.start(shell("echo kept > /tmp/f; sleep 1000"), (b, n) -> {});
      // One that left its session and its parent, and one that ignores all it can.
      SandboxProcess second =
          sandbox.start(
              shell("(setsid sleep 1000 &); trap '' TERM HUP INT; touch /tmp/up; sleep 1000"),
              (b, n) -> {});
      TestHost.await("up", () -> runOk(sandbox, "ls /tmp").equals("f\nup\n"));
      sandbox.clear();
      assertThat(get(first.exit())).isEqualTo(new ProcessExit(0, ProcessExit.SIGKILL));
      assertThat(get(second.exit())).isEqualTo(new ProcessExit(0, ProcessExit.SIGKILL));
      assertThat(runOk(sandbox, "cat /tmp/f; set -- /proc/[0-9]*; echo $#"))
          .as("the file; the shell alone, for the first process is not seen")
          .isEqualTo("kept\n1\n");
      sandbox.clear();
    }
  }

  @Test
  void clearEndsAForkBomb() {
    try (Sandbox sandbox = host.create()) {
      sandbox.start(shell("f() { f | f & }; touch /tmp/up; f; wait"), (b, n) -> {});
      TestHost.await("up", () -> sandbox.memory().currentBytes() > 2 << 20);
      sandbox.clear();
      assertThat(runOk(sandbox, "set -- /proc/[0-9]*; echo $#")).isEqualTo("1\n");
    }
  }

  @Test
  void clearEndsFrozenPrograms() {
    try (Sandbox sandbox = host.create()) {
      SandboxProcess process = sandbox.start(shell("sleep 1000"), (b, n) -> {});
      sandbox.freeze();
      sandbox.clear();
      assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, ProcessExit.SIGKILL));
      assertThat(runOk(sandbox, "echo on")).isEqualTo("on\n");
    }
  }

  @Test
  void deadSandboxAnswersDead() {
    Sandbox sandbox = host.create();
    kill(sandbox);
    assertDead(() -> sandbox.start(shell("true"), (b, n) -> {}));
    assertDead(() -> sandbox.listen(9001));
    assertDead(() -> sandbox.attach(List.of(new ReadOnlyMount(Path.of("/usr"), "/opt"))));
    assertDead(sandbox::freeze);
    assertDead(sandbox::thaw);
    assertDead(sandbox::clear);
    assertDead(() -> sandbox.limit(TestHost.LIMITS));
    assertDead(sandbox::resetMemoryPeak);
  }

  private static void assertDead(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            SandboxException.class, e -> assertThat(e.step()).isEqualTo(SandboxException.DEAD));
  }

  @Test
  void programThatCannotBeExecutedSaysWhyAndEndsTheSandbox() {
    assertStartFails("/nowhere/bootstrap", "/", SandboxException.EXEC, Errno.ENOENT);
    assertStartFails("/etc/passwd", "/", SandboxException.EXEC, 13);
    assertStartFails("/bin/true", "/nowhere", SandboxException.CHDIR, Errno.ENOENT);
  }

  private static void assertStartFails(String program, String cwd, String step, int errno) {
    Sandbox sandbox = host.create();
    Command command = new Command(List.of(program), List.of(), cwd);
    assertThatThrownBy(() -> sandbox.start(command, (b, n) -> {}))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> {
              assertThat(e.step()).isEqualTo(step);
              assertThat(e.errno()).isEqualTo(errno);
              assertThat(e.path()).isEqualTo(step.equals(SandboxException.EXEC) ? program : cwd);
            });
    get(sandbox.gone());
    assertDead(() -> sandbox.listen(9001));
  }

  @Test
  void refusesAnEnvironmentThatIsTooLarge() {
    Sandbox sandbox = host.create();
    Command command =
        new Command(List.of("/bin/true"), List.of("A=" + "x".repeat(Message.MAX_BYTES)), "/");
    assertThatThrownBy(() -> sandbox.start(command, (b, n) -> {}))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("argument list too long");
    get(sandbox.gone());
  }

  @Test
  void takesALargeEnvironment() {
    try (Sandbox sandbox = host.create()) {
      Command command =
          new Command(
              List.of("/bin/sh", "-c", "echo ${#A}"), List.of("A=" + "x".repeat(120_000)), "/");
      assertThat(run(sandbox, command).output()).isEqualTo("120000\n");
    }
  }

  @Test
  void makesManyAtOnce() throws Exception {
    int count = 30;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<String>> tasks =
          IntStream.range(0, count).<Callable<String>>mapToObj(i -> () -> liveOnce(i)).toList();
      List<Future<String>> results = threads.invokeAll(tasks);
      for (int i = 0; i < count; i++) {
        assertThat(results.get(i).get()).isEqualTo(i + "\n");
      }
    }
  }

  private static String liveOnce(int number) {
    Sandbox sandbox = host.create();
    String output = runOk(sandbox, "echo " + number);
    kill(sandbox);
    return output;
  }

  @Test
  void refusesANameInUse() {
    SandboxSpec spec = host.spec();
    Sandbox sandbox = host.sandboxes.create(spec);
    assertThatThrownBy(() -> host.sandboxes.create(spec))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("file exists");
    assertThat(runOk(sandbox, "echo alive")).isEqualTo("alive\n");
    kill(sandbox);
    kill(host.sandboxes.create(spec));
  }

  @Test
  void listensOnTheSandboxsOwnLoopback() throws IOException {
    try (Sandbox sandbox = host.create();
        Sandbox other = host.create();
        ServerSocketChannel channel = sandbox.listen(9001);
        ServerSocketChannel same = other.listen(9001)) {
      assertThat(same.getLocalAddress()).isEqualTo(channel.getLocalAddress());
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process =
          sandbox.start(
              new Command(
                  List.of(
                      "/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9001; echo hi >&3; cat <&3"),
                  TestHost.ENVIRONMENT,
                  "/"),
              output);
      try (SocketChannel connection = channel.accept()) {
        java.nio.ByteBuffer said = java.nio.ByteBuffer.allocate(3);
        while (said.hasRemaining() && connection.read(said) >= 0) {}
        connection.write(java.nio.ByteBuffer.wrap("hello back".getBytes(StandardCharsets.UTF_8)));
      }
      assertThat(get(process.exit())).isEqualTo(new ProcessExit(0, 0));
      process.drain();
      assertThat(output.text()).isEqualTo("hello back");
    }
  }

  @Test
  void connectsToWhoeverListensInside() throws IOException {
    Duration limit = Duration.ofSeconds(30);
    try (Sandbox sandbox = host.create();
        Sandbox other = host.create();
        ServerSocketChannel listener = sandbox.listen(8080);
        SocketChannel connection = sandbox.connect(8080, limit);
        SocketChannel accepted = listener.accept()) {
      assertThat(accepted.getRemoteAddress()).isEqualTo(connection.getLocalAddress());
      assertThatThrownBy(() -> other.connect(8080, limit)).isInstanceOf(ConnectException.class);
      assertThat(runOk(other, "getent hosts sandbox.localdomain; getent hosts sandbox"))
          .contains("127.0.0.1")
          .doesNotContain("169.254");
    }
  }

  @Test
  void closesConnectionsWithTheSandbox() throws IOException {
    Sandbox sandbox = host.create();
    ServerSocketChannel listener = sandbox.listen(8080);
    SocketChannel connection = sandbox.connect(8080, Duration.ofSeconds(30));
    sandbox.kill();
    assertThat(connection.isOpen()).isFalse();
    assertThat(listener.isOpen()).isFalse();
    get(sandbox.gone());
    assertDead(() -> {
      try {
        sandbox.connect(8080, Duration.ofSeconds(30));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
  }

  @Test
  void closesChannelsWithTheSandbox() {
    Sandbox sandbox = host.create();
    ServerSocketChannel channel = sandbox.listen(9001);
    sandbox.kill();
    assertThat(channel.isOpen()).isFalse();
    get(sandbox.gone());
  }

  @Test
  void secondServerOnTheSameDirectoryIsRefused() {
    assertThatThrownBy(() -> LinuxSandboxes.open(host.config, (where, fault) -> {}))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("another server");
  }

  @Test
  void tmpDoesNotCountAsMemoryHere() {
    assertThat(host.sandboxes.tmpInMemory()).isEmpty();
  }
}
