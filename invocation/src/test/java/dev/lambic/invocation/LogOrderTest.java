package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeEnvironment;
import dev.lambic.runtime.Initialization;
import dev.lambic.runtime.LogSettings;
import dev.lambic.runtime.TelemetryRecords;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The order of lines in the log of an environment, and the part of it that an answer carries. */
final class LogOrderTest {
  /** The lines without their figures. */
  private static List<String> kinds(List<String> log) {
    return log.stream().map(line -> line.replaceAll("(Version|\tDuration).*", "").trim()).toList();
  }

  private static EnvironmentLog log(Stage stage) {
    return new EnvironmentLog(
        stage.logs.open(stage.image("f"), "s"),
        stage.ticker,
        LogSettings.TEXT,
        new TelemetryRecords("f", "$LATEST", "s", 128, Initialization.ON_DEMAND));
  }

  @Test
  void holdsTheNextStartUntilTheLogBeforeIsComplete() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.writeSlowly("of the second\n");
      environment.answer("1");
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), new RecordingAnswer());
      assertThat(environment.deliveries()).as("waits for the log").isEqualTo(2);
      stage.later.settle();
      environment.writeSlowly("of the third\n");
      stage.answer(environment, "1");
      assertThat(kinds(stage.log(0)))
          .containsExactly(
              "START RequestId: id-1",
              "END RequestId: id-1",
              "REPORT RequestId: id-1",
              "START RequestId: id-2",
              "of the second",
              "END RequestId: id-2",
              "REPORT RequestId: id-2",
              "START RequestId: id-3",
              "of the third",
              "END RequestId: id-3",
              "REPORT RequestId: id-3");
    }
  }

  @Test
  void closesTheLogAtOnceWhereThatTakesButAMoment() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      environment.readAtOnce(true);
      stage.invoke("f");
      environment.writeSlowly("of the second\n");
      environment.answer("1");
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), new RecordingAnswer());
      assertThat(environment.deliveries()).as("waits for nothing").isEqualTo(3);
      assertThat(kinds(stage.log(0)).subList(3, 8))
          .containsExactly(
              "START RequestId: id-2",
              "of the second",
              "END RequestId: id-2",
              "REPORT RequestId: id-2",
              "START RequestId: id-3");
      stage.answer(environment, "1");
    }
  }

  @Test
  void closesTheLogInItsTurnWhereSomethingIsDueBefore() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.answer("1");
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), new RecordingAnswer());
      environment.readAtOnce(true);
      stage.later.settle();
      stage.answer(environment, "1");
      assertThat(kinds(stage.log(0)).subList(3, 9))
          .containsExactly(
              "START RequestId: id-2",
              "END RequestId: id-2",
              "REPORT RequestId: id-2",
              "START RequestId: id-3",
              "END RequestId: id-3",
              "REPORT RequestId: id-3");
    }
  }

  @Test
  void answersWithTheLogThoughItTakesButAMoment() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      environment.readAtOnce(true);
      stage.invoke("f");
      stage.answer(environment, "1");
      RecordingAnswer answer = stage.invokeWithLog("f");
      environment.writeSlowly("within\n");
      stage.answer(environment, "2");
      assertThat(answer.logTail())
          .startsWith("START RequestId: id-3 Version: $LATEST\nwithin\nEND RequestId: id-3\n");
    }
  }

  @Test
  void roundsTheDurationToHundredths() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      for (long nanos : new long[] {0, 4_999, 5_000, 995_000, 1_004_999, 1_005_000, 99_999_999}) {
        RecordingAnswer answer = stage.invokeWithLog("f");
        stage.ticker.advance(Duration.ofNanos(nanos));
        stage.answer(environment, "1");
        assertThat(answer.logTail())
            .contains(String.format(Locale.ROOT, "\tDuration: %.2f ms\tBilled", nanos / 1e6));
      }
    }
  }

  @Test
  void writesALostInvocationThatNeverBeganAfterTheOneBefore() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.answer("1");
      RecordingAnswer lost = new RecordingAnswer();
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), true), lost);
      environment.exit(1, 0);
      stage.later.settle();
      assertThat(lost.error()).contains("exit status 1");
      assertThat(kinds(stage.log(0)).subList(3, 10))
          .containsExactly(
              "START RequestId: id-2",
              "END RequestId: id-2",
              "REPORT RequestId: id-2",
              "START RequestId: id-3",
              "RequestId: id-3 Error: Runtime exited with error: exit status 1\nRuntime.ExitError",
              "END RequestId: id-3",
              "REPORT RequestId: id-3");
      assertThat(lost.logTail()).startsWith("START RequestId: id-3").doesNotContain("id-2");
    }
  }

  @Test
  void takesNoAnswerToWhatHasNotBegun() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.answer("1");
      RecordingAnswer next = new RecordingAnswer();
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), next);
      environment.respondTo("id-3", "\"guessed\"");
      assertThat(next.hasCome()).isFalse();
      stage.later.settle();
      stage.answer(environment, "2");
      assertThat(next.result()).isEqualTo("2");
    }
  }

  @Test
  void writesALostInvocationOnceThoughTheTasksRunInAnotherOrder() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.answer("1");
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), new RecordingAnswer());
      environment.exit(1, 0);
      while (stage.later.tasks() > 0) {
        stage.later.runTask(stage.later.tasks() - 1);
      }
      assertThat(kinds(stage.log(0))).filteredOn(line -> line.startsWith("END")).hasSize(3);
      assertThat(kinds(stage.log(0)).get(5)).isEqualTo("REPORT RequestId: id-2");
    }
  }

  @Test
  void answersWithTheLogOfTheInvocationOnly() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      environment.write("between\n");
      RecordingAnswer answer = stage.invokeWithLog("f");
      environment.write("within\nunfinished");
      environment.respond("1");
      assertThat(answer.hasCome()).isFalse();
      stage.next(environment);
      assertThat(answer.result()).isEqualTo("1");
      assertThat(answer.logTail())
          .isEqualTo(
              "START RequestId: id-2 Version: $LATEST\nwithin\nunfinished\nEND RequestId: id-2\n"
                  + "REPORT RequestId: id-2\tDuration: 0.00 ms\tBilled Duration: 0 ms\tMemory Size: 128"
                  + " MB\tMax Memory Used: 40 MB\t\n");
    }
  }

  @Test
  void answersWithTheLogOfAFailure() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invokeWithLog("f");
      environment.write("within\n");
      stage.later.advance(Duration.ofSeconds(3));
      assertThat(answer.error()).contains("Task timed out");
      assertThat(answer.logTail()).contains("within\n", "Task timed out", "Status: timeout");
    }
  }

  @Test
  void limitsTheLogInTheAnswer() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invokeWithLog("f");
      environment.write("a".repeat(3000) + "\n" + "b".repeat(3000) + "\n");
      stage.answer(environment, "1");
      assertThat(answer.logTail()).hasSize(4096).startsWith("aaa").contains("bbb\nEND");
    }
  }

  @Test
  void makesAnEventOfWhatHasNoLineEnd() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.write("no ");
      environment.write("end");
      stage.answer(environment, "1");
      assertThat(kinds(stage.log(0)))
          .containsSubsequence("START RequestId: id-2", "no end", "END RequestId: id-2");
    }
  }

  @Test
  void breaksLinesThatAreTooLong() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      for (int i = 0; i < 600; i++) {
        environment.write("x".repeat(1000));
      }
      environment.write("\n\nlast\n");
      stage.answer(environment, "1");
      List<Integer> lengths =
          stage.log(0).stream()
              .filter(line -> line.matches("x*|last"))
              .map(String::length)
              .toList();
      assertThat(lengths).containsExactly(262144, 262144, 600_000 - 2 * 262144, 0, 4);
    }
  }

  @Test
  void keepsTheLinesOfOneEventTogether() {
    try (Stage stage = new Stage()) {
      EnvironmentLog log = log(stage);
      byte[] output =
          "a\rb\nfrom Windows\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.UTF_8);
      log.output(output, output.length);
      assertThat(stage.logs.events().get(0)).containsExactly("a\nb", "from Windows", "");
      assertThat(new String(log.tail(), java.nio.charset.StandardCharsets.UTF_8))
          .isEqualTo("a\nb\nfrom Windows\n\n");
    }
  }

  @Test
  void keepsCharactersWholeHoweverTheyArrive() {
    try (Stage stage = new Stage()) {
      EnvironmentLog log = log(stage);
      for (byte part : "grüße 😀\n".getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
        log.output(new byte[] {part, 'x'}, 1);
      }
      log.output(new byte[] {(byte) 0xff, '\n'}, 2);
      assertThat(stage.logs.events().get(0)).containsExactly("grüße 😀", "\ufffd");
      assertThat(new String(log.tail(), java.nio.charset.StandardCharsets.UTF_8))
          .isEqualTo("grüße 😀\n\ufffd\n");
    }
  }
}
