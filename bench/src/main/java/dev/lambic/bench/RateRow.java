package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many environments start in a second when as many as possible shall, and how many of very many
 * that are wanted at once are there after ten seconds.
 */
final class RateRow {
  private static final double BURST_SECONDS = 10;

  private final List<String> server;
  private final Load load;
  private final int cores = Runtime.getRuntime().availableProcessors();

  RateRow(Effort effort, List<String> server) {
    this.server = server;
    load = effort.load();
  }

  Report run() throws IOException, InterruptedException {
    List<Value> values = new ArrayList<>();
    int clients = 4 * cores;
    String sustained = "Python, sustained";
    double floor;
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      Path program = functions.create(Language.PYTHON);
      floor = bare(program, clients);
      values.add(Value.floor(sustained, "bare process", floor / cores, "starts/s per core"));
      String function = functions.createForTenants(Language.PYTHON);
      AtomicInteger tenant = new AtomicInteger();
      cold(lambic, function, tenant, clients, load.coldsBefore(), 0);
      long pid = lambic.process().pid();
      long cpu = Processes.cpuNanosOfTree(pid);
      long begin = System.nanoTime();
      int count = cold(lambic, function, tenant, clients, 0, load.coldMillis());
      double perSecond = count / ((System.nanoTime() - begin) / 1e9);
      double each = (Processes.cpuNanosOfTree(pid) - cpu) / 1e6 / count;
      values.add(
          Value.of(sustained, "Lambic", perSecond / cores, "starts/s per core", floor / cores));
      values.add(new Value(sustained, "processor time per start", each, "ms", null));
    }
    burst(values);
    return new Report(
        "rate",
        "environments that start one after the other and at once, Python, hello handler",
        List.of(),
        values,
        List.of(
            "Sustained: "
                + clients
                + " clients call back to back, each time as a tenant that never called before; "
                + load.coldsBefore()
                + " environments were there already, so each start needs the end of another. Starts"
                + " of the whole machine, whose cores the clients share, divided by its cores.",
            "Processor time: of the server, its launcher and all environments, their ends included.",
            "Floor: the same interpreter in plain processes, started by as many threads.",
            "At once: calls of one function that stay in their handlers for "
                + load.holdMillis() / 1000
                + " s."));
  }

  /** Plain processes, from their start to their first answer; returns how many in a second. */
  private double bare(Path program, int clients) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    long end = begin + Duration.ofMillis(load.coldMillis() / 2).toNanos();
    int count =
        Crowd.run(
                clients,
                number -> {
                  try (BareLoop.Code code = new BareLoop.Code(Language.PYTHON, program)) {
                    return Crowd.until(
                        end,
                        () -> {
                          try (BareLoop loop = code.start()) {
                            first(loop.client().exchange(BareLoop.CALL));
                          }
                        });
                  }
                })
            .stream()
            .mapToInt(Integer::intValue)
            .sum();
    return count / ((System.nanoTime() - begin) / 1e9);
  }

  /** Cold calls, until there were so many or, if that is 0, until the time is over. */
  private static int cold(
      Lambic lambic, String function, AtomicInteger tenant, int clients, int count, long millis)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    int before = tenant.get();
    Crowd.run(
        clients,
        number -> {
          try (Functions functions = new Functions(lambic)) {
            while (count > 0 ? tenant.get() - before < count : System.nanoTime() < end) {
              String name = "tenant-" + tenant.incrementAndGet();
              first(functions.client().exchange(functions.call(function, "world", name)));
            }
            return number;
          }
        });
    return tenant.get() - before;
  }

  private static void first(HttpMessage answer) throws IOException {
    if (Hello.of(answer).calls() != 1) {
      throw new IOException("a call that should have been cold was not");
    }
  }

  /** All calls at once, over connections that are there. */
  private void burst(List<Value> values) throws IOException, InterruptedException {
    String what = String.format(Locale.ROOT, "%,d calls at once", load.burst());
    List<HttpClient> clients = new ArrayList<>();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      functions.create(Language.PYTHON);
      for (int i = 0; i < load.burst(); i++) {
        clients.add(lambic.connect());
      }
      byte[] call = functions.hold(Functions.name(Language.PYTHON), load.holdMillis());
      // As the calls find it, no environment is there.
      functions.change(Language.PYTHON);
      TimeUnit.MILLISECONDS.sleep(100);
      long begin = System.nanoTime();
      for (HttpClient client : clients) {
        client.send(call);
      }
      List<Long> starts = new ArrayList<>();
      int refused = 0;
      for (HttpClient client : clients) {
        HttpMessage answer = client.receive();
        if (answer.status() == 200) {
          Hello hello = Hello.of(answer);
          if (hello.calls() == 1) {
            starts.add(hello.at() - begin);
          }
        } else {
          refused++;
        }
      }
      long[] sorted = starts.stream().mapToLong(Long::longValue).sorted().toArray();
      long within = Arrays.stream(sorted).filter(nanos -> nanos <= BURST_SECONDS * 1e9).count();
      values.add(new Value(what, "environments after 10 s", within, "", null));
      values.add(new Value(what, "environments in the end", sorted.length, "", null));
      values.add(new Value(what, "calls refused", refused, "", null));
      if (sorted.length > 0) {
        values.add(
            new Value(
                what, "until the last of them ran", sorted[sorted.length - 1] / 1e9, "s", null));
      }
    } finally {
      for (HttpClient client : clients) {
        client.close();
      }
    }
  }
}
