package dev.lambic.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToDoubleFunction;

/**
 * Compares HTTP servers, each in a process of its own, by the same client in the same run.
 *
 * <p>One connection back to back shows what a server adds to an answer; many at once show how many
 * it gives, and its own processor time for each, which the load generator has no part in.
 */
final class HttpServers {
  private static final int CONNECTIONS = 16;
  private static final int LISTENERS = 200;
  private static final byte[] BODY =
      "{\"order\":\"A-1001\",\"items\":[{\"sku\":\"tea\",\"count\":2},{\"sku\":\"cup\",\"count\":1}],\"note\":\"small event\"}"
          .getBytes(StandardCharsets.UTF_8);
  private static final byte[] REQUEST = request();

  private final Effort effort;

  /** A candidate that runs, and what was found out about it. */
  private static final class Subject {
    final Child child;
    final InetSocketAddress address;
    final Map<Placement, Rounds> latencies = new EnumMap<>(Placement.class);
    long answers;
    long nanos;
    long cpuNanos;
    long threadsAdded;
    long bytesAdded;

    Subject(Child child, InetSocketAddress address) {
      this.child = child;
      this.address = address;
      for (Placement placement : Placement.values()) {
        latencies.put(placement, new Rounds());
      }
    }

    Rounds latencies(Placement placement) {
      return Objects.requireNonNull(latencies.get(placement));
    }

    /** What was only a warm-up does not count. */
    void forget() {
      answers = 0;
      nanos = 0;
      cpuNanos = 0;
    }

    double perSecond() {
      return answers / (nanos / 1e9);
    }

    double cpuMicros() {
      return cpuNanos / 1e3 / answers;
    }

    double mebibytesAdded() {
      return bytesAdded / (double) (1 << 20);
    }
  }

  HttpServers(Effort effort) {
    this.effort = effort;
  }

  Report run() throws IOException, InterruptedException {
    Map<Candidate, Subject> subjects = new EnumMap<>(Candidate.class);
    BitSet allowed = Cores.allowed();
    try {
      for (Candidate candidate : Candidate.values()) {
        subjects.put(candidate, start(candidate));
      }
      for (Subject subject : subjects.values()) {
        latencies(subject, effort.warmUps());
        load(subject);
        subject.forget();
      }
      for (int round = 0; round < effort.rounds(); round++) {
        for (Placement placement : Placement.values()) {
          Cores.pinThis(placement.client(allowed));
          for (Subject subject : subjects.values()) {
            Cores.pinProcess(subject.child.pid(), placement.server(allowed));
            subject.latencies(placement).add(latencies(subject, effort.calls()));
          }
        }
        // The last placement is the free one.
        for (Subject subject : subjects.values()) {
          load(subject);
        }
      }
      for (Subject subject : subjects.values()) {
        listenMore(subject);
      }
      return report(subjects);
    } finally {
      subjects.values().forEach(subject -> subject.child.close());
      Cores.pinThis(allowed);
    }
  }

  private static Subject start(Candidate candidate) throws IOException, InterruptedException {
    Child child = Child.startJava(EchoMain.class.getName(), candidate.name());
    try {
      int port = Integer.parseInt(child.await("port ", Duration.ofSeconds(30)));
      return new Subject(child, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (IOException | InterruptedException e) {
      child.close();
      throw e;
    }
  }

  private static byte[] request() {
    byte[] head =
        ("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Accept: */*\r\nUser-Agent: bench\r\nContent-Length: "
                + BODY.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    byte[] whole = Arrays.copyOf(head, head.length + BODY.length);
    System.arraycopy(BODY, 0, whole, head.length, BODY.length);
    return whole;
  }

  private static Samples latencies(Subject subject, int calls) throws IOException {
    Samples samples = new Samples();
    try (HttpClient client = HttpClient.connect(subject.address)) {
      for (int i = 0; i < calls; i++) {
        long begin = System.nanoTime();
        HttpMessage answer = client.exchange(REQUEST);
        samples.add(System.nanoTime() - begin);
        check(answer);
      }
    }
    return samples;
  }

  private void load(Subject subject) throws IOException, InterruptedException {
    long cpu = subject.child.cpuNanos();
    long begin = System.nanoTime();
    long end = begin + Duration.ofMillis(effort.loadMillis()).toNanos();
    try (ExecutorService clients = Executors.newFixedThreadPool(CONNECTIONS)) {
      List<Future<Integer>> counts = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        counts.add(clients.submit(() -> callUntil(subject.address, end)));
      }
      for (Future<Integer> count : counts) {
        subject.answers += count.get();
      }
    } catch (ExecutionException e) {
      throw new IOException("a client failed", e.getCause());
    }
    subject.nanos += System.nanoTime() - begin;
    subject.cpuNanos += subject.child.cpuNanos() - cpu;
  }

  private static void listenMore(Subject subject) throws IOException, InterruptedException {
    long threads = subject.child.threads();
    long bytes = subject.child.residentBytes();
    subject.child.say(new byte[LISTENERS]);
    subject.child.await("listeners " + (LISTENERS + 1), Duration.ofSeconds(60));
    subject.threadsAdded = subject.child.threads() - threads;
    subject.bytesAdded = subject.child.residentBytes() - bytes;
  }

  private static int callUntil(InetSocketAddress address, long end) throws IOException {
    int count = 0;
    try (HttpClient client = HttpClient.connect(address)) {
      do {
        check(client.exchange(REQUEST));
        count++;
      } while (System.nanoTime() < end);
    }
    return count;
  }

  private static void check(HttpMessage answer) throws IOException {
    if (answer.status() != 200 || !Arrays.equals(answer.body(), BODY)) {
      throw new IOException("not the answer that was asked for: " + answer.status());
    }
  }

  private static Report report(Map<Candidate, Subject> subjects) {
    Subject floor = Objects.requireNonNull(subjects.get(Candidate.BARE));
    List<Line> lines = new ArrayList<>();
    for (Placement placement : Placement.values()) {
      String what = "1 connection, " + placement.title();
      Rounds least = floor.latencies(placement);
      subjects.forEach((candidate, subject) ->
          lines.add(
              subject == floor
                  ? Line.floor(what, candidate.title(), least)
                  : Line.of(what, candidate.title(), subject.latencies(placement), least)));
    }
    List<Value> values = new ArrayList<>();
    String many = CONNECTIONS + " connections";
    String more = LISTENERS + " more listeners";
    values.addAll(values(subjects, many, "answers/s", Subject::perSecond, true));
    values.addAll(values(subjects, "server's CPU per answer", "µs", Subject::cpuMicros, true));
    values.addAll(values(subjects, more, "threads", subject -> subject.threadsAdded, false));
    values.addAll(values(subjects, more, "MiB", Subject::mebibytesAdded, false));
    return new Report(
        "http",
        "HTTP servers, echo of " + BODY.length + " bytes over loopback",
        lines,
        values,
        List.of(
            "Each server is a JVM of its own. Apart: the client has a core and the server another;"
                + " together: both share one; free: where the scheduler likes.",
            "Answers/s with "
                + CONNECTIONS
                + " connections include the load generator's work; CPU per answer does not."));
  }

  private static List<Value> values(
      Map<Candidate, Subject> subjects,
      String what,
      String unit,
      ToDoubleFunction<Subject> value,
      boolean compared) {
    double floor = value.applyAsDouble(Objects.requireNonNull(subjects.get(Candidate.BARE)));
    List<Value> values = new ArrayList<>();
    subjects.forEach((candidate, subject) -> {
      double found = value.applyAsDouble(subject);
      Double ratio = compared && candidate != Candidate.BARE ? found / floor : null;
      values.add(new Value(what, candidate.title(), found, unit, ratio));
    });
    return values;
  }
}
