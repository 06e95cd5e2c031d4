package dev.lambic.server;

import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.Criu;
import dev.lambic.sandbox.Guarantee;
import dev.lambic.sandbox.HostProbe;
import dev.lambic.sandbox.HostReport;
import dev.lambic.sandbox.LinuxSandboxes;
import dev.lambic.sandbox.SandboxConfig;
import dev.lambic.sandbox.SnapshotProbe;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;

/** Tells what this host can isolate and limit. */
final class Doctor {
  private static final String SNAPSHOTS = "snapshots";

  private Doctor() {}

  /**
   * Looks and prints.
   *
   * @param cache where {@code ./lambic} keeps what it fetched, if there is such a place
   * @return whether functions can be run here
   */
  static boolean print(PrintStream out, Optional<Path> cache) {
    HostReport report = probe();
    out.println("Isolation:");
    for (Guarantee guarantee : report.guarantees()) {
      String state = guarantee.holds() ? "ok" : guarantee.required() ? "missing" : "weaker";
      out.printf("  %-8s %-20s %s%n", state, guarantee.name(), guarantee.detail());
      if (!guarantee.fix().isEmpty()) {
        out.println("           to mend it: " + guarantee.fix());
      }
    }
    if (report.usable()) {
      printSnapshots(out, cache);
    }
    if (report.complete()) {
      out.println("Every guarantee holds.");
    } else if (report.usable()) {
      out.println("Functions run here, with the weaker guarantees named above.");
    } else {
      out.println("Functions cannot be run here before what is missing is mended.");
    }
    return report.usable();
  }

  /** Whether there can be snapshots, found out by making one; functions run without as well. */
  private static void printSnapshots(PrintStream out, Optional<Path> cache) {
    Optional<Path> criu = Criu.find(cache);
    if (criu.isEmpty()) {
      out.printf("  %-8s %-20s %s%n", "optional", SNAPSHOTS, "./lambic install criu");
      return;
    }
    SnapshotProbe.Result result = tryOut(criu.get());
    out.printf(
        "  %-8s %-20s %s%n",
        result.works() ? "ok" : "without",
        SNAPSHOTS,
        result.works() ? "criu in " + criu.get() : result.why());
  }

  private static SnapshotProbe.Result tryOut(Path criu) {
    try {
      Path scratch = Files.createTempDirectory("lambic-doctor");
      Path work = scratch.resolve("sandbox");
      try (LinuxSandboxes sandboxes =
          LinuxSandboxes.open(SandboxConfig.of(work), (where, fault) -> {})) {
        return SnapshotProbe.run(sandboxes, Criu.prepare(criu, work), work);
      } catch (LambicException e) {
        return new SnapshotProbe.Result(false, String.valueOf(e.getMessage()));
      } finally {
        delete(scratch);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static HostReport probe() {
    try {
      Path scratch = Files.createTempDirectory("lambic-doctor");
      try {
        return HostProbe.probe(scratch);
      } finally {
        delete(scratch);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
