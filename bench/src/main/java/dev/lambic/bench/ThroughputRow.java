package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Warm calls over many kept-alive connections at one time: how many there are back to back, what
 * each costs in processor time, and how long they take at a steady pace.
 */
final class ThroughputRow {
  private final Effort effort;
  private final List<String> server;
  private final int connections;

  ThroughputRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
    connections = effort.load().connections();
  }

  /** What one subject did, and whose processor time that took. */
  private static final class Tally {
    final Rounds paced = new Rounds();
    long calls;
    long nanos;
    long serverNanos;
    long functionNanos;

    double perSecond() {
      return calls / (nanos / 1e9);
    }

    double serverMicros() {
      return serverNanos / 1e3 / calls;
    }

    double allMicros() {
      return (serverNanos + functionNanos) / 1e3 / calls;
    }
  }

  /** Tells how much processor time has been used so far. */
  private interface Clock {
    long nanos() throws IOException;
  }

  Report run() throws IOException, InterruptedException {
    List<Line> lines = new ArrayList<>();
    List<Value> values = new ArrayList<>();
    double echo = echoMicros();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      for (Language language : List.of(Language.PYTHON, Language.NODE)) {
        measure(language, lambic, functions, echo, lines, values);
      }
    }
    return new Report(
        "throughput",
        "warm calls over " + connections + " connections at one time, hello handlers",
        lines,
        values,
        List.of(
            "Per second of the server's processor time: what its process needs, by the kernel's"
                + " account; floor: a server that only answers HTTP, on blocking sockets.",
            "With its environments: what functions and bootstraps need is added; floor: bare loops,"
                + " one for each connection.",
            "The whole machine: all cores are shared with the client, whose work is in it.",
            "At a steady pace a call that has to wait for its connection counts from when it was"
                + " due."));
  }

  private void measure(
      Language language,
      Lambic lambic,
      Functions functions,
      double echo,
      List<Line> lines,
      List<Value> values)
      throws IOException, InterruptedException {
    Path program = functions.create(language);
    Tally floor = new Tally();
    Tally mine = new Tally();
    List<BareLoop> loops = new ArrayList<>();
    List<HttpClient> clients = new ArrayList<>();
    long pid = lambic.process().pid();
    Clock none = () -> 0;
    Clock ofServer = lambic.process()::cpuNanos;
    Clock ofEnvironments = () -> cpuOf(Processes.descendants(pid, 1));
    Clock ofLoops = () -> cpuOf(loops.stream().map(BareLoop::pid).toList());
    try (BareLoop.Code code = new BareLoop.Code(language, program)) {
      for (int i = 0; i < connections; i++) {
        loops.add(code.start());
        clients.add(lambic.connect());
      }
      List<HttpClient> toLoops = loops.stream().map(BareLoop::client).toList();
      int millis = effort.load().warmMillis();
      load(toLoops, BareLoop.CALL, millis / 2, new Tally(), none, none);
      load(clients, functions.call(language, "world"), millis, new Tally(), none, none);
      millis = effort.load().millis();
      for (int round = 0; round < effort.rounds(); round++) {
        byte[] call = functions.call(language, "world");
        load(toLoops, BareLoop.CALL, millis, floor, none, ofLoops);
        pace(toLoops, BareLoop.CALL, floor);
        load(clients, call, millis, mine, ofServer, ofEnvironments);
        pace(clients, call, mine);
      }
    } finally {
      for (BareLoop loop : loops) {
        loop.close();
      }
      for (HttpClient client : clients) {
        client.close();
      }
    }
    String paced =
        String.format(
            Locale.ROOT, "%s, %,d calls/s", language.title(), effort.load().callsPerSecond());
    lines.add(Line.floor(paced, "bare loops", floor.paced));
    lines.add(Line.of(paced, "Lambic", mine.paced, floor.paced));
    String title = language.title();
    String perServer = title + ", per second of the server's processor time";
    values.add(Value.floor(perServer, "bare HTTP", 1e6 / echo, "calls"));
    values.add(Value.of(perServer, "Lambic", 1e6 / mine.serverMicros(), "calls", 1e6 / echo));
    String perAll = title + ", the same with its environments";
    values.add(Value.floor(perAll, "bare loops", 1e6 / floor.allMicros(), "calls"));
    values.add(
        Value.of(perAll, "Lambic", 1e6 / mine.allMicros(), "calls", 1e6 / floor.allMicros()));
    String whole = title + ", per second, the whole machine";
    values.add(Value.floor(whole, "bare loops", floor.perSecond(), "calls"));
    values.add(Value.of(whole, "Lambic", mine.perSecond(), "calls", floor.perSecond()));
  }

  private static long cpuOf(List<? extends Number> pids) {
    long nanos = 0;
    for (Number pid : pids) {
      try {
        nanos += CpuClock.nanos(pid.longValue());
      } catch (IOException ended) {
        // What it used before counts for nothing here: no environment ends while calls come.
      }
    }
    return nanos;
  }

  private static void load(
      List<HttpClient> clients, byte[] call, int millis, Tally tally, Clock server, Clock others)
      throws IOException, InterruptedException {
    long serverNanos = server.nanos();
    long functionNanos = others.nanos();
    long begin = System.nanoTime();
    long end = begin + Duration.ofMillis(millis).toNanos();
    List<Integer> counts =
        Crowd.run(
            clients.size(),
            number -> Crowd.until(end, () -> check(clients.get(number).exchange(call))));
    tally.nanos += System.nanoTime() - begin;
    tally.serverNanos += server.nanos() - serverNanos;
    tally.functionNanos += others.nanos() - functionNanos;
    tally.calls += counts.stream().mapToInt(Integer::intValue).sum();
  }

  private void pace(List<HttpClient> clients, byte[] call, Tally tally)
      throws IOException, InterruptedException {
    long interval = Duration.ofSeconds(1).toNanos() / effort.load().callsPerSecond();
    long begin = System.nanoTime() + 10 * interval;
    int each = Math.max(1, effort.calls() / 2 / clients.size());
    Samples round = new Samples();
    Crowd.run(
            clients.size(),
            number ->
                Crowd.paced(
                    number,
                    clients.size(),
                    begin,
                    interval,
                    each,
                    () -> check(clients.get(number).exchange(call))))
        .forEach(round::addAll);
    tally.paced.add(round);
  }

  /** Cheap, for it is done by the same cores; what the answers hold, other rows check. */
  private static void check(HttpMessage answer) throws IOException {
    if (answer.status() != 200 || answer.body().length < 10 || answer.body()[2] != 'h') {
      throw new IOException("the call failed: " + answer.status() + " " + answer.text());
    }
  }

  /** What an answer costs a server that does nothing else. */
  private double echoMicros() throws IOException, InterruptedException {
    try (Child child = Child.startJava(EchoMain.class.getName(), Candidate.BARE.name())) {
      int port = Integer.parseInt(child.await("port ", Duration.ofSeconds(30)));
      Tally tally = new Tally();
      List<HttpClient> clients = new ArrayList<>();
      try {
        for (int i = 0; i < connections; i++) {
          clients.add(HttpClient.connect(port));
        }
        load(clients, ECHO, effort.load().warmMillis() / 2, new Tally(), () -> 0, () -> 0);
        for (int round = 0; round < effort.rounds(); round++) {
          load(clients, ECHO, effort.load().millis(), tally, child::cpuNanos, () -> 0);
        }
      } finally {
        for (HttpClient client : clients) {
          client.close();
        }
      }
      return tally.serverMicros();
    }
  }

  /** Gives an answer like that of a hello function. */
  private static final byte[] ECHO =
      HttpClient.post("/echo", "{\"hello\": \"world\", \"calls\": 100000, \"nanos\": 1000}");
}
