package dev.lambic.sandbox;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/** The same table, in a process that was forked from a guarded template. */
final class GuardedFilterTest extends FilterTest {
  @BeforeAll
  static void tryAllInFork() {
    Programs programs = Programs.in(directory);
    try (TestHost host = new TestHost(directory.resolve("guarded"));
        Template template = host.guarded(programs, "calls", "serve");
        Sandbox sandbox = template.create(host.spec())) {
      sandbox.attach(List.of(programs.mount()));
      take(TestHost.fork(template, sandbox, Programs.command("calls")));
    }
  }
}
