package dev.lambic.sandbox;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/** The same table, in a process that was restored from a snapshot, where this host can. */
final class RestoredFilterTest extends FilterTest {
  @BeforeAll
  static void tryAllInCopy() {
    Programs programs = Programs.in(directory);
    try (TestHost host = new TestHost(directory.resolve("restored"));
        Sandbox sandbox = Snapshots.create(host)) {
      Snapshots snapshots = new Snapshots(host, programs, "calls", directory);
      sandbox.attach(List.of(programs.mount()));
      take(snapshots.run(sandbox, Programs.command("calls")));
    }
  }
}
