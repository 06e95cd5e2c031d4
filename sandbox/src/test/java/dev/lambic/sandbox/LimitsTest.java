package dev.lambic.sandbox;

import static dev.lambic.sandbox.TestHost.run;
import static dev.lambic.sandbox.TestHost.runOk;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits that a function runs into, and what happens then. */
final class LimitsTest {
  private static final long MB = 1L << 20;

  @TempDir static Path directory;
  private static TestHost host;
  private static Programs programs;

  @BeforeAll
  static void open() {
    programs = new Programs(directory);
    host = new TestHost(directory);
  }

  @AfterAll
  static void close() {
    host.close();
  }

  private static Sandbox create(long memoryBytes, int processes) {
    Sandbox sandbox = host.create(new Limits(memoryBytes, 0, processes));
    sandbox.attach(List.of(programs.mount()));
    return sandbox;
  }

  @Test
  void programBeyondItsMemoryIsKilledAndCounted() {
    try (Sandbox greedy = create(128 * MB, 100);
        Sandbox other = create(128 * MB, 100)) {
      assertThat(greedy.memory().oomKills()).isZero();
      assertThat(run(greedy, Programs.command("memory", "100")).exit().code()).isZero();
      assertThat(run(greedy, Programs.command("memory", "200")).exit())
          .isEqualTo(new ProcessExit(0, ProcessExit.SIGKILL));
      assertThat(greedy.memory().oomKills()).isEqualTo(1);
      assertThat(other.memory().oomKills()).isZero();
      assertThat(runOk(other, "echo alive")).isEqualTo("alive\n");
      assertThat(runOk(greedy, "echo alive")).isEqualTo("alive\n");
    }
  }

  @Test
  void peakIsTheMostSinceItWasReset() {
    try (Sandbox sandbox = create(128 * MB, 100)) {
      run(sandbox, Programs.command("memory", "60"));
      assertThat(sandbox.memory().peakBytes()).isBetween(60 * MB, 90 * MB);
      assertThat(sandbox.peakMemory()).isBetween(60 * MB, 90 * MB);
      run(sandbox, Programs.command("memory", "90"));
      assertThat(sandbox.peakMemory()).isBetween(90 * MB, 120 * MB);
      sandbox.resetMemoryPeak();
      boolean reset = group(sandbox).resetMemoryPeak();
      run(sandbox, Programs.command("memory", "10"));
      assertThat(sandbox.memory().peakBytes())
          .isBetween((reset ? 10 : 90) * MB, (reset ? 40 : 120) * MB);
      assertThat(sandbox.peakMemory()).isBetween((reset ? 10 : 90) * MB, (reset ? 40 : 120) * MB);
      assertThat(sandbox.memory().currentBytes()).isLessThan(40 * MB);
    }
  }

  @Test
  void limitIsRaisedWhileAProgramRuns() {
    try (Sandbox sandbox = create(64 * MB, 100)) {
      assertThat(run(sandbox, Programs.command("memory", "100")).exit().signal()).isEqualTo(9);
      sandbox.limit(new Limits(256 * MB, 0, 100));
      assertThat(run(sandbox, Programs.command("memory", "200")).exit().code()).isZero();
    }
  }

  @Test
  void limitBelowWhatIsInUseIsRefusedAndNothingHappens() {
    try (Sandbox sandbox = create(128 * MB, 100)) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess process = sandbox.start(Programs.command("memory", "80", "hold"), output);
      TestHost.await("touched", () -> output.text().startsWith("touched"));
      assertThatThrownBy(() -> sandbox.limit(new Limits(40 * MB, 0, 100)))
          .isInstanceOfSatisfying(
              SandboxException.class,
              e -> assertThat(e.step()).isEqualTo(SandboxException.LIMIT_BELOW_USAGE));
      assertThat(process.exit()).isNotDone();
      assertThat(runOk(sandbox, "echo alive")).isEqualTo("alive\n");
    }
  }

  @Test
  void fewerProcessesThanThereAreIsRefused() {
    try (Sandbox sandbox = create(128 * MB, 100)) {
      sandbox.start(TestHost.shell("sleep 1000 & sleep 1000 & echo x; wait"), (b, n) -> {});
      TestHost.await("three", () -> runOk(sandbox, "ps -e | grep -c slee[p]").equals("2\n"));
      assertThatThrownBy(() -> sandbox.limit(new Limits(128 * MB, 0, 2)))
          .isInstanceOfSatisfying(
              SandboxException.class,
              e -> assertThat(e.step()).isEqualTo(SandboxException.LIMIT_BELOW_USAGE));
      sandbox.limit(new Limits(128 * MB, 0, 3));
    }
  }

  @Test
  void forkBombIsContained() {
    try (Sandbox bomb = create(128 * MB, 50);
        Sandbox other = create(128 * MB, 50)) {
      bomb.start(TestHost.shell("bomb() { bomb | bomb & }; bomb; sleep 1000"), (b, n) -> {});
      Path pids = cgroupFile(bomb, "pids", "pids.events");
      TestHost.await(
          "limit reached", () -> KernelFile.readNumber("test", pids.toString(), "max") > 0);
      assertThat(runOk(other, "echo alive")).isEqualTo("alive\n");
      TestHost.kill(bomb);
    }
  }

  private static Cgroup group(Sandbox sandbox) {
    return CgroupDriver.open(host.config.instance()).find(sandbox.name());
  }

  @Test
  void manyBusyProcessesEndThoughTheyHaveHardlyAnyProcessorTime() {
    Sandbox sandbox = create(512 * MB, 1000);
    TestHost.Output output = new TestHost.Output();
    sandbox.start(
        TestHost.shell(
            "mkfifo /tmp/go; i=0; while [ $i -lt 900 ]; do"
                + " (: </tmp/go; while :; do :; done) & i=$((i+1)); done;"
                + " exec 3>/tmp/go; echo busy; wait"),
        output);
    TestHost.await("busy", () -> output.text().equals("busy\n"));
    sandbox.limit(new Limits(512 * MB, 0.05, 1000));
    Path stat = cgroupFile(sandbox, "cpu", "cpu.stat");
    TestHost.await(
        "throttled", () -> KernelFile.readNumber("test", stat.toString(), "nr_throttled") >= 5);
    TestHost.kill(sandbox);
  }

  /** A file of the sandbox's group, on either version. */
  private static Path cgroupFile(Sandbox sandbox, String controller, String file) {
    return CgroupMount.all().stream()
        .filter(mount -> mount.controllers().isEmpty() || mount.controls(controller))
        .map(mount -> Path.of(mount.path(), "lambic-" + host.config.instance(), sandbox.name()))
        .map(group -> group.resolve(file))
        .filter(path -> path.toFile().exists())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void processesAreLimited() {
    try (Sandbox sandbox = create(128 * MB, 10)) {
      String output =
          run(sandbox, "i=0; while [ $i -lt 20 ]; do sleep 5 & i=$((i+1)); done; echo started")
              .output();
      assertThat(output).contains("Cannot fork");
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {512, 600, 1024, 10_240})
  void tmpIsFullNearItsSize(long megabytes) {
    SandboxSpec spec = host.spec(TestHost.LIMITS, megabytes * MB);
    try (Sandbox sandbox = host.sandboxes.create(spec)) {
      long available =
          Long.parseLong(runOk(sandbox, "df --output=avail -B1 /tmp | tail -1").strip());
      assertThat(available).isBetween(megabytes * MB, megabytes * MB * 102 / 100 + 2 * MB);
    }
  }

  @Test
  void tmpTakesItsSizeAndThenSaysNoSpace() {
    try (Sandbox sandbox = create(64 * MB, 100)) {
      String output =
          run(sandbox, "dd if=/dev/zero of=/tmp/fill bs=1M count=600 2>&1; stat -c %s /tmp/fill")
              .output();
      assertThat(output).contains("No space left on device");
      long written = Long.parseLong(output.lines().reduce((a, b) -> b).orElseThrow());
      assertThat(written).isBetween(500 * MB, 530 * MB);
      assertThat(sandbox.memory().oomKills()).isZero();
      assertThat(runOk(sandbox, "rm /tmp/fill; echo x >/tmp/x; cat /tmp/x")).isEqualTo("x\n");
    }
  }

  @Test
  void tmpLargerThanTheDiskIsRefused() {
    SandboxSpec spec = host.spec(TestHost.LIMITS, directory.toFile().getUsableSpace());
    assertThatThrownBy(() -> host.sandboxes.create(spec))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("no space left");
  }

  @Test
  void processorTimeIsLimited() {
    try (Sandbox sandbox = host.create(new Limits(128 * MB, 0.1, 100))) {
      TestHost.Output output = new TestHost.Output();
      sandbox.start(TestHost.shell("while :; do :; done"), output);
      Path stat = cgroupFile(sandbox, "cpu", "cpu.stat");
      TestHost.await(
          "throttled", () -> KernelFile.readNumber("test", stat.toString(), "nr_throttled") >= 5);
    }
  }

  @Test
  void coreDumpsAreOff() {
    try (Sandbox sandbox = create(128 * MB, 100)) {
      assertThat(runOk(sandbox, "ulimit -c; ulimit -n; ulimit -Hn; ulimit -Hc"))
          .isEqualTo("0\n1024\n1024\n0\n");
    }
  }
}
