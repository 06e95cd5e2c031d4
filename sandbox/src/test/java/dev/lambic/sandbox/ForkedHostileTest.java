package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The same attempts, by a process that was forked into its sandbox. */
final class ForkedHostileTest extends HostileTest {
  private static Template template;

  @BeforeAll
  static void makeTemplate() {
    Programs programs = Programs.in(directory);
    template = host.template(programs, "hostile");
    maker = () -> template.create(host.spec());
    runner = (sandbox, command) -> TestHost.fork(template, sandbox, command);
    attacker.kill();
    attacker = maker.get();
    attacker.attach(List.of(programs.mount()));
  }

  @AfterAll
  static void closeTemplate() {
    template.close();
  }

  @Test
  void isAChildOfItsSandboxesFirstProcess() {
    assertThat(
            runner
                .apply(
                    attacker,
                    TestHost.shell("grep -E '^(PPid|NSpid|Uid|Gid|Groups)' /proc/$$/status"))
                .output())
        .contains("PPid:\t1\n")
        .contains("Uid:\t993\t993\t993\t993\n")
        .contains("Gid:\t990\t990\t990\t990\n")
        .contains("Groups:\t \n")
        .containsPattern("NSpid:\t\\d+\n");
  }
}
