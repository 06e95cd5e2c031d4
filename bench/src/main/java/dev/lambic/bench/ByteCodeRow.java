package dev.lambic.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Calls without an environment of functions with much code, which was compiled ahead or was not.
 */
final class ByteCodeRow {
  private static final String DIRECTORY = "byte-code";
  private static final long PAUSE_MILLIS = 20;

  private static final int OLDEST = 22;

  private final Effort effort;
  private final List<String> server;
  private final List<Line> lines = new ArrayList<>();
  private final List<Absence> absences = new ArrayList<>();

  ByteCodeRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    for (Language language : List.of(Language.PYTHON, Language.NODE)) {
      try (Lambic with = Lambic.start(server);
          Lambic without = Lambic.start(server, List.of("--without", "byte-code"));
          Functions ahead = new Functions(with);
          Functions plain = new Functions(without)) {
        measure(language, with, ahead, plain);
      }
    }
    return new Report(
        "bytecode",
        "a call without an environment, of functions with much code, 1 connection",
        lines,
        List.of(),
        absences,
        List.of(
            "Python: a package of 100 modules, 1.7 MB; Node.js: a bundle of 300 modules, 4.6 MB."
                + " Configuration changed before each call.",
            "Floor: the same server by --without byte-code."));
  }

  private void measure(Language language, Lambic with, Functions ahead, Functions plain)
      throws IOException, InterruptedException {
    byte[] code = LargeCode.zip(language);
    // The first runtime of Node.js whose code can be compiled ahead, and any of Python.
    String runtime = language == Language.NODE ? "nodejs" + OLDEST + ".x" : "python3.13";
    ahead.create(language, runtime, code);
    plain.create(language, runtime, code);
    if (!canCompile(ahead, language)) {
      absences.add(new Absence(language.title(), "Lambic", runtime + " is not there"));
      return;
    }
    with.awaitEntry(DIRECTORY, "-code-");
    Rounds floor = new Rounds();
    Rounds mine = new Rounds();
    colds(plain, language, effort.colds());
    colds(ahead, language, effort.colds());
    for (int round = 0; round < effort.rounds(); round++) {
      floor.add(colds(plain, language, effort.colds()));
      mine.add(colds(ahead, language, effort.colds()));
    }
    lines.add(Line.floor(language.title(), "without", floor));
    lines.add(Line.of(language.title(), "Lambic", mine, floor));
  }

  /** Whether the interpreter that was found is one that takes what was compiled. */
  private static boolean canCompile(Functions functions, Language language) throws IOException {
    HttpMessage answer = functions.client().exchange(functions.call(language, "version"));
    String version = Json.member(answer.body(), "version");
    return language != Language.NODE || OLDEST <= Integer.parseInt(version.split("[v.]")[1]);
  }

  private static Samples colds(Functions functions, Language language, int count)
      throws IOException, InterruptedException {
    Samples samples = new Samples();
    for (int i = 0; i < count; i++) {
      functions.change(language);
      byte[] call = functions.call(language, "world");
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      long begin = System.nanoTime();
      HttpMessage answer = functions.client().exchange(call);
      samples.add(System.nanoTime() - begin);
      if (Hello.of(answer).calls() != 1) {
        throw new IOException("a call that should have been cold was not");
      }
    }
    return samples;
  }
}
