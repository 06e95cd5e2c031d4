package dev.lambic.sandbox;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/** The same attempts, in a sandbox of which a snapshot could be made. */
final class CheckpointableHostileTest extends HostileTest {
  @BeforeAll
  static void useSuchSandboxes() {
    maker = () -> Snapshots.create(host);
    attacker.kill();
    attacker = maker.get();
    attacker.attach(List.of(Programs.in(directory).mount()));
  }
}
