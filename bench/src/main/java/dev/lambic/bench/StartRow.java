package dev.lambic.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The server itself: how long it takes to its first answer, and what it uses while idle. */
final class StartRow {
  private final Effort effort;
  private final List<String> server;

  StartRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    Rounds floor = new Rounds();
    Rounds mine = new Rounds();
    // The first of each warms the page cache.
    java();
    lambic();
    for (int i = 0; i < effort.starts(); i++) {
      floor.add(java());
      mine.add(lambic());
    }
    double resident;
    double busy;
    try (Lambic lambic = Lambic.start(server)) {
      TimeUnit.SECONDS.sleep(effort.idleSeconds());
      long cpu = lambic.process().cpuNanos();
      TimeUnit.SECONDS.sleep(effort.idleSeconds());
      busy = (lambic.process().cpuNanos() - cpu) / 1e9 / effort.idleSeconds();
      resident = lambic.process().residentBytes() / (double) (1 << 20);
    }
    return new Report(
        "start",
        "the server, from its start to the first 200 of /_lambic/health, and idle",
        List.of(
            Line.floor("start", "JVM that says hello", floor),
            Line.of("start", "Lambic", mine, floor)),
        List.of(
            new Value("resident memory, idle", "Lambic", resident, "MiB", null),
            new Value("CPU, idle", "Lambic", 100 * busy, "% of a core", null)),
        List.of("Each start has an empty data directory."));
  }

  private static Samples java() throws IOException, InterruptedException {
    Samples one = new Samples();
    long begin = System.nanoTime();
    try (Child child = Child.startJava(HelloMain.class.getName())) {
      child.await("hello", Duration.ofSeconds(30));
      one.add(System.nanoTime() - begin);
    }
    return one;
  }

  private Samples lambic() throws IOException, InterruptedException {
    Samples one = new Samples();
    long begin = System.nanoTime();
    Lambic lambic = Lambic.start(server);
    one.add(System.nanoTime() - begin);
    lambic.close();
    return one;
  }
}
