package dev.lambic.server;

import dev.lambic.sandbox.Guarantee;
import dev.lambic.sandbox.HostProbe;
import dev.lambic.sandbox.HostReport;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/** Tells what this host can isolate and limit. */
final class Doctor {
  private Doctor() {}

  /**
   * Looks and prints.
   *
   * @return whether functions can be run here
   */
  static boolean print(PrintStream out) {
    HostReport report = probe();
    out.println("Isolation:");
    for (Guarantee guarantee : report.guarantees()) {
      String state = guarantee.holds() ? "ok" : guarantee.required() ? "missing" : "weaker";
      out.printf("  %-8s %-20s %s%n", state, guarantee.name(), guarantee.detail());
      if (!guarantee.fix().isEmpty()) {
        out.println("           to mend it: " + guarantee.fix());
      }
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
