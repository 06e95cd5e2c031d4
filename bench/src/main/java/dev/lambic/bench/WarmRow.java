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

  private static final String BUSY = ", back to back";
  private static final String PACED = ", 1,000 calls/s";

  /** Calls of which none has to be warm. */
  static final int ANY = Integer.MAX_VALUE;

  private final Effort effort;
  private final List<String> server;

  WarmRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    List<Line> lines = new ArrayList<>();
    List<Value> values = new ArrayList<>();
    List<Absence> absences = new ArrayList<>();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      for (Language language : Language.values()) {
        Path program;
        try {
          program = functions.create(language);
        } catch (Language.Missing e) {
          String why = String.valueOf(e.getMessage());
          absences.add(new Absence(language.title() + BUSY, "Lambic", why));
          absences.add(new Absence(language.title() + PACED, "Lambic", why));
          continue;
        }
        try (BareLoop.Code code = new BareLoop.Code(language, program);
            BareLoop loop = code.start()) {
          Measured measured =
              measure(
                  effort,
                  Functions.name(language),
                  language.asksLate(),
                  loop,
                  functions,
                  lambic.process());
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
        absences,
        List.of(
            "Lambic: isolated, signatures checked, functions of "
                + Functions.MEMORY_MB
                + " MB; floor: the same handler and interpreter in a plain process.",
            "Java: calls that came before AWS's client asked for one, and started another"
                + " environment, are left out.",
            "The client shares the machine's cores with them; the scheduler places them all."));
  }

  /** What was found out about one language. */
  static final class Measured {
    final Rounds floorBusy = new Rounds();
    final Rounds lambicBusy = new Rounds();
    final Rounds floorPaced = new Rounds();
    final Rounds lambicPaced = new Rounds();
    long cpuNanos;
    long calls;

    List<Line> lines(Language language) {
      String busy = language.title() + BUSY;
      String paced = language.title() + PACED;
      return List.of(
          Line.floor(busy, "bare loop", floorBusy),
          Line.of(busy, "Lambic", lambicBusy, floorBusy),
          Line.floor(paced, "bare loop", floorPaced),
          Line.of(paced, "Lambic", lambicPaced, floorPaced));
    }

    Value cpu(Language language) {
      return new Value(
          language.title() + BUSY, "server's CPU per call", cpuNanos / 1e3 / calls, "µs", null);
    }
  }

  /**
   * Measures the function beside the loop.
   *
   * @param late whether its client asks for the next event only after it has sent an answer, so
   *     that a call may come too early for it and start another environment
   */
  static Measured measure(
      Effort effort,
      String function,
      boolean late,
      BareLoop loop,
      Functions functions,
      Child process)
      throws IOException {
    Measured measured = new Measured();
    HttpClient client = functions.client();
    calls(loop.client(), BareLoop.CALL, effort.warmUps() / 2, 0, ANY);
    calls(client, functions.call(function, "world"), effort.warmUps(), 0, ANY);
    int count = effort.calls();
    int cold = late ? count / 20 + 5 : 0;
    for (int round = 0; round < effort.rounds(); round++) {
      byte[] call = functions.call(function, "world");
      measured.floorBusy.add(calls(loop.client(), BareLoop.CALL, count, 0, 0));
      long cpu = process.cpuNanos();
      measured.lambicBusy.add(calls(client, call, count, 0, cold));
      measured.cpuNanos += process.cpuNanos() - cpu;
      measured.calls += count;
      measured.floorPaced.add(calls(loop.client(), BareLoop.CALL, count / 2, PACE_NANOS, 0));
      measured.lambicPaced.add(calls(client, call, count / 2, PACE_NANOS, cold));
    }
    return measured;
  }

  /**
   * Calls of one connection, each minus its handler's time; a pace of 0 is back to back. Calls that
   * are not warm are left out and made again.
   *
   * @param cold how many may not be warm
   */
  static Samples calls(HttpClient client, byte[] call, int count, long pace, int cold)
      throws IOException {
    Samples samples = new Samples();
    long due = System.nanoTime() + pace;
    int left = cold;
    for (int i = 0; i < count; due += pace) {
      long begin = pace == 0 ? System.nanoTime() : begin(due);
      HttpMessage answer = client.exchange(call);
      long end = System.nanoTime();
      Hello hello = Hello.of(answer);
      if (hello.calls() > 1) {
        samples.add(end - begin - hello.nanos());
        i++;
      } else if (--left < 0) {
        throw new IOException("a call that should have been warm was not");
      } else {
        due = end; // those after it are not late because of it
      }
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
