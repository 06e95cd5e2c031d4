package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a warm call costs besides its handler when AWS's own runtime client asks for it: functions
 * of a custom runtime that bring the client with them. Otherwise as {@link WarmRow}.
 *
 * <p>The properties {@code lambic.client.python} and {@code lambic.client.node} name directories
 * with the clients.
 */
final class ClientsRow {
  private final Effort effort;
  private final List<String> server;

  ClientsRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    List<Line> lines = new ArrayList<>();
    List<Value> values = new ArrayList<>();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      for (Language language : List.of(Language.PYTHON, Language.NODE)) {
        Path program = functions.createWithClient(language, client(language));
        try (BareLoop.Code code = new BareLoop.Code(language, program);
            BareLoop loop = code.start()) {
          WarmRow.Measured measured =
              WarmRow.measure(
                  effort, Functions.clientName(language), true, loop, functions, lambic.process());
          lines.addAll(measured.lines(language));
          values.add(measured.cpu(language));
        }
      }
    }
    return new Report(
        "clients",
        "a warm call by AWS's runtime clients, client-seen time minus handler time, 1 connection",
        lines,
        values,
        List.of(
            "As the row warm, with functions of provided.al2023 that AWS's own client runs.",
            "Calls that came before the client asked for one, and started another environment, are"
                + " left out.",
            "The client shares the machine's cores with them; the scheduler places them all."));
  }

  private static Path client(Language language) throws IOException {
    String property = "lambic.client." + language.name().toLowerCase(Locale.ROOT);
    String named = System.getProperty(property);
    if (named == null || !Files.isDirectory(Path.of(named))) {
      throw new IOException(
          property + " names no directory with AWS's runtime client; use ./lambic bench clients");
    }
    return Path.of(named);
  }
}
