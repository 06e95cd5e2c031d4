package dev.lambic.sandbox;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * The same attempts, by a process that an interpreter has forked by its own means, as Ruby does.
 */
final class OwnForkHostileTest extends HostileTest {
  private static Template template;

  @BeforeAll
  static void makeTemplate() {
    Programs programs = Programs.in(directory);
    template = host.template(programs, Programs.command("hostile", "serve-by-own-fork"));
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
}
