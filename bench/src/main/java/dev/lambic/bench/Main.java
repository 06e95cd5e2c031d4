package dev.lambic.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The command line: rows to measure, how, and after {@code --} how to run Lambic. */
final class Main {
  private Main() {}

  /** Measures and prints the rows, and writes each to a file if there is a place for them. */
  public static void main(String[] args) throws InterruptedException {
    System.setOut(new PrintStream(System.out, true, StandardCharsets.UTF_8));
    try {
      Options options = Options.parse(args);
      if (!run(options)) {
        System.exit(1);
      }
    } catch (Options.Misuse e) {
      System.err.println("bench: " + e.getMessage());
      System.exit(2);
    } catch (IOException e) {
      System.err.println("bench: " + e);
      System.exit(1);
    }
  }

  /** Whether each row could be measured. */
  private static boolean run(Options options) throws IOException, InterruptedException {
    boolean all = options.rows().isEmpty() || measure(options);
    if (options.out().isPresent() && !options.profile()) {
      Path records = options.out().get();
      Records.write(records, "chart.svg", Chart.draw(Recorded.all(records)));
      if (options.specification().isPresent()) {
        Specification.update(options.specification().get(), records);
      }
    }
    return all;
  }

  private static boolean measure(Options options) throws IOException, InterruptedException {
    Machine machine = Machine.here();
    System.out.println(machine);
    boolean all = true;
    try (Progress progress = new Progress(options.rows(), options.quick())) {
      for (Row row : options.rows()) {
        progress.begin(row);
        try {
          measure(row, options, machine);
        } catch (IOException | RuntimeException e) {
          // The other rows have nothing to do with it.
          System.out.println("\n" + row.title() + ": failed: " + e.getMessage());
          e.printStackTrace();
          all = false;
        }
      }
    }
    return all;
  }

  private static void measure(Row row, Options options, Machine machine)
      throws IOException, InterruptedException {
    Effort effort = options.quick() ? Effort.quick() : Effort.full();
    if (options.profile()) {
      Profile profile = new Profile(effort, options.server());
      String text = row == Row.WARM ? profile.warm() : profile.cold();
      System.out.print(text);
      if (options.out().isPresent()) {
        String head = "./lambic bench " + row.title() + " --profile\n" + machine + "\n";
        Records.write(options.out().get(), "profile-" + row.title() + ".txt", head + text);
      }
      return;
    }
    Report report = row.measure(effort, options.server());
    System.out.print(report.table());
    if (options.out().isPresent()) {
      Path out = options.out().get();
      Records.write(out, report.row() + ".json", report.json(machine));
    }
  }
}
