package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The part of SPECIFICATION.md that says what was reached: made of what is on record. */
final class Specification {
  private static final String BEGIN = "<!-- Written by ./lambic bench, from docs/benchmarks. -->";
  private static final String END = "<!-- Until here. -->";

  private Specification() {}

  /** Writes that part anew. */
  static void update(Path file, Path records) throws IOException {
    String text = Files.readString(file);
    Path next = file.resolveSibling("SPECIFICATION.next");
    Files.writeString(next, with(text, Recorded.all(records)));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * The text with that part as it has to be.
   *
   * @throws IOException if it has no such part
   */
  static String with(String text, Map<String, Recorded> records) throws IOException {
    int begin = text.indexOf(BEGIN);
    int end = text.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IOException("the specification has no place for figures");
    }
    return text.substring(0, begin + BEGIN.length())
        + "\n\n"
        + table(records)
        + "\n"
        + machines(records)
        + "\n"
        + text.substring(end);
  }

  private static String table(Map<String, Recorded> records) {
    StringBuilder table =
        new StringBuilder(
            "| # | metric | gate | goal | figure | to its floor | reached | command |\n"
                + "|---|---|---|---|---|---|---|---|\n");
    String row = "";
    for (Promise promise : Promise.all()) {
      String command =
          promise.row().equals(row) && promise.number().isEmpty()
              ? ""
              : "`./lambic bench " + promise.row() + "`";
      row = promise.row();
      Recorded recorded = records.get(row);
      Optional<Result> result = recorded == null ? Optional.empty() : Result.of(promise, recorded);
      table.append(
          "| %s | %s | %s | %s | %s | %s | %s | %s |\n"
              .formatted(
                  promise.number(),
                  promise.metric(),
                  promise.gate().text(promise.unit()),
                  promise.goal().text(promise.unit()),
                  result
                      .map(found -> found.figure().text(promise.unit()))
                      .orElseGet(() -> why(promise, recorded)),
                  result.map(Result::ratio).orElse(""),
                  result.map(found -> found.reached(promise)).orElse(""),
                  isBuilt(promise.row()) ? command : "")
              .replaceAll(" +\\|", " |"));
    }
    return table.toString();
  }

  /** Why there is no figure. */
  private static String why(Promise promise, @Nullable Recorded recorded) {
    return Optional.ofNullable(recorded)
        .flatMap(there -> there.absence(promise.what(), promise.subject()))
        .map(absence -> "*not available*: " + absence.reason())
        .orElse("*pending*");
  }

  private static boolean isBuilt(String row) {
    return List.of(Row.values()).stream().anyMatch(one -> one.title().equals(row));
  }

  private static String machines(Map<String, Recorded> records) {
    StringBuilder table =
        new StringBuilder("| row | taken on | machine | load before |\n|---|---|---|---|\n");
    for (Row row : Row.values()) {
      Recorded recorded = records.get(row.title());
      if (recorded != null) {
        Machine machine = recorded.machine();
        table.append(
            "| %s | %s | %s, %d cores, Linux %s, JDK %s | %s |\n"
                .formatted(
                    row.title(),
                    machine.date(),
                    machine.cpu(),
                    machine.cores(),
                    machine.kernel(),
                    machine.jdk(),
                    machine.load()));
      }
    }
    return table.toString();
  }

  /**
   * What was reached.
   *
   * @param figure in the unit of the promise
   * @param ratio to the floor, for people; empty if there is none
   */
  private record Result(Bounds figure, String ratio) {
    static Optional<Result> of(Promise promise, Recorded recorded) {
      Optional<Result> line =
          recorded
              .line(promise.what(), promise.subject())
              .map(found -> {
                Ratio ratio = found.ratio();
                return new Result(
                    Bounds.of(
                        found.figures().p50() / 1e6 / promise.scale(),
                        found.figures().p99() / 1e6 / promise.scale()),
                    ratio == null ? "" : "× " + Bounds.of(ratio.p50(), ratio.p99()).text(""));
              });
      return line.or(() ->
          recorded
              .value(promise.what(), promise.subject())
              .map(found -> {
                Double ratio = found.ratio();
                return new Result(
                    Bounds.of(found.value() / promise.scale()),
                    ratio == null ? "" : "× " + Bounds.of(ratio).text(""));
              }));
    }

    String reached(Promise promise) {
      if (promise.goal().exist() && promise.goal().keeps(figure, promise.moreIsBetter())) {
        return "goal";
      }
      if (promise.gate().exist()) {
        return promise.gate().keeps(figure, promise.moreIsBetter()) ? "gate" : "no";
      }
      return promise.goal().exist() ? "no" : "";
    }
  }
}
