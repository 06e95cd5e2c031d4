package dev.lambic.server;

import dev.lambic.functions.RuntimeNames;
import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.Bootstraps;
import dev.lambic.runtime.JavaRuntimes;
import dev.lambic.runtime.RuntimeCatalog;
import dev.lambic.runtime.RuntimeTarget;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;

/** Tells what runs each of AWS's runtimes on this host. */
final class RuntimeList {
  private static final String LINE = "%-16s %-8s %s%n";

  private RuntimeList() {}

  /**
   * Looks and prints.
   *
   * @param java directory with the runtime interface client for Java functions, if there is one
   * @param cache where {@code ./lambic} keeps what it fetched, if there is such a place
   * @param data the data directory whose imported runtimes count, if one is meant
   */
  static void print(
      PrintStream out, Optional<Path> java, Optional<Path> cache, Optional<Path> data) {
    try {
      Path scratch = Files.createTempDirectory("lambic-runtimes");
      try {
        JavaRuntimes javas = HostRuntimes.javas(java, scratch.resolve("java"), cache, null);
        Bootstraps bootstraps = Bootstraps.layOut(scratch);
        print(
            out,
            HostRuntimes.catalog(bootstraps, Optional.empty(), javas, cache),
            ImportedRuntimes.in(data.orElse(scratch).resolve("runtimes")));
      } finally {
        delete(scratch);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void print(PrintStream out, RuntimeCatalog catalog, ImportedRuntimes imported) {
    out.printf(LINE, "RUNTIME", "VERSION", "RUN BY");
    boolean inexact = false;
    for (String name : RuntimeNames.supported()) {
      Optional<String> image = imported.image(name);
      if (image.isPresent()) {
        out.printf(LINE, name, "imported", image.get());
        continue;
      }
      try {
        RuntimeTarget target = catalog.find(name);
        String program = target.program().map(Path::toString).orElse("the function's bootstrap");
        inexact |= target.warning().isPresent();
        out.printf(LINE, name, target.warning().isPresent() ? "near" : "exact", program);
      } catch (LambicException e) {
        out.printf(LINE, name, "missing", e.getMessage());
      }
    }
    if (inexact) {
      out.println("A near version is used with a warning in the function's log.");
    }
    out.println("To get one that is near or missing: ./lambic runtime install NAME");
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
