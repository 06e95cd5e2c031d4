package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * Other programs that run functions of Lambda on one machine, beside Lambic: the same handlers and
 * interpreters, the same client, one program after the other, so that none disturbs another.
 */
final class PeersRow {
  private static final long PAUSE_MILLIS = 20;
  private static final int WAVE = 10;

  private final Effort effort;
  private final List<String> server;
  private final List<Line> lines = new ArrayList<>();
  private final List<Value> values = new ArrayList<>();
  private final List<Absence> absences = new ArrayList<>();

  PeersRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  /** How something is called that runs. */
  private interface Calls {
    /** A warm call, and what it answers. */
    HttpMessage warm() throws IOException;

    /** The times of so many cold calls, or of fewer if the time is over before. */
    Samples cold(int count, long end) throws IOException, InterruptedException;
  }

  Report run() throws IOException, InterruptedException {
    Map<Language, Path> programs = lambic();
    for (Peer peer : Peer.values()) {
      for (Map.Entry<Language, Path> program : programs.entrySet()) {
        peer(peer, program.getKey(), program.getValue());
      }
    }
    return new Report(
        "peers",
        "Lambic and others, one after the other, hello handlers, 1 connection",
        lines,
        values,
        absences,
        List.of(
            "Warm: client-seen time minus handler time. Cold: ministack and Lambic, as its"
                + " configuration has changed; serverless-offline, beside calls that hold all other"
                + " environments; RIE, the first call of a process that has started.",
            "Only Lambic isolates and limits what it runs, and checks signatures.",
            "Each ratio is to the floor that took turns with it."));
  }

  /** Measures Lambic; returns the interpreters that it runs the functions on. */
  private Map<Language, Path> lambic() throws IOException, InterruptedException {
    Map<Language, Path> programs = new EnumMap<>(Language.class);
    long begin = System.nanoTime();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      weigh("Lambic", System.nanoTime() - begin, lambic.process().residentBytes());
      for (Language language : Peer.languages()) {
        programs.put(language, functions.create(language));
        measure(
            "Lambic",
            language,
            Objects.requireNonNull(programs.get(language)),
            true,
            new Calls() {
              @Override
              public HttpMessage warm() throws IOException {
                return functions.client().exchange(functions.call(language, "world"));
              }

              @Override
              public Samples cold(int count, long end) throws IOException, InterruptedException {
                Samples samples = new Samples();
                while (samples.count() < count && System.nanoTime() < end) {
                  functions.change(language);
                  samples.add(first(functions.client(), functions.call(language, "world")));
                }
                return samples;
              }
            });
      }
    }
    return programs;
  }

  private void weigh(String subject, long nanos, long bytes) {
    values.add(new Value("start until it answers", subject, nanos / 1e9, "s", null));
    values.add(
        new Value("resident memory after it", subject, bytes / (double) (1 << 20), "MiB", null));
  }

  private void peer(Peer peer, Language language, Path program)
      throws IOException, InterruptedException {
    try (PeerServer running = PeerServer.start(peer, language, program)) {
      if (language == Language.PYTHON) {
        weigh(peer.title(), running.startNanos(), running.residentBytes());
      }
      running.create();
      measure(
          peer.title(),
          language,
          program,
          false,
          new Calls() {
            @Override
            public HttpMessage warm() throws IOException {
              return running.exchange(running.call());
            }

            @Override
            public Samples cold(int count, long end) throws IOException, InterruptedException {
              return peer.startsForEachCold()
                  ? fresh(peer, language, program, count, end)
                  : peer.hasApi() ? changed(running, count, end) : beside(running, count, end);
            }
          });
    } catch (IOException e) {
      String reason = String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip();
      absences.add(
          new Absence(
              language.title(),
              peer.title(),
              reason.length() > 200 ? reason.substring(0, 200) + "…" : reason));
    }
  }

  private void measure(
      String subject, Language language, Path program, boolean withFloor, Calls calls)
      throws IOException, InterruptedException {
    Rounds floorWarm = new Rounds();
    Rounds warm = new Rounds();
    Rounds floorCold = new Rounds();
    Rounds cold = new Rounds();
    int rounds = Math.min(4, effort.rounds());
    try (BareLoop.Code code = new BareLoop.Code(language, program);
        BareLoop loop = code.start()) {
      warm(() -> loop.client().exchange(BareLoop.CALL), effort.warmUps() / 4, effort.load());
      warm(calls::warm, effort.warmUps() / 4, effort.load());
      for (int round = 0; round < rounds; round++) {
        int count = 10 * effort.calls() / 2 / rounds;
        floorWarm.add(warm(() -> loop.client().exchange(BareLoop.CALL), count, effort.load()));
        warm.add(warm(calls::warm, count, effort.load()));
      }
      int colds = Math.max(1, 10 * effort.colds() / rounds);
      for (int round = 0; round < rounds; round++) {
        Samples floor = new Samples();
        for (int i = 0; i < colds / 3 + 1; i++) {
          TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
          long begin = System.nanoTime();
          try (BareLoop one = code.start()) {
            Hello.of(one.client().exchange(BareLoop.CALL));
            floor.add(System.nanoTime() - begin);
          }
        }
        floorCold.add(floor);
        long millis = 10L * effort.load().millis();
        cold.add(calls.cold(colds, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis)));
      }
    }
    String busy = "warm: " + language.title() + ", back to back";
    String none = "cold: " + language.title();
    if (withFloor) {
      lines.add(Line.floor(busy, "bare loop", floorWarm));
      lines.add(Line.floor(none, "bare process", floorCold));
    }
    lines.add(Line.of(busy, subject, warm, floorWarm));
    lines.add(Line.of(none, subject, cold, floorCold));
  }

  /** One call. */
  private interface Call {
    HttpMessage exchange() throws IOException;
  }

  /** Warm calls back to back, each minus its handler's time: so many, or fewer in three loads. */
  private static Samples warm(Call call, int count, Load load) throws IOException {
    Samples samples = new Samples();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(3L * load.millis());
    while (samples.count() == 0 || (samples.count() < count && System.nanoTime() < end)) {
      long begin = System.nanoTime();
      HttpMessage answer = call.exchange();
      long nanos = System.nanoTime() - begin;
      Hello hello = Hello.of(answer);
      if (hello.calls() > 1) {
        samples.add(nanos - hello.nanos());
      }
    }
    return samples;
  }

  /** A call that has to be the first of its environment, minus what it was held. */
  private static long first(HttpClient client, byte[] call)
      throws IOException, InterruptedException {
    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    long begin = System.nanoTime();
    HttpMessage answer = client.exchange(call);
    long nanos = System.nanoTime() - begin;
    if (Hello.of(answer).calls() != 1) {
      throw new IOException("a call that should have been cold was not");
    }
    return nanos;
  }

  private static Samples changed(PeerServer running, int count, long end)
      throws IOException, InterruptedException {
    Samples samples = new Samples();
    do {
      running.change();
      try (HttpClient client = running.connect()) {
        samples.add(first(client, running.call()));
      }
    } while (samples.count() < count && System.nanoTime() < end);
    return samples;
  }

  private static Samples fresh(Peer peer, Language language, Path program, int count, long end)
      throws IOException, InterruptedException {
    Samples samples = new Samples();
    do {
      try (PeerServer next = PeerServer.start(peer, language, program);
          HttpClient client = next.connect()) {
        samples.add(first(client, next.call()));
      }
    } while (samples.count() < count && System.nanoTime() < end);
    return samples;
  }

  /** Calls one after the other, each of which stays, so that the next needs an environment. */
  private static Samples beside(PeerServer running, int count, long end)
      throws IOException, InterruptedException {
    Samples samples = new Samples();
    do {
      // Those of the wave before end when they have been idle for a second.
      TimeUnit.MILLISECONDS.sleep(3_000);
      int size = Math.min(WAVE, count - samples.count());
      List<HttpClient> clients = new ArrayList<>();
      List<Long> found = new ArrayList<>();
      try {
        for (int i = 0; i < size; i++) {
          clients.add(running.connect());
        }
        byte[] call = running.hold(4_000);
        Crowd.run(
                size,
                number -> {
                  TimeUnit.MILLISECONDS.sleep(300L * number);
                  long begin = System.nanoTime();
                  Hello hello = Hello.of(clients.get(number).exchange(call));
                  return hello.calls() == 1 ? System.nanoTime() - begin - hello.nanos() : -1;
                })
            .stream()
            .filter(nanos -> nanos >= 0)
            .forEach(found::add);
      } finally {
        for (HttpClient client : clients) {
          client.close();
        }
      }
      found.forEach(samples::add);
      if (found.isEmpty()) {
        throw new IOException("calls that should have been cold were not");
      }
    } while (samples.count() < count && System.nanoTime() < end);
    return samples;
  }
}
