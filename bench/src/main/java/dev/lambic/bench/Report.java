package dev.lambic.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;

/**
 * What one row of the benchmark found.
 *
 * @param row its name on the command line
 * @param title what it measures
 * @param lines durations; a floor comes before what is compared with it
 * @param values single numbers
 * @param absences what could not be measured
 * @param remarks what a reader must know to judge them
 */
record Report(
    String row,
    String title,
    List<Line> lines,
    List<Value> values,
    List<Absence> absences,
    List<String> remarks) {
  private static final String FORMAT = "  %-28s %-24s %7s %9s %9s %9s  %s%n";

  /** A report of which nothing is missing. */
  Report(String row, String title, List<Line> lines, List<Value> values, List<String> remarks) {
    this(row, title, lines, values, List.of(), remarks);
  }

  /** For people; durations in milliseconds. */
  String table() {
    StringBuilder text = new StringBuilder("%n%s: %s%n".formatted(row, title));
    if (!lines.isEmpty()) {
      text.append(
          FORMAT.formatted(
              "", "", "n", "p50 ms", "p99 ms", "p99.9 ms", "p50 to floor (rounds), p99"));
    }
    for (Line line : lines) {
      Figures figures = line.figures();
      text.append(
          FORMAT.formatted(
              line.what(),
              line.subject(),
              figures.count(),
              millis(figures.p50()),
              millis(figures.p99()),
              millis(figures.p999()),
              ratio(line)));
    }
    for (Value value : values) {
      Double ratio = value.ratio();
      text.append(
          "  %-56s %-24s %,.2f %s%s%n"
              .formatted(
                  value.what(),
                  value.subject(),
                  value.value(),
                  value.unit(),
                  ratio == null ? "" : "  × " + two(ratio)));
    }
    for (Absence absence : absences) {
      text.append(
          "  %-28s %-24s not available: %s%n"
              .formatted(absence.what(), absence.subject(), absence.reason()));
    }
    remarks.forEach(remark -> text.append("  ").append(remark).append('\n'));
    return text.toString();
  }

  private static String ratio(Line line) {
    Ratio ratio = line.ratio();
    return ratio == null
        ? "floor"
        : "× %s (%s to %s), × %s"
            .formatted(two(ratio.p50()), two(ratio.low()), two(ratio.high()), two(ratio.p99()));
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.3f", nanos / 1e6);
  }

  private static String two(double number) {
    return String.format(Locale.ROOT, "%.2f", number);
  }

  /** For programs; durations in milliseconds. */
  String json(Machine machine) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.setPrettyPrinter(new DefaultPrettyPrinter());
      json.writeStartObject();
      json.writeStringField("row", row);
      json.writeStringField("title", title);
      json.writeStringField("command", "./lambic bench " + row);
      json.writeObjectFieldStart("machine");
      json.writeStringField("cpu", machine.cpu());
      json.writeNumberField("cores", machine.cores());
      json.writeStringField("kernel", machine.kernel());
      json.writeStringField("jdk", machine.jdk());
      json.writeStringField("loadBefore", machine.load());
      json.writeStringField("date", machine.date());
      json.writeEndObject();
      json.writeArrayFieldStart("durations");
      for (Line line : lines) {
        write(json, line);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("values");
      for (Value value : values) {
        write(json, value);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("absences");
      for (Absence absence : absences) {
        json.writeStartObject();
        json.writeStringField("what", absence.what());
        json.writeStringField("subject", absence.subject());
        json.writeStringField("reason", absence.reason());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeArrayFieldStart("remarks");
      for (String remark : remarks) {
        json.writeString(remark);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return text.append('\n').toString();
  }

  private static void write(JsonGenerator json, Line line) throws IOException {
    json.writeStartObject();
    json.writeStringField("what", line.what());
    json.writeStringField("subject", line.subject());
    json.writeNumberField("n", line.figures().count());
    json.writeNumberField("p50Ms", line.figures().p50() / 1e6);
    json.writeNumberField("p99Ms", line.figures().p99() / 1e6);
    json.writeNumberField("p999Ms", line.figures().p999() / 1e6);
    Ratio ratio = line.ratio();
    if (ratio != null) {
      json.writeNumberField("p50ToFloor", rounded(ratio.p50()));
      json.writeNumberField("p50ToFloorLowestRound", rounded(ratio.low()));
      json.writeNumberField("p50ToFloorHighestRound", rounded(ratio.high()));
      json.writeNumberField("p99ToFloor", rounded(ratio.p99()));
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Value value) throws IOException {
    json.writeStartObject();
    json.writeStringField("what", value.what());
    json.writeStringField("subject", value.subject());
    json.writeNumberField("value", rounded(value.value()));
    json.writeStringField("unit", value.unit());
    Double ratio = value.ratio();
    if (ratio != null) {
      json.writeNumberField("toFloor", rounded(ratio));
    }
    json.writeEndObject();
  }

  private static double rounded(double number) {
    return Math.round(number * 1000) / 1000.0;
  }
}
