package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A call for which no environment exists: from its first byte until the client has the answer. */
final class ColdRow {
  /** Between samples, so that none pays for the end of what the one before it started. */
  private static final long PAUSE_MILLIS = 20;

  /** Between those that come one by one: what is kept ready for them is made in less. */
  private static final long APART_MILLIS = 400;

  private static final String CLOSE = ", back to back";

  private final Effort effort;
  private final List<String> server;

  ColdRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    List<Line> lines = new ArrayList<>();
    List<Absence> absences = new ArrayList<>();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      for (Language language : Language.values()) {
        try {
          measure(language, functions.create(language), functions, lines);
        } catch (Language.Missing e) {
          absences.add(new Absence(language.title(), "Lambic", String.valueOf(e.getMessage())));
        }
      }
    }
    return new Report(
        "cold",
        "a call without an environment, code on the node, hello handlers, 1 connection",
        lines,
        List.of(),
        absences,
        List.of(
            "Lambic: isolated, signatures checked, functions of "
                + Functions.MEMORY_MB
                + " MB, configuration changed before each call.",
            "A call every "
                + APART_MILLIS
                + " ms finds what is kept ready for it; of those that come back to back, "
                + PAUSE_MILLIS
                + " ms apart, each waits for what is not ready yet.",
            "Floor: the same handler and interpreter in a plain process, from posix_spawn to its"
                + " first answer."));
  }

  private void measure(Language language, Path program, Functions functions, List<Line> lines)
      throws IOException, InterruptedException {
    Rounds floor = new Rounds();
    Rounds mine = new Rounds();
    Rounds close = new Rounds();
    try (BareLoop.Code code = new BareLoop.Code(language, program)) {
      floor(code, effort.colds());
      lambic(functions, language, effort.colds(), PAUSE_MILLIS);
      for (int round = 0; round < effort.rounds(); round++) {
        floor.add(floor(code, effort.colds()));
        mine.add(lambic(functions, language, effort.colds(), effort.apart(APART_MILLIS)));
        close.add(lambic(functions, language, effort.colds(), PAUSE_MILLIS));
      }
    }
    lines.add(Line.floor(language.title(), "bare process", floor));
    lines.add(Line.of(language.title(), "Lambic", mine, floor));
    String what = language.title() + CLOSE;
    lines.add(Line.floor(what, "bare process", floor));
    lines.add(Line.of(what, "Lambic", close, floor));
  }

  private static Samples floor(BareLoop.Code code, int count)
      throws IOException, InterruptedException {
    Samples samples = new Samples();
    for (int i = 0; i < count; i++) {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      long begin = System.nanoTime();
      try (BareLoop loop = code.start()) {
        HttpMessage answer = loop.client().exchange(BareLoop.CALL);
        samples.add(System.nanoTime() - begin);
        first(answer);
      }
    }
    return samples;
  }

  private static Samples lambic(Functions functions, Language language, int count, long pauseMillis)
      throws IOException, InterruptedException {
    Samples samples = new Samples();
    for (int i = 0; i < count; i++) {
      functions.change(language);
      byte[] call = functions.call(language, "world");
      TimeUnit.MILLISECONDS.sleep(pauseMillis);
      long begin = System.nanoTime();
      HttpMessage answer = functions.client().exchange(call);
      samples.add(System.nanoTime() - begin);
      first(answer);
    }
    return samples;
  }

  private static void first(HttpMessage answer) throws IOException {
    if (Hello.of(answer).calls() != 1) {
      throw new IOException("a call that should have been cold was not");
    }
  }
}
