package dev.lambic.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Calls of versions with SnapStart for which no environment is there: from the first byte of the
 * call until the client has the answer, minus the time in the handler.
 */
final class RestoreRow {
  private static final long APART_MILLIS = 100;

  private final Effort effort;
  private final List<String> server;
  private final List<Line> lines = new ArrayList<>();
  private final List<Absence> absences = new ArrayList<>();

  RestoreRow(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  Report run() throws IOException, InterruptedException {
    for (Language language : List.of(Language.JAVA, Language.PYTHON)) {
      try (Lambic lambic = Lambic.start(server);
          Functions functions = new Functions(lambic)) {
        Path program = functions.createForSnapStart(language);
        measure(language, program, lambic, functions);
      } catch (Functions.Refused e) {
        absences.add(new Absence(language.title(), "Lambic", String.valueOf(e.getMessage())));
      }
    }
    return new Report(
        "restore",
        "a call of a version with SnapStart without an environment, hello handlers",
        lines,
        List.of(),
        absences,
        List.of(
            "Each call comes beside those before it, which hold their environments; each round has"
                + " a version of its own.",
            "Floor: the same handler and interpreter in a plain process, from posix_spawn to its"
                + " first answer."));
  }

  private void measure(Language language, Path program, Lambic lambic, Functions functions)
      throws IOException, InterruptedException, Functions.Refused {
    Rounds floor = new Rounds();
    Rounds mine = new Rounds();
    functions.snapStart(language);
    wave(lambic, functions, language);
    try (BareLoop.Code code = new BareLoop.Code(language, program)) {
      for (int round = 0; round < effort.rounds(); round++) {
        Samples bare = new Samples();
        for (int i = 0; i < effort.colds(); i++) {
          long begin = System.nanoTime();
          try (BareLoop loop = code.start()) {
            Hello.of(loop.client().exchange(BareLoop.CALL));
            bare.add(System.nanoTime() - begin);
          }
        }
        floor.add(bare);
        functions.change(language);
        mine.add(wave(lambic, functions, language));
      }
    }
    lines.add(Line.floor(language.title(), "bare process", floor));
    lines.add(Line.of(language.title(), "Lambic", mine, floor));
  }

  private Samples wave(Lambic lambic, Functions functions, Language language)
      throws IOException, InterruptedException, Functions.Refused {
    int size = effort.colds();
    String version = functions.publish(language);
    byte[] call = functions.holdVersion(language, version, APART_MILLIS * size + 1_000);
    Samples samples = new Samples();
    Crowd.run(
            size,
            number -> {
              try (HttpClient client = lambic.connect()) {
                TimeUnit.MILLISECONDS.sleep(APART_MILLIS * number);
                long begin = System.nanoTime();
                HttpMessage answer = client.exchange(call);
                long nanos = System.nanoTime() - begin;
                Hello hello = Hello.of(answer);
                if (hello.calls() != 1) {
                  throw new IOException("a call that should have been cold was not");
                }
                return nanos - hello.nanos();
              }
            })
        .forEach(samples::add);
    return samples;
  }

  /** Whether the server says of a version that its environments are restored. */
  static boolean isOptimized(byte[] configuration) {
    return new String(configuration, StandardCharsets.UTF_8)
        .replace(" ", "")
        .contains("\"OptimizationStatus\":\"On\"");
  }
}
