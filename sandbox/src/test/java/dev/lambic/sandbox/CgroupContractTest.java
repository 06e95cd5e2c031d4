package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What both versions of control groups have to do alike, tried on the version that this machine
 * has; test-cgroup2.sh runs it on version 2.
 */
final class CgroupContractTest {
  private static final long MB = 1L << 20;
  private static final Limits LIMITS = new Limits(64 * MB, 0.5, 20);

  @TempDir Path directory;
  private CgroupDriver driver;
  private Cgroup group;

  @BeforeEach
  void create() {
    driver = CgroupDriver.open("contract");
    group = driver.create("one", LIMITS);
  }

  @AfterEach
  void remove() {
    group.killAll();
    TestHost.await("removed", group::remove);
    driver.removeBase();
  }

  /** A process of this machine inside the group, which runs until it is killed. */
  private Process enter(String script) throws IOException {
    return enter(group, script);
  }

  private static Process enter(Cgroup group, String script) throws IOException {
    String joins =
        group.joinPaths().stream()
            .map(path -> path.endsWith("/tasks") ? path : path + "/cgroup.procs")
            .map(path -> "echo 0 >" + path + "; ")
            .reduce("", String::concat);
    return new ProcessBuilder("/bin/sh", "-c", joins + script).start();
  }

  @Test
  void namesWhatExists() {
    assertThat(driver.names()).containsExactly("one");
    Cgroup two = driver.create("two", LIMITS);
    assertThat(driver.names()).containsExactlyInAnyOrder("one", "two");
    assertThat(two.remove()).isTrue();
    assertThat(two.remove()).as("again").isTrue();
    assertThat(driver.find("nowhere").processes()).isEmpty();
  }

  @Test
  void killAllEndsProcessesAndThenTheGroupCanBeRemoved() throws Exception {
    Process process = enter("sleep 1000 & sleep 1000");
    TestHost.await("entered", () -> group.processes().size() == 3);
    assertThat(group.remove()).isFalse();
    group.killAll();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    TestHost.await("removed", group::remove);
  }

  @Test
  void frozenProcessesStandStillGoOnAndCanBeKilled() throws Exception {
    Path ticks = directory.resolve("ticks");
    Process process = enter("while :; do echo >>" + ticks + "; sleep 0.001; done");
    TestHost.await("ticking", () -> size(ticks) > 10);
    group.freeze();
    long before = size(ticks);
    for (int i = 0; i < 20; i++) {
      assertThat(new ProcessBuilder("/bin/true").start().waitFor()).isZero();
    }
    assertThat(size(ticks)).isEqualTo(before);
    group.thaw();
    TestHost.await("ticking again", () -> size(ticks) > before + 10);
    group.freeze();
    group.killAll();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void allGroupsTogetherAreLimitedToo() throws Exception {
    Cgroup two = driver.create("two", LIMITS);
    try {
      driver.limitTogether(48 * MB, 5);
      Process first = enter("sleep 1000 & sleep 1000 & sleep 1000 & wait");
      TestHost.await("four", () -> group.processes().size() == 4);
      Process second = enter(two, "sleep 1000 & wait");
      assertThat(second.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(second.exitValue()).as("cannot fork").isNotZero();
      assertThat(first.isAlive()).isTrue();
      group.killAll();
      assertThat(first.waitFor(30, TimeUnit.SECONDS)).isTrue();
      Programs programs = new Programs(directory);
      Process tooMuch = enter(two, "exec " + programs.path("memory") + " 60");
      assertThat(tooMuch.waitFor()).as("within its own limit").isEqualTo(128 + ProcessExit.SIGKILL);
    } finally {
      two.killAll();
      TestHost.await("removed", two::remove);
    }
  }

  private static long size(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  @Test
  void memoryIsLimitedMeasuredAndItsKillsAreCounted() throws Exception {
    Programs programs = new Programs(directory);
    Process fits = enter("exec " + programs.path("memory") + " 30");
    assertThat(fits.waitFor()).isZero();
    assertThat(group.memory().peakBytes()).isBetween(30 * MB, 64 * MB);
    assertThat(group.memory().oomKills()).isZero();
    Process tooMuch = enter("exec " + programs.path("memory") + " 100");
    assertThat(tooMuch.waitFor()).isEqualTo(128 + ProcessExit.SIGKILL);
    assertThat(group.memory().oomKills()).isEqualTo(1);
    assertThat(group.memory().currentBytes()).isLessThan(64 * MB);
    group.resetMemoryPeak();
    assertThat(group.memory().peakBytes()).isPositive();
  }

  @Test
  void limitIsRaisedAndLowered() {
    group.limit(new Limits(256 * MB, 2, 100));
    group.limit(new Limits(512 * MB, 0, 100));
    group.limit(new Limits(64 * MB, 0.001, 20));
  }

  @Test
  void limitBelowUsageIsRefusedAndTheProcessesLive() throws Exception {
    Programs programs = new Programs(directory);
    Process process = enter("exec " + programs.path("memory") + " 40 hold");
    TestHost.await("touched", () -> group.memory().currentBytes() > 40 * MB);
    assertThatThrownBy(() -> group.limit(new Limits(20 * MB, 0, 20)))
        .isInstanceOfSatisfying(
            SandboxException.class,
            e -> assertThat(e.step()).isEqualTo(SandboxException.LIMIT_BELOW_USAGE));
    assertThat(process.isAlive()).isTrue();
    assertThat(group.memory().oomKills()).isZero();
    process.destroyForcibly();
  }

  @Test
  void processesAreLimited() throws Exception {
    group.limit(new Limits(64 * MB, 0, 3));
    Process process = enter("sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000 & wait");
    TestHost.await("as many as may be", () -> group.processes().size() == 4 || !process.isAlive());
    assertThat(group.processes()).hasSizeLessThanOrEqualTo(4);
    assertThat(List.of(1, 2)).contains(group.version());
  }
}
