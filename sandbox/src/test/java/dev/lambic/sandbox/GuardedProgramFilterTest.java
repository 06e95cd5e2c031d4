package dev.lambic.sandbox;

import org.junit.jupiter.api.BeforeAll;

/** The same table, in the program of a guarded template itself. */
final class GuardedProgramFilterTest extends FilterTest {
  @BeforeAll
  static void tryAllInTemplate() {
    Programs programs = Programs.in(directory);
    try (TestHost host = new TestHost(directory.resolve("guarded"));
        Template template = host.guarded(programs, "calls", "serve")) {
      TestHost.Output output = new TestHost.Output();
      SandboxProcess program = template.start(Programs.command("calls"), output);
      ProcessExit exit = TestHost.get(program.exit());
      program.drain();
      take(new TestHost.Result(exit, output.text()));
    }
  }
}
