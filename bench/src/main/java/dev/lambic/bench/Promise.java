package dev.lambic.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * One line of SPECIFICATION.md: what Lambic promises, and where what it reached is on record.
 *
 * @param number of the row; empty for a further line of the same
 * @param metric for people
 * @param row of the benchmark
 * @param what is measured there
 * @param subject whose figure it is
 * @param unit of the figure and of what it shall be
 * @param scale by which a recorded number is divided to be in that unit; durations are recorded in
 *     milliseconds
 * @param gate what it has to be
 * @param goal what it shall become
 * @param moreIsBetter whether it is a rate
 */
record Promise(
    String number,
    String metric,
    String row,
    String what,
    String subject,
    String unit,
    double scale,
    Bounds gate,
    Bounds goal,
    boolean moreIsBetter) {
  private static final String LAMBIC = "Lambic";

  private static Promise millis(
      String number, String metric, String row, String what, Bounds gate, Bounds goal) {
    return new Promise(number, metric, row, what, LAMBIC, "ms", 1, gate, goal, false);
  }

  private static Promise other(
      String metric, String row, String what, String subject, String unit) {
    boolean more = unit.isEmpty() || unit.endsWith("/s");
    return new Promise("", metric, row, what, subject, unit, 1, Bounds.NONE, Bounds.NONE, more);
  }

  private static Promise close(String language) {
    return millis(
        "", "the same back to back", "cold", language + ", back to back", Bounds.NONE, Bounds.NONE);
  }

  private Promise of(String title) {
    return new Promise(title, metric, row, what, subject, unit, scale, gate, goal, moreIsBetter);
  }

  private Promise within(Bounds least, Bounds best) {
    return new Promise(number, metric, row, what, subject, unit, scale, least, best, moreIsBetter);
  }

  private Promise by(String who) {
    return new Promise(number, metric, row, what, who, unit, scale, gate, goal, moreIsBetter);
  }

  private Promise dividedBy(double by, String into) {
    return new Promise(number, metric, row, what, subject, into, by, gate, goal, moreIsBetter);
  }

  /** All of them, in order. */
  static List<Promise> all() {
    List<Promise> all = new ArrayList<>();
    Bounds none = Bounds.NONE;
    all.add(
        millis("1", "Python, cold call", "cold", "Python", Bounds.of(10, 40), Bounds.of(4, 15)));
    all.add(close("Python"));
    all.add(
        millis("2", "Node.js, cold call", "cold", "Node.js", Bounds.of(15, 50), Bounds.of(6, 20)));
    all.add(close("Node.js"));
    all.add(millis("3", "Java, cold call", "cold", "Java", Bounds.of(40, 120), Bounds.of(15, 50)));
    all.add(close("Java"));
    all.add(millis("", "Ruby, cold call", "cold", "Ruby", none, none));
    all.add(close("Ruby"));
    all.add(
        millis(
            "4",
            "SnapStart restore, Java",
            "restore",
            "Java",
            Bounds.of(100, 250),
            Bounds.of(40, 100)));
    all.add(
        millis(
            "",
            "SnapStart restore, Python",
            "restore",
            "Python",
            Bounds.of(10, 40),
            Bounds.of(3, 12)));
    warm(
        all,
        "5",
        "warm",
        List.of("Python", "Node.js", "Java"),
        Bounds.of(0.5, 2),
        Bounds.of(0.15, 0.6));
    warm(all, "", "warm", List.of("Ruby"), none, none);
    warm(all, "6", "clients", List.of("Python", "Node.js"), Bounds.of(1, 3), Bounds.of(0.4, 1.2));
    throughput(all);
    String sustained = "Python, sustained";
    all.add(
        other("Python cold starts per second and core, sustained", "rate", sustained, LAMBIC, "/s")
            .of("8")
            .within(Bounds.of(100), Bounds.of(250)));
    all.add(other("processor time of each", "rate", sustained, "processor time per start", "ms"));
    String burst = "1,000 calls at once";
    all.add(
        other(
                "1,000 calls at once: environments after 10 s",
                "rate",
                burst,
                "environments after 10 s",
                "")
            .within(none, Bounds.of(1000)));
    all.add(other("until the last of them ran", "rate", burst, "until the last of them ran", "s"));
    memory(all, "9", "Python", Bounds.of(12), Bounds.of(4));
    memory(all, "", "Node.js", Bounds.of(40), Bounds.of(18));
    memory(all, "", "Java", Bounds.of(60), Bounds.of(32));
    memory(all, "", "Ruby", none, none);
    String accept = "durable accept";
    all.add(
        other(
                "durable asynchronous accepts per second of the server's processor time",
                "async",
                accept,
                LAMBIC,
                "/s")
            .of("10")
            .within(Bounds.of(4_000), Bounds.of(10_000)));
    all.add(
        millis(
            "",
            "their latency, open loop",
            "async",
            "durable accept, 500/s",
            Bounds.of(3, 15),
            Bounds.of(1, 5)));
    all.add(
        millis(
            "11",
            "asynchronous accept until the handler starts, idle",
            "async",
            "accept until the handler starts",
            Bounds.of(20, 100),
            Bounds.of(3, 15)));
    all.add(
        other(
                "messages of an SQS mapping, nop handler, batches of 10",
                "sqs",
                "batches of 10",
                LAMBIC,
                "/s")
            .of("12")
            .within(Bounds.of(2_000), Bounds.of(10_000)));
    all.add(
        millis(
                "13",
                "server: start until the first 200",
                "start",
                "start",
                Bounds.of(1.5),
                Bounds.of(0.4))
            .dividedBy(1000, "s"));
    all.add(
        other("resident memory, idle", "start", "resident memory, idle", LAMBIC, "MiB")
            .within(Bounds.of(250), Bounds.of(120)));
    all.add(
        other("processor, idle", "start", "CPU, idle", LAMBIC, "% of a core")
            .within(Bounds.of(2), Bounds.of(0.3)));
    freeze(all, "14", "Python");
    freeze(all, "", "Node.js");
    all.add(
        millis(
            "15",
            "first byte of a streamed answer, Node.js, warm",
            "stream",
            "Node.js, first byte",
            none,
            none));
    all.add(
        millis(
                "16",
                "start with 10,000 functions, until the first 200",
                "functions",
                "start",
                none,
                none)
            .by("10000 functions")
            .dividedBy(1000, "s"));
    String list = "ListFunctions, 50 items";
    all.add(
        millis("", "ListFunctions, the first 50 of 10,000", "functions", list, none, none)
            .by("10000 functions, first page"));
    all.add(millis("", "the last", "functions", list, none, none).by("10000 functions, last page"));
    all.add(millis("17", "cold call with much code, Python", "bytecode", "Python", none, none));
    all.add(millis("", "Node.js 22", "bytecode", "Node.js", none, none));
    return List.copyOf(all);
  }

  private static void warm(
      List<Promise> all,
      String number,
      String row,
      List<String> languages,
      Bounds gate,
      Bounds goal) {
    String by = row.equals("warm") ? "Lambic's bootstraps" : "AWS's runtime clients";
    boolean first = true;
    for (String language : languages) {
      String metric =
          first && !number.isEmpty()
              ? "warm overhead with " + by + ", " + language + ", back to back"
              : language + ", back to back";
      all.add(millis(first ? number : "", metric, row, language + ", back to back", gate, goal));
      all.add(
          millis(
              "",
              "the same at 1,000 calls/s",
              row,
              language + ", 1,000 calls/s",
              Bounds.NONE,
              Bounds.NONE));
      first = false;
    }
  }

  private static void throughput(List<Promise> all) {
    String own = ", per second of the server's processor time";
    String row = "throughput";
    all.add(
        other(
                "warm calls per second of the server's processor time, Python",
                row,
                "Python" + own,
                LAMBIC,
                "/s")
            .of("7")
            .within(Bounds.of(5_000), Bounds.of(12_000)));
    all.add(
        other("Node.js", row, "Node.js" + own, LAMBIC, "/s")
            .within(Bounds.of(5_000), Bounds.of(12_000)));
    String with = ", the same with its environments";
    all.add(
        other(
            "with the functions' own processor time, Python", row, "Python" + with, LAMBIC, "/s"));
    all.add(other("Node.js", row, "Node.js" + with, LAMBIC, "/s"));
    all.add(
        millis(
            "",
            "16 connections at 2,000 calls/s, Python",
            row,
            "Python, 2,000 calls/s",
            Bounds.NONE,
            Bounds.NONE));
    all.add(millis("", "Node.js", row, "Node.js, 2,000 calls/s", Bounds.NONE, Bounds.NONE));
  }

  private static void memory(
      List<Promise> all, String number, String language, Bounds gate, Bounds goal) {
    String metric = (number.isEmpty() ? "" : "private memory per idle environment: ") + language;
    all.add(other(metric, "memory", language, LAMBIC, "MiB").of(number).within(gate, goal));
  }

  private static void freeze(List<Promise> all, String number, String language) {
    String metric = "warm overhead, " + language + ", frozen, a call every 50 ms";
    all.add(
        millis(number, metric, "freeze", language + ", every 50 ms", Bounds.NONE, Bounds.NONE)
            .by("Lambic, frozen"));
    all.add(
        millis(
                "",
                "the same not frozen, every 5 ms",
                "freeze",
                language + ", every 5 ms",
                Bounds.NONE,
                Bounds.NONE)
            .by("Lambic, not frozen"));
  }
}
