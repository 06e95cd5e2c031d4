package dev.lambic.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A report that was written before, with the machine that it is of.
 *
 * @param report as it was, but for its title and remarks
 * @param machine where and when it was taken
 */
record Recorded(Report report, Machine machine) {
  private static final JsonFactory JSON = new JsonFactory();

  /** All reports in a directory, by the names of their rows. */
  static Map<String, Recorded> all(Path directory) throws IOException {
    Map<String, Recorded> all = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.json")) {
      for (Path file : files) {
        Recorded one = read(Files.readAllBytes(file));
        all.put(one.report.row(), one);
      }
    }
    return all;
  }

  /** Reads what {@link Report#json} has written. */
  static Recorded read(byte[] json) throws IOException {
    Map<String, String> scalars = new HashMap<>();
    Map<String, String> machine = Map.of();
    Map<String, List<Map<String, String>>> lists = new HashMap<>();
    try (JsonParser parser = JSON.createParser(json)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        switch (parser.nextToken()) {
          case START_OBJECT -> machine = object(parser);
          case START_ARRAY -> lists.put(name, objects(parser));
          default -> scalars.put(name, parser.getText());
        }
      }
    }
    List<Line> lines =
        lists.getOrDefault("durations", List.of()).stream().map(Recorded::line).toList();
    List<Value> values =
        lists.getOrDefault("values", List.of()).stream().map(Recorded::value).toList();
    List<Absence> absences =
        lists.getOrDefault("absences", List.of()).stream()
            .map(one -> new Absence(text(one, "what"), text(one, "subject"), text(one, "reason")))
            .toList();
    return new Recorded(
        new Report(
            text(scalars, "row"), text(scalars, "title"), lines, values, absences, List.of()),
        new Machine(
            text(machine, "cpu"),
            Integer.parseInt(text(machine, "cores")),
            text(machine, "kernel"),
            text(machine, "jdk"),
            text(machine, "loadBefore"),
            text(machine, "date")));
  }

  private static List<Map<String, String>> objects(JsonParser parser) throws IOException {
    List<Map<String, String>> all = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() == JsonToken.START_OBJECT) {
        all.add(object(parser));
      }
    }
    return all;
  }

  private static Map<String, String> object(JsonParser parser) throws IOException {
    Map<String, String> members = new HashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      members.put(name, parser.getText());
    }
    return members;
  }

  private static String text(Map<String, String> members, String name) {
    return members.getOrDefault(name, "");
  }

  private static double number(Map<String, String> members, String name) {
    return Double.parseDouble(text(members, name));
  }

  private static long nanos(Map<String, String> members, String name) {
    return Math.round(1e6 * number(members, name));
  }

  private static Line line(Map<String, String> one) {
    Ratio ratio =
        one.containsKey("p50ToFloor")
            ? new Ratio(
                number(one, "p50ToFloor"),
                number(one, "p50ToFloorLowestRound"),
                number(one, "p50ToFloorHighestRound"),
                number(one, "p99ToFloor"))
            : null;
    Figures figures =
        new Figures(
            Integer.parseInt(text(one, "n")),
            nanos(one, "p50Ms"),
            nanos(one, "p99Ms"),
            nanos(one, "p999Ms"));
    return new Line(text(one, "what"), text(one, "subject"), figures, ratio);
  }

  private static Value value(Map<String, String> one) {
    return new Value(
        text(one, "what"),
        text(one, "subject"),
        number(one, "value"),
        text(one, "unit"),
        one.containsKey("toFloor") ? number(one, "toFloor") : null);
  }

  /** The durations of a subject doing something. */
  Optional<Line> line(String what, String subject) {
    return report.lines().stream()
        .filter(line -> line.what().equals(what) && line.subject().equals(subject))
        .findFirst();
  }

  /** The number of a subject. */
  Optional<Value> value(String what, String subject) {
    return report.values().stream()
        .filter(value -> value.what().equals(what) && value.subject().equals(subject))
        .findFirst();
  }

  /** Why there is no number of a subject. */
  Optional<Absence> absence(String what, String subject) {
    return report.absences().stream()
        .filter(absence -> absence.what().equals(what) && absence.subject().equals(subject))
        .findFirst();
  }
}
