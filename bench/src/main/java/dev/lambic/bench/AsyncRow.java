package dev.lambic.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** What it costs to accept events that are run later, and how soon they are. */
final class AsyncRow {
  private static final int PER_SECOND = 500;

  /** Until the event has run, so that it and the question for it do not meet. */
  private static final long APART_MILLIS = 40;

  /** Longer than all of it takes, shorter than the function's timeout. */
  private static final long HOLD_MILLIS = 58_000;

  private final Effort effort;
  private final List<String> server;
  private final List<Line> lines = new ArrayList<>();
  private final List<Value> values = new ArrayList<>();

  AsyncRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    accept();
    start();
    return new Report(
        "async",
        "events of asynchronous invocations, Python, hello handler",
        lines,
        values,
        List.of(
            "Accepts: the only environment that the function may have is busy, so no event runs"
                + " meanwhile; each is on the disk before its 202.",
            "Floor of their latency: a write of as many bytes to a file, and its fdatasync.",
            "Until the handler starts: from the first byte of the call, nothing else going on, the"
                + " environment frozen; floor: a bare loop that is called synchronously."));
  }

  private void accept() throws IOException, InterruptedException {
    Rounds floor = new Rounds();
    Rounds paced = new Rounds();
    int connections = effort.load().connections();
    List<HttpClient> clients = new ArrayList<>();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic);
        Scratch scratch = Scratch.create();
        FileChannel file =
            FileChannel.open(
                scratch.path().resolve("synced"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
      functions.create(Language.PYTHON);
      functions.reserve(Language.PYTHON, 1);
      accepted(functions.client().exchange(functions.event(Language.PYTHON, HOLD_MILLIS)));
      byte[] event = functions.event(Language.PYTHON, 0);
      for (int i = 0; i < connections; i++) {
        clients.add(lambic.connect());
      }
      acceptFor(clients, event, effort.load().warmMillis() / 2);
      long nanos = 0;
      long count = 0;
      for (int round = 0; round < effort.rounds(); round++) {
        long cpu = lambic.process().cpuNanos();
        count += acceptFor(clients, event, effort.load().millis());
        nanos += lambic.process().cpuNanos() - cpu;
        ByteBuffer bytes = ByteBuffer.allocate(event.length);
        floor.add(
            pace(
                1,
                _ -> {
                  file.write(bytes.rewind());
                  file.force(false);
                }));
        paced.add(pace(connections, number -> accepted(clients.get(number).exchange(event))));
      }
      values.add(new Value("durable accept", "Lambic", count / (nanos / 1e9), "calls", null));
    } finally {
      for (HttpClient client : clients) {
        client.close();
      }
    }
    String what = String.format(Locale.ROOT, "durable accept, %d/s", PER_SECOND);
    lines.add(Line.floor(what, "synced write", floor));
    lines.add(Line.of(what, "Lambic", paced, floor));
  }

  private static long acceptFor(List<HttpClient> clients, byte[] event, long millis)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    return Crowd.run(
            clients.size(),
            number -> Crowd.until(end, () -> accepted(clients.get(number).exchange(event))))
        .stream()
        .mapToLong(Integer::longValue)
        .sum();
  }

  /** What one client does when it is its turn. */
  private interface Turn {
    void take(int number) throws IOException, InterruptedException;
  }

  private Samples pace(int size, Turn turn) throws IOException, InterruptedException {
    long interval = Duration.ofSeconds(1).toNanos() / PER_SECOND;
    long begin = System.nanoTime() + 10 * interval;
    int each = Math.max(1, effort.calls() / 8 / size);
    Samples round = new Samples();
    Crowd.run(
            size,
            number -> Crowd.paced(number, size, begin, interval, each, () -> turn.take(number)))
        .forEach(round::addAll);
    return round;
  }

  private void start() throws IOException, InterruptedException {
    Rounds floor = new Rounds();
    Rounds mine = new Rounds();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      Path program = functions.create(Language.PYTHON);
      byte[] call = functions.call(Language.PYTHON, "world");
      WarmRow.calls(functions.client(), call, effort.warmUps() / 10, 0, WarmRow.ANY);
      try (BareLoop.Code code = new BareLoop.Code(Language.PYTHON, program);
          BareLoop loop = code.start()) {
        starts(functions, effort.paced());
        for (int round = 0; round < effort.rounds(); round++) {
          Samples bare = new Samples();
          for (int i = 0; i < effort.paced(); i++) {
            TimeUnit.MILLISECONDS.sleep(APART_MILLIS / 4);
            long begin = System.nanoTime();
            bare.add(Hello.of(loop.client().exchange(BareLoop.CALL)).at() - begin);
          }
          floor.add(bare);
          mine.add(starts(functions, effort.paced()));
        }
      }
    }
    String what = "accept until the handler starts";
    lines.add(Line.floor(what, "bare loop", floor));
    lines.add(Line.of(what, "Lambic", mine, floor));
  }

  /** The call after each event tells when the event's handler began. */
  private static Samples starts(Functions functions, int count)
      throws IOException, InterruptedException {
    HttpClient client = functions.client();
    byte[] event = functions.event(Language.PYTHON, 0);
    byte[] call = functions.call(Language.PYTHON, "world");
    Samples samples = new Samples();
    long calls = Hello.of(client.exchange(call)).calls();
    for (int i = 0; i < count; i++) {
      TimeUnit.MILLISECONDS.sleep(APART_MILLIS);
      long begin = System.nanoTime();
      accepted(client.exchange(event));
      TimeUnit.MILLISECONDS.sleep(APART_MILLIS);
      HttpMessage answer = client.exchange(call);
      long now = Hello.of(answer).calls();
      // A question that came too early has found, or started, another environment.
      if (now == calls + 2) {
        samples.add(Json.number(answer.body(), "before") - begin);
      }
      calls = now;
    }
    return samples;
  }

  private static void accepted(HttpMessage answer) throws IOException {
    if (answer.status() != 202) {
      throw new IOException("not accepted: " + answer.status() + " " + answer.text());
    }
  }
}
