package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What it costs that an environment is frozen between calls: calls so far apart that each finds it
 * frozen, and calls so close that none does, both at a steady pace.
 */
final class FreezeRow {
  private static final long APART_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long CLOSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Effort effort;
  private final List<String> server;

  FreezeRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    List<Line> lines = new ArrayList<>();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      for (Language language : List.of(Language.PYTHON, Language.NODE)) {
        Path program = functions.create(language);
        try (BareLoop.Code code = new BareLoop.Code(language, program);
            BareLoop loop = code.start()) {
          measure(language, loop, functions, lines);
        }
      }
    }
    return new Report(
        "freeze",
        "a warm call to an environment that is frozen, and to one that is not yet",
        lines,
        List.of(),
        List.of(
            "Client-seen time minus handler time, as in the row warm.",
            "Frozen: calls every 50 ms; not frozen: every 5 ms, before the freezing begins."));
  }

  private void measure(Language language, BareLoop loop, Functions functions, List<Line> lines)
      throws IOException {
    Rounds floorApart = new Rounds();
    Rounds frozen = new Rounds();
    Rounds floorClose = new Rounds();
    Rounds running = new Rounds();
    int count = effort.paced();
    WarmRow.calls(loop.client(), BareLoop.CALL, effort.warmUps() / 2, 0, WarmRow.ANY);
    WarmRow.calls(
        functions.client(), functions.call(language, "world"), effort.warmUps(), 0, WarmRow.ANY);
    for (int round = 0; round < effort.rounds(); round++) {
      byte[] call = functions.call(language, "world");
      HttpClient client = functions.client();
      floorApart.add(WarmRow.calls(loop.client(), BareLoop.CALL, count, APART_NANOS, 0));
      frozen.add(WarmRow.calls(client, call, count, APART_NANOS, 0));
      floorClose.add(WarmRow.calls(loop.client(), BareLoop.CALL, count, CLOSE_NANOS, 0));
      running.add(WarmRow.calls(client, call, count, CLOSE_NANOS, 0));
    }
    String apart = language.title() + ", every 50 ms";
    String close = language.title() + ", every 5 ms";
    lines.add(Line.floor(apart, "bare loop", floorApart));
    lines.add(Line.of(apart, "Lambic, frozen", frozen, floorApart));
    lines.add(Line.floor(close, "bare loop", floorClose));
    lines.add(Line.of(close, "Lambic, not frozen", running, floorClose));
  }
}
