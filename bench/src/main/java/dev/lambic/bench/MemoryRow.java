package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The memory that an idle environment has for itself, beside that of a plain process. */
final class MemoryRow {
  private static final double MIB = 1 << 20;

  private final Effort effort;
  private final List<String> server;

  MemoryRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    List<Value> values = new ArrayList<>();
    for (Language language : Language.values()) {
      measure(language, values);
    }
    return new Report(
        "memory",
        "private memory of an idle environment after a call, hello handlers",
        List.of(),
        values,
        List.of(
            "Lambic: all processes of "
                + effort.environments()
                + " environments of one function, divided by their number.",
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
      fill(lambic, functions, language);
      double mine = Memory.ofEnvironments(lambic.process().pid()) / MIB / effort.environments();
      values.add(new Value(language.title(), "bare process", floor, "MiB", null));
      values.add(new Value(language.title(), "Lambic", mine, "MiB", mine / floor));
    }
  }

  /** As many calls at once as there shall be environments; each lasts until all have begun. */
  private void fill(Lambic lambic, Functions functions, Language language) throws IOException {
    List<HttpClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < effort.environments(); i++) {
        clients.add(lambic.connect());
      }
      byte[] call = functions.call(language, "wait");
      for (HttpClient client : clients) {
        client.send(call);
      }
      for (HttpClient client : clients) {
        HttpMessage answer = client.receive();
        if (answer.status() != 200) {
          throw new IOException("the call failed: " + answer.text());
        }
      }
    } finally {
      for (HttpClient client : clients) {
        client.close();
      }
    }
  }
}
