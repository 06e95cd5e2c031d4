package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.get;
import static dev.lambic.sandbox.TestHost.runOk;
import static dev.lambic.sandbox.TestHost.shell;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher or the server is killed in the middle of its work. */
final class CrashTest {
  @TempDir static Path directory;

  private static void killLauncher(TestHost host) {
    long pid = Remains.launcher(ProcessHandle.current(), host.config);
    assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();
  }

  @Test
  void sandboxesEndWithTheirLauncherAndTheNextOneIsMadeByANewOne() {
    try (TestHost host = new TestHost(directory.resolve("launcher"))) {
      Sandbox running = host.create();
      Sandbox frozen = host.create();
      running.listen(9001);
      SandboxProcess process = running.start(shell("sleep 1000"), (b, n) -> {});
      SandboxProcess stopped = frozen.start(shell("sleep 1000"), (b, n) -> {});
      frozen.freeze();
      killLauncher(host);
      assertThat(get(process.exit()).signal()).isEqualTo(ProcessExit.SIGKILL);
      assertThat(get(stopped.exit()).signal()).isEqualTo(ProcessExit.SIGKILL);
      get(running.gone());
      get(frozen.gone());
      assertThat(CgroupDriver.open(host.config.instance()).names()).isEmpty();
      assertThatThrownBy(() -> running.start(shell("true"), (b, n) -> {}))
          .isInstanceOf(SandboxException.class);
      TestHost.await("new launcher", () -> createdAgain(host));
    }
  }

  /** The loss may be noticed only by the first to ask. */
  private static boolean createdAgain(TestHost host) {
    try (Sandbox sandbox = host.create()) {
      return runOk(sandbox, "echo again").equals("again\n");
    } catch (SandboxException e) {
      return false;
    }
  }

  @Test
  void callsUnderWayFailWhenTheLauncherIsKilled() throws InterruptedException {
    try (TestHost host = new TestHost(directory.resolve("under-way"))) {
      host.create().kill();
      List<Thread> threads = new ArrayList<>();
      List<Sandbox> made = java.util.Collections.synchronizedList(new ArrayList<>());
      for (int i = 0; i < 20; i++) {
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    made.add(host.create());
                  } catch (SandboxException e) {
                    // Expected of those that the launcher did not get to.
                  }
                }));
      }
      killLauncher(host);
      for (Thread thread : threads) {
        assertThat(thread.join(java.time.Duration.ofSeconds(30))).isTrue();
      }
      made.forEach(Sandbox::kill);
      TestHost.await("all gone", () -> CgroupDriver.open(host.config.instance()).names().isEmpty());
    }
  }

  /** A server that makes sandboxes, says so, and waits for its end. */
  static final class Server {
    private Server() {}

    public static void main(String[] arguments) throws IOException {
      LinuxSandboxes sandboxes =
          LinuxSandboxes.open(
              SandboxConfig.of(Path.of(arguments[0])),
              (where, fault) -> System.out.println("fault " + where + fault));
      for (int i = 0; i < 4; i++) {
        Sandbox sandbox =
            sandboxes.create(
                new SandboxSpec("crash-" + i, TestHost.LIMITS, TestHost.TMP, "localhost"));
        sandbox.listen(9001);
        sandbox.start(shell("sleep 1000 & sleep 1000"), (b, n) -> {});
        if (i % 2 == 1) {
          sandbox.freeze();
        }
      }
      System.out.println("ready");
      assertThat(System.in.read()).isEqualTo(-1);
    }
  }

  @Test
  void nothingSurvivesAKilledServer() throws Exception {
    SandboxConfig config = SandboxConfig.of(directory.resolve("server"));
    Process server =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Server.class.getName(),
                config.workDirectory().toString())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(output.readLine()).isEqualTo("ready");
    }
    CgroupDriver groups = CgroupDriver.open(config.instance());
    assertThat(groups.names()).hasSize(4);
    assertThat(Remains.processes(groups)).hasSizeGreaterThanOrEqualTo(12);
    ProcessHandle launcher =
        ProcessHandle.of(Remains.launcher(server.toHandle(), config)).orElseThrow();

    assertThat(server.destroyForcibly().waitFor(30, TimeUnit.SECONDS)).isTrue();

    TestHost.await("launcher ended", () -> !launcher.isAlive());
    TestHost.await("processes ended", () -> Remains.processes(groups).isEmpty());
    TestHost.await("loops freed", () -> Remains.loops(config) == 0);
    assertThat(groups.names()).as("only empty groups are left").hasSize(4);
    List<String> faults = new ArrayList<>();
    try (LinuxSandboxes next = LinuxSandboxes.open(config, (where, fault) -> faults.add(where))) {
      assertThat(groups.names()).isEmpty();
      SandboxSpec spec = new SandboxSpec("crash-0", TestHost.LIMITS, TestHost.TMP, "localhost");
      assertThat(runOk(next.create(spec), "echo next")).isEqualTo("next\n");
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void nextServerEndsWhatAKilledLauncherAndServerLeftFrozen() {
    SandboxConfig config = SandboxConfig.of(directory.resolve("both"));
    CgroupDriver groups = CgroupDriver.open(config.instance());
    Cgroup group = groups.create("left", TestHost.LIMITS);
    try {
      Process process = new ProcessBuilder("sleep", "1000").start();
      for (String path : group.joinPaths()) {
        String file = path.endsWith("/tasks") ? path : path + "/cgroup.procs";
        KernelFile.write("test", file, Long.toString(process.pid()));
      }
      group.freeze();
      try (LinuxSandboxes next = LinuxSandboxes.open(config, (where, fault) -> {})) {
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(groups.names()).isEmpty();
        assertThat(next.tmpInMemory()).isEmpty();
      }
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
