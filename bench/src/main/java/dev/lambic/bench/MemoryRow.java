package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The memory that an idle environment has for itself, beside that of a plain process. */
final class MemoryRow {
  private static final double MIB = 1 << 20;
  private static final long HOLD_MILLIS = 1_000;
  private static final long MOST_HOLD_MILLIS = 16_000;

  private final Effort effort;
  private final List<String> server;

  MemoryRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    List<Value> values = new ArrayList<>();
    List<Absence> absences = new ArrayList<>();
    for (Language language : Language.values()) {
      try {
        measure(language, values);
      } catch (Language.Missing e) {
        absences.add(new Absence(language.title(), "Lambic", String.valueOf(e.getMessage())));
      }
    }
    return new Report(
        "memory",
        "private memory of an idle environment after a call, hello handlers",
        List.of(),
        values,
        absences,
        List.of(
            "Lambic: what all processes of twice "
                + effort.environments()
                + " environments of one function have more than those of "
                + effort.environments()
                + ", for each.",
            "Floor: the same handler and interpreter in a plain process. Private pages only; what"
                + " processes share is counted for none."));
  }

  private void measure(Language language, List<Value> values)
      throws IOException, InterruptedException {
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      Path program = functions.create(language);
      double floor;
      try (BareLoop.Code code = new BareLoop.Code(language, program);
          BareLoop loop = code.start()) {
        loop.client().exchange(BareLoop.CALL);
        floor = Memory.ofProcess(loop.pid()) / MIB;
      }
      // There is one after this; what the server keeps ready besides is in both sums.
      functions.client().exchange(functions.call(language, "world"));
      fill(lambic, functions, language, 1, effort.environments());
      long before = Memory.ofEnvironments(lambic.process().pid());
      fill(lambic, functions, language, effort.environments(), 2 * effort.environments());
      long after = Memory.ofEnvironments(lambic.process().pid());
      double mine = (after - before) / MIB / effort.environments();
      values.add(new Value(language.title(), "bare process", floor, "MiB", null));
      values.add(new Value(language.title(), "Lambic", mine, "MiB", mine / floor));
    }
  }

  /**
   * Makes environments by as many calls at once, each of which lasts until all have begun.
   *
   * @param there how many there are before
   * @param wanted how many there shall be
   */
  private static void fill(
      Lambic lambic, Functions functions, Language language, int there, int wanted)
      throws IOException {
    int made = there;
    List<HttpClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < wanted; i++) {
        clients.add(lambic.connect());
      }
      for (long hold = HOLD_MILLIS; made < wanted; hold *= 2) {
        if (hold > MOST_HOLD_MILLIS) {
          throw new IOException("there are only " + made + " environments");
        }
        byte[] call = functions.hold(Functions.name(language), hold);
        for (HttpClient client : clients) {
          client.send(call);
        }
        for (HttpClient client : clients) {
          made += Hello.of(client.receive()).calls() == 1 ? 1 : 0;
        }
      }
    } finally {
      for (HttpClient client : clients) {
        client.close();
      }
    }
  }
}
