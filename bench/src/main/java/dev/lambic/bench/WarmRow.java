package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What a warm call costs besides its handler: the time that the client sees, minus the time that
 * the handler took by its own clock.
 *
 * <p>Once with one call right after the other, once at a steady pace that does not wait for slow
 * answers: a call that had to wait for the one before it counts from when it was due.
 */
final class WarmRow {
  private static final long PACE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Effort effort;
  private final List<String> server;

  WarmRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    List<Line> lines = new ArrayList<>();
    List<Value> values = new ArrayList<>();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      for (Language language : Language.values()) {
        Path program = functions.create(language);
        try (BareLoop.Code code = new BareLoop.Code(language, program);
            BareLoop loop = code.start()) {
          Measured measured = measure(language, loop, functions, lambic.process());
          lines.addAll(measured.lines(language));
          values.add(measured.cpu(language));
        }
      }
    }
    return new Report(
        "warm",
        "a warm call, client-seen time minus handler time, hello handlers, 1 connection",
        lines,
        values,
        List.of(
            "Lambic: isolated, signatures checked, functions of "
                + Functions.MEMORY_MB
                + " MB; floor: the same handler and interpreter in a plain process.",
            "The client shares the machine's cores with them; the scheduler places them all."));
  }

  /** What was found out about one language. */
  private static final class Measured {
    final Rounds floorBusy = new Rounds();
    final Rounds lambicBusy = new Rounds();
    final Rounds floorPaced = new Rounds();
    final Rounds lambicPaced = new Rounds();
    long cpuNanos;
    long calls;

    List<Line> lines(Language language) {
      String busy = language.title() + ", back to back";
      String paced = language.title() + ", 1,000 calls/s";
      return List.of(
          Line.floor(busy, "bare loop", floorBusy),
          Line.of(busy, "Lambic", lambicBusy, floorBusy),
          Line.floor(paced, "bare loop", floorPaced),
          Line.of(paced, "Lambic", lambicPaced, floorPaced));
    }

    Value cpu(Language language) {
      return new Value(
          language.title() + ", back to back",
          "server's CPU per call",
          cpuNanos / 1e3 / calls,
          "µs",
          null);
    }
  }

  private Measured measure(Language language, BareLoop loop, Functions functions, Child process)
      throws IOException {
    Measured measured = new Measured();
    HttpClient client = functions.client();
    calls(loop.client(), BareLoop.CALL, effort.warmUps() / 2, 0, true);
    calls(client, functions.call(language, "world"), effort.warmUps(), 0, true);
    int count = effort.calls();
    for (int round = 0; round < effort.rounds(); round++) {
      byte[] call = functions.call(language, "world");
      measured.floorBusy.add(calls(loop.client(), BareLoop.CALL, count, 0, false));
      long cpu = process.cpuNanos();
      measured.lambicBusy.add(calls(client, call, count, 0, false));
      measured.cpuNanos += process.cpuNanos() - cpu;
      measured.calls += count;
      measured.floorPaced.add(calls(loop.client(), BareLoop.CALL, count / 2, PACE_NANOS, false));
      measured.lambicPaced.add(calls(client, call, count / 2, PACE_NANOS, false));
    }
    return measured;
  }

  /** Calls of one connection, each minus its handler's time; a pace of 0 is back to back. */
  static Samples calls(HttpClient client, byte[] call, int count, long pace, boolean mayBeCold)
      throws IOException {
    Samples samples = new Samples();
    long due = System.nanoTime() + pace;
    for (int i = 0; i < count; i++, due += pace) {
      long begin = pace == 0 ? System.nanoTime() : begin(due);
      HttpMessage answer = client.exchange(call);
      long end = System.nanoTime();
      Hello hello = Hello.of(answer);
      if (hello.calls() == 1 && !mayBeCold) {
        throw new IOException("a call that should have been warm was not");
      }
      samples.add(end - begin - hello.nanos());
    }
    return samples;
  }

  /** Waits until a call is due, unless it is overdue; returns the time from which it counts. */
  private static long begin(long due) {
    long now = System.nanoTime();
    if (now >= due) {
      return due;
    }
    while (now < due) {
      LockSupport.parkNanos(due - now);
      now = System.nanoTime();
    }
    // How late the client itself has woken up is not the server's doing.
    return now;
  }
}
