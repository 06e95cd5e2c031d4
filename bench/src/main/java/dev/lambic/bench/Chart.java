package dev.lambic.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What is on record as a picture (SVG): for each row the floor, Lambic and the peers as bars, each
 * with its numbers. The axes are logarithmic, for these lie orders of magnitude apart.
 */
final class Chart {
  private static final int WIDTH = 920;
  private static final int LEFT = 190;
  private static final int RIGHT = 150;
  private static final int BAR = 13;
  private static final int STEP = 17;
  private static final String STYLE =
      """
      <style>
      svg { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
      text { fill: #1f2937; } .soft { fill: #6b7280; } .name { text-anchor: end; }
      .title { font-size: 14px; font-weight: 600; } .group { font-weight: 600; }
      .grid { stroke: #d1d5db; stroke-width: 1; } .tick { text-anchor: middle; fill: #6b7280; }
      .floor { fill: #9ca3af; } .lambic { fill: #2563eb; } .peer { fill: #d97706; }
      .tail { opacity: .35; } .goal { stroke: #15803d; stroke-width: 2; stroke-dasharray: 3 2; }
      .halo { stroke: #ffffff; stroke-width: 5; }
      @media (prefers-color-scheme: dark) {
      text { fill: #e5e7eb; } .soft, .tick { fill: #9ca3af; } .grid { stroke: #374151; }
      .floor { fill: #6b7280; } .lambic { fill: #60a5fa; } .peer { fill: #fbbf24; }
      .goal { stroke: #4ade80; } .halo { stroke: #0d1117; } }
      </style>
      """;

  private final StringBuilder svg = new StringBuilder();
  private int y = 24;

  /**
   * One bar.
   *
   * @param kind its class in the style
   * @param bounds its end, and the end of its lighter tail if there is one
   */
  private record Bar(String name, String kind, Bounds bounds) {}

  /** Bars of one thing, and what Lambic's shall be. */
  private record Group(String title, Bounds goal, List<Bar> bars) {}

  private Chart() {}

  /** Draws what is on record. */
  static String draw(Map<String, Recorded> records) {
    return new Chart().all(records);
  }

  private String all(Map<String, Recorded> records) {
    legend();
    panel(
        "Time of a call: median, and to the 99th percentile in lighter colour (less is better)",
        "ms",
        groups(records, false));
    panel("Calls and starts per second and core (more is better)", "/s", groups(records, true));
    for (String foot : feet(records)) {
      text(10, y, "soft", foot);
      y += 16;
    }
    return """
    <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">
    <title>Lambic beside its floor and its peers</title>
    """
            .formatted(WIDTH, y, WIDTH, y)
        + STYLE
        + svg
        + "</svg>\n";
  }

  private void legend() {
    int x = 10;
    for (List<String> one :
        List.of(
            List.of("floor", "floor: the least that could do the same"),
            List.of("lambic", "Lambic"),
            List.of("peer", "peers"))) {
      rectangle(x, y - 10, 12, one.get(0));
      text(x + 18, y, "", one.get(1));
      x += 40 + 7 * one.get(1).length();
    }
    svg.append("<path class=\"goal\" d=\"M%d %dv14\"/>\n".formatted(x + 4, y - 11));
    text(x + 14, y, "", "Lambic's goal");
    y += 28;
  }

  /** What is drawn: rows with figures of Lambic, in the order of the specification. */
  private static List<Group> groups(Map<String, Recorded> records, boolean rates) {
    List<Group> groups = new ArrayList<>();
    for (Promise promise : Promise.all()) {
      Recorded recorded = records.get(promise.row());
      boolean drawn = rates ? promise.unit().equals("/s") : isCall(promise);
      if (recorded == null || !drawn) {
        continue;
      }
      List<Bar> bars = new ArrayList<>();
      if (rates) {
        recorded.report().values().stream()
            .filter(value -> value.what().equals(promise.what()) && !value.unit().equals("ms"))
            .forEach(value ->
                bars.add(
                    new Bar(value.subject(), kind(value.subject()), Bounds.of(value.value()))));
      } else {
        recorded.report().lines().stream()
            .filter(line -> line.what().equals(promise.what()))
            .forEach(line -> bars.add(bar(line)));
      }
      Optional.ofNullable(records.get("peers")).stream()
          .flatMap(peers -> peers.report().lines().stream())
          .filter(line -> line.what().equals(promise.row() + ": " + promise.what()))
          .filter(line -> kind(line).equals("peer"))
          .forEach(line -> bars.add(bar(line)));
      if (bars.stream().anyMatch(bar -> bar.kind.equals("lambic"))) {
        groups.add(new Group(title(promise), promise.goal(), bars));
      }
    }
    return groups;
  }

  private static boolean isCall(Promise promise) {
    return List.of("cold", "restore", "warm", "clients", "stream").contains(promise.row())
        && !promise.what().contains("calls/s");
  }

  private static String title(Promise promise) {
    return switch (promise.row()) {
      case "cold" -> promise.what() + ", cold call";
      case "restore" -> promise.what() + ", SnapStart restore";
      case "warm" -> language(promise) + ", warm overhead";
      case "clients" -> language(promise) + ", warm overhead with AWS's runtime client";
      default -> promise.what();
    };
  }

  private static String language(Promise promise) {
    return promise.what().substring(0, promise.what().indexOf(','));
  }

  private static Bar bar(Line line) {
    Figures figures = line.figures();
    return new Bar(line.subject(), kind(line), Bounds.of(figures.p50() / 1e6, figures.p99() / 1e6));
  }

  private static String kind(Line line) {
    return line.ratio() == null ? "floor" : kind(line.subject());
  }

  private static String kind(String subject) {
    if (subject.startsWith("Lambic")) {
      return "lambic";
    }
    return subject.startsWith("bare") ? "floor" : "peer";
  }

  private static List<String> feet(Map<String, Recorded> records) {
    List<String> feet = new ArrayList<>();
    feet.add(
        "All on one machine, loopback, client included. Lambic: isolated, signatures checked."
            + " Warm overhead: what the client sees minus the handler.");
    records.values().stream()
        .map(Recorded::machine)
        .map(machine ->
            "%s, %d cores, Linux %s, JDK %s"
                .formatted(machine.cpu(), machine.cores(), machine.kernel(), machine.jdk()))
        .distinct()
        .forEach(machine -> {
          List<String> dates =
              records.values().stream()
                  .map(Recorded::machine)
                  .filter(one -> machine.contains(one.kernel()) && machine.contains(one.cpu()))
                  .map(Machine::date)
                  .distinct()
                  .sorted()
                  .toList();
          feet.add(machine + ": " + String.join(", ", dates));
        });
    return feet;
  }

  private void panel(String title, String unit, List<Group> groups) {
    if (groups.isEmpty()) {
      return;
    }
    double least = Double.MAX_VALUE;
    double most = 0;
    for (Group group : groups) {
      for (Bar bar : group.bars) {
        least = Math.min(least, bar.bounds.p50());
        most = Math.max(most, end(bar.bounds));
      }
    }
    int first = (int) Math.floor(Math.log10(least) - 0.15);
    int last = (int) Math.ceil(Math.log10(most) - 0.05);
    text(10, y, "title", title);
    y += 22;
    int top = y;
    y += 8;
    String before = svg.toString();
    svg.setLength(0);
    for (Group group : groups) {
      text(10, y + 10, "group", group.title);
      y += STEP;
      for (Bar bar : group.bars) {
        draw(bar, group.goal, unit, first, last);
      }
      y += 7;
    }
    String bars = svg.toString();
    svg.setLength(0);
    svg.append(before);
    for (int decade = first; decade <= last; decade++) {
      double x = x(Math.pow(10, decade), first, last);
      svg.append(
          String.format(Locale.ROOT, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>%n", x, top, y));
      text(x, top - 4, "tick", Bounds.number(Math.pow(10, decade)) + " " + unit);
    }
    svg.append(bars);
    y += 28;
  }

  private void draw(Bar bar, Bounds goal, String unit, int first, int last) {
    double zero = x(Math.pow(10, first), first, last);
    double middle = x(bar.bounds.p50(), first, last);
    double end = x(end(bar.bounds), first, last);
    text(LEFT - 8, y + 10, "name", bar.name);
    rectangle(zero, y, middle - zero, bar.kind);
    if (end > middle) {
      rectangle(middle, y, end - middle, bar.kind + " tail");
    }
    text(end + 6, y + 10, "", bar.bounds.text(unit));
    if (bar.kind.equals("lambic") && goal.exist()) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<path class=\"halo\" d=\"M%1$.1f %2$dv%3$d\"/>"
                  + "<path class=\"goal\" d=\"M%1$.1f %2$dv%3$d\"/>%n",
              x(goal.p50(), first, last),
              y - 2,
              BAR + 4));
    }
    y += STEP;
  }

  private static double end(Bounds bounds) {
    return Double.isNaN(bounds.p99()) ? bounds.p50() : bounds.p99();
  }

  private static double x(double value, int first, int last) {
    double share = (Math.log10(value) - first) / (last - first);
    return LEFT + share * (WIDTH - LEFT - RIGHT);
  }

  private void rectangle(double x, int top, double width, String kind) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>%n",
            kind,
            x,
            top,
            Math.max(width, 1),
            BAR));
  }

  private void text(double x, int baseline, String kind, String text) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text%s x=\"%.1f\" y=\"%d\">%s</text>%n",
            kind.isEmpty() ? "" : " class=\"" + kind + "\"",
            x,
            baseline,
            text.replace("&", "&amp;").replace("<", "&lt;")));
  }
}
