package dev.lambic.acceptance;

/** Whether this host makes snapshots, and the tests let it. */
final class SnapshotSupport {
  private SnapshotSupport() {}

  /** What {@code ./lambic doctor} says. */
  static boolean isThere() {
    boolean wanted = !Places.without().orElse("").contains("snapshots");
    String doctor = RunningLambic.command("doctor").run(Places.root()).output();
    return wanted && doctor.lines().anyMatch(line -> line.matches(" +ok +snapshots .*"));
  }
}
