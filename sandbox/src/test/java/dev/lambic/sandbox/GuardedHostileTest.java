package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The same attempts, by a process that was forked from a guarded template. */
final class GuardedHostileTest extends HostileTest {
  private static Template template;

  @BeforeAll
  static void makeTemplate() {
    Programs programs = Programs.in(directory);
    template = host.guarded(programs, "hostile", "serve");
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
  void hasTheStatusOfAProgramThatWasStarted() {
    String script =
        "grep -E '^(PPid|Uid|Gid|Groups|Cap|NoNew|Seccomp)' /proc/$$/status; id -u; hostname;"
            + " readlink /proc/self/ns/*| sed 's/:.*//' | sort; cat /proc/self/oom_score_adj";
    String started = TestHost.runOk(attacker, script);
    assertThat(runner.apply(attacker, TestHost.shell(script)).output()).isEqualTo(started);
    assertThat(started).contains("PPid:\t1\n").contains("Seccomp_filters:\t1\n");
  }
}
