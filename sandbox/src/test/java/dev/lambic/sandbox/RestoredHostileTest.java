package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The same attempts, by a process that was restored from a snapshot, where this host can. */
final class RestoredHostileTest extends HostileTest {
  @BeforeAll
  static void takeSnapshot() {
    Programs programs = Programs.in(directory);
    Snapshots snapshots = new Snapshots(host, programs, "hostile", directory);
    maker = snapshots::create;
    runner = snapshots::run;
    attacker.kill();
    attacker = maker.get();
    attacker.attach(List.of(programs.mount()));
  }

  @Test
  void isAGrandchildOfItsSandboxesFirstProcess() {
    TestHost.Result seen =
        runner.apply(
            attacker,
            TestHost.shell(
                "grep PPid /proc/$PPID/status; grep -E '^(NSpid|Uid|Gid|Groups)' /proc/$$/status"));
    assertThat(seen.output())
        .contains("PPid:\t1\n")
        .contains("Uid:\t993\t993\t993\t993\n")
        .contains("Gid:\t990\t990\t990\t990\n")
        .contains("Groups:\t \n")
        .containsPattern("NSpid:\t\\d+\n");
  }
}
