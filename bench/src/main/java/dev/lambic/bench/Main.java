package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The command line: rows to measure, {@code --quick}, and after {@code --} how to run Lambic. */
final class Main {
  private Main() {}

  /** Measures and prints the rows, and writes each to a file if there is a place for them. */
  public static void main(String[] args) throws InterruptedException {
    try {
      run(Options.parse(args));
    } catch (Options.Misuse e) {
      System.err.println("bench: " + e.getMessage());
      System.exit(2);
    } catch (IOException e) {
      System.err.println("bench: " + e);
      System.exit(1);
    }
  }

  private static void run(Options options) throws IOException, InterruptedException {
    Machine machine = Machine.here();
    Effort effort = options.quick() ? Effort.quick() : Effort.full();
    System.out.println(machine);
    for (Row row : options.rows()) {
      Report report = row.measure(effort, options.server());
      System.out.print(report.table());
      Optional<Path> out = options.out();
      if (out.isPresent()) {
        Files.createDirectories(out.get());
        Files.writeString(out.get().resolve(report.row() + ".json"), report.json(machine));
      }
    }
  }
}
