package dev.lambic.sandbox;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/** The same table, in a process that was forked into its sandbox. */
final class ForkedFilterTest extends FilterTest {
  @BeforeAll
  static void tryAllInFork() {
    Programs programs = Programs.in(directory);
    try (TestHost host = new TestHost(directory.resolve("forked"));
        Template template = host.template(programs, "calls");
        Sandbox sandbox = template.create(host.spec())) {
      sandbox.attach(List.of(programs.mount()));
      take(TestHost.fork(template, sandbox, Programs.command("calls")));
    }
  }
}
