package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeEnvironment;
import dev.lambic.kernel.LambicException;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Which environment an invocation gets, and when one is made, kept or ended. */
final class PlacementTest {
  private static InvocationConfig limits(int concurrency, int environments) {
    return new InvocationConfig(
        concurrency, environments, 2, Duration.ofMinutes(10), Stage.INIT_TIMEOUT);
  }

  @Test
  void startsAnEnvironmentAndUsesItAgain() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      assertThat(environment.isCpuLimited()).isTrue();
      RecordingAnswer second = stage.invoke("f");
      stage.answer(environment, "\"second\"");
      assertThat(second.result()).isEqualTo("\"second\"");
      assertThat(stage.starter.started()).hasSize(1);
    }
  }

  @Test
  void describesTheEnvironmentByItsFunction() {
    try (Stage stage = new Stage()) {
      stage.invoke("_odd-Name");
      FakeEnvironment environment = stage.environment(0);
      assertThat(environment.spec().functionName()).isEqualTo("_odd-Name");
      assertThat(environment.spec().name()).matches("[0-9a-f]{12}-_odd-Name");
      assertThat(environment.spec().logStream()).matches("2026/01/02/\\[\\$LATEST\\][0-9a-f]{32}");
      assertThat(stage.logs.names())
          .containsExactly("/aws/lambda/_odd-Name " + environment.spec().logStream());
      assertThat(environment.spec().variables()).containsEntry("KEY", "value");
    }
  }

  @Test
  void givesTheEventAsItCame() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      var work = environment.work();
      assertThat(work).isNotNull();
      if (work != null) {
        assertThat(work.requestId()).isEqualTo("id-2");
        assertThat(work.payload()).containsExactly('{', '}');
        assertThat(work.invokedArn()).endsWith(":function:f");
        assertThat(work.traceId()).isEqualTo("trace");
        assertThat(work.deadlineMillis()).isEqualTo(stage.ticker.millis() + 3000);
      }
    }
  }

  @Test
  void runsParallelCallsInEnvironmentsOfTheirOwn() {
    try (Stage stage = new Stage()) {
      RecordingAnswer first = stage.invoke("f");
      RecordingAnswer second = stage.invoke("f");
      assertThat(stage.starter.started()).hasSize(2);
      stage.next(stage.environment(1));
      stage.next(stage.environment(0));
      stage.answer(stage.environment(0), "0");
      stage.answer(stage.environment(1), "1");
      assertThat(List.of(first.result(), second.result())).containsExactly("0", "1");
      assertThat(stage.dispatcher.environments()).isEqualTo(2);
    }
  }

  @Test
  void keepsFunctionsApart() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("g");
      assertThat(environment.deliveries()).isEqualTo(1);
      assertThat(stage.starter.started()).hasSize(2);
    }
  }

  @Test
  void prefersTheEnvironmentThatBecameIdleLast() {
    try (Stage stage = new Stage()) {
      stage.invoke("f");
      stage.invoke("f");
      FakeEnvironment first = stage.environment(0);
      FakeEnvironment second = stage.environment(1);
      stage.next(first);
      stage.next(second);
      stage.answer(second, "1");
      stage.answer(first, "1");
      stage.invoke("f");
      assertThat(first.work()).isNotNull();
      assertThat(second.work()).isNull();
    }
  }

  @Test
  void passesOverAnEnvironmentThatEndedIdle() {
    try (Stage stage = new Stage()) {
      FakeEnvironment first = stage.warm("f");
      first.exit(1, 0);
      RecordingAnswer answer = new RecordingAnswer();
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), answer);
      assertThat(first.deliveries()).isEqualTo(1);
      stage.later.settle();
      assertThat(answer.hasCome()).isFalse();
      assertThat(stage.starter.started()).as("made for it").hasSize(2);
      stage.invoke("f");
      assertThat(stage.starter.started()).hasSize(2);
      assertThat(first.restarts()).as("the one that ended serves the next").isEqualTo(1);
    }
  }

  @Test
  void waitsForAnEnvironmentThatHasAnswered() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer first = stage.invoke("f");
      environment.respond("1");
      assertThat(first.result()).isEqualTo("1");
      RecordingAnswer second = stage.invoke("f");
      RecordingAnswer third = stage.invoke("f");
      assertThat(stage.starter.started()).as("one waits, one does not").hasSize(2);
      stage.next(environment);
      stage.answer(environment, "2");
      assertThat(second.result()).isEqualTo("2");
      assertThat(third.hasCome()).isFalse();
    }
  }

  @Test
  void waitsOnlyForAMoment() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.respond("1");
      stage.invoke("f");
      stage.later.advance(Duration.ofMillis(10));
      stage.invoke("f");
      assertThat(stage.starter.started()).as("one waits, one does not").hasSize(2);
      stage.later.advance(Duration.ofMillis(89));
      assertThat(stage.starter.started()).hasSize(2);
      stage.later.advance(Duration.ofMillis(1));
      assertThat(stage.starter.started()).hasSize(3);
      stage.next(stage.environment(1));
      assertThat(stage.environment(1).work()).isNotNull();
    }
  }

  /** An idle environment that took as long to start. */
  private static FakeEnvironment startedIn(Stage stage, Duration time) {
    stage.invoke("f");
    stage.later.advance(time);
    FakeEnvironment environment = stage.environment(0);
    stage.next(environment);
    stage.answer(environment, "0");
    return environment;
  }

  @Test
  void doesNotWaitForOneWhoseTimeIsOver() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.respond("1");
      stage.later.advance(Duration.ofMillis(100));
      stage.invoke("f");
      assertThat(stage.starter.started()).hasSize(2);
    }
  }

  @Test
  void doesNotWaitForOneThatIsAlwaysKeptBusy() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = startedIn(stage, Duration.ofMillis(50));
      for (int busy : List.of(60, 1, 60)) {
        stage.invoke("f");
        environment.respond("1");
        RecordingAnswer waiting = stage.invoke("f");
        stage.later.advance(Duration.ofMillis(busy));
        assertThat(stage.starter.started()).hasSize(1);
        stage.next(environment);
        environment.respond("2");
        assertThat(waiting.result()).isEqualTo("2");
        stage.next(environment);
      }
      for (int i = 0; i < 2; i++) {
        stage.invoke("f");
        environment.respond("1");
        stage.later.advance(Duration.ofMillis(60));
        stage.next(environment);
      }
      stage.invoke("f");
      environment.respond("1");
      stage.invoke("f");
      stage.later.advance(Duration.ofMillis(3));
      assertThat(stage.starter.started()).hasSize(2);
    }
  }

  @Test
  void servesOneCallAfterTheOtherInOneEnvironmentThoughItsRuntimeIsLateNowAndThen() {
    for (int seed = 0; seed < 20; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      try (Stage stage = new Stage()) {
        FakeEnvironment environment = startedIn(stage, Duration.ofMillis(40));
        long late = 0;
        for (int call = 0; call < 200; call++) {
          RecordingAnswer answer = stage.invoke("f");
          boolean very = late < 40_000 && random.nextInt(5) == 0;
          late = very ? random.nextLong(100_000) : random.nextLong(2000);
          stage.later.advance(Duration.ofNanos(1000 * late));
          if (environment.work() == null) {
            stage.next(environment);
          }
          stage.later.advance(Duration.ofMillis(random.nextInt(3)));
          environment.respond("1");
          assertThat(answer.result()).isEqualTo("1");
        }
        assertThat(stage.starter.started()).as("seed %d", seed).hasSize(1);
      }
    }
  }

  @Test
  void startsTheEnvironmentAnewThatItWaitedFor() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.respond("1");
      stage.invoke("f");
      environment.exit(1, 0);
      stage.later.settle();
      assertThat(stage.starter.started()).hasSize(1);
      assertThat(environment.restarts()).isEqualTo(1);
      assertThat(environment.isStopped()).isFalse();
    }
  }

  @Test
  void refusesMoreThanTheAccountMayRun() {
    try (Stage stage = new Stage(limits(2, 2))) {
      stage.invoke("f");
      stage.invoke("g");
      LambicException refusal = stage.invoke("f").refusal();
      assertThat(refusal.code()).isEqualTo("TooManyRequestsException");
      assertThat(refusal).hasMessage("Rate Exceeded.");
      assertThat(refusal.members())
          .containsEntry("Reason", "ConcurrentInvocationLimitExceeded")
          .containsEntry("Type", "User");
      stage.next(stage.environment(0));
      stage.answer(stage.environment(0), "1");
      assertThat(stage.invoke("f").hasCome()).isFalse();
    }
  }

  @Test
  void letsACallerThatWaitedForItsAnswerCallAgainAtTheLimit() {
    try (Stage stage = new Stage(limits(1, 1))) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.respond("1");
      RecordingAnswer again = stage.invoke("f");
      assertThat(stage.invoke("g").refusal().code()).isEqualTo("TooManyRequestsException");
      stage.next(environment);
      stage.answer(environment, "2");
      assertThat(again.result()).isEqualTo("2");
    }
  }

  @Test
  void refusesAtTheLimitWhenNoEnvironmentGetsFree() {
    try (Stage stage = new Stage(limits(1, 1))) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.respond("1");
      RecordingAnswer again = stage.invoke("f");
      stage.later.advance(Duration.ofMillis(100));
      assertThat(again.refusal().code()).isEqualTo("TooManyRequestsException");
      assertThat(stage.dispatcher.running()).isEqualTo(1);
    }
  }

  @Test
  void endsTheLongestIdleEnvironmentToMakeRoom() {
    try (Stage stage = new Stage(limits(2, 2))) {
      FakeEnvironment first = stage.warm("f");
      stage.later.advance(Duration.ofSeconds(1));
      FakeEnvironment second = stage.warm("g");
      stage.invoke("h");
      assertThat(first.isKilled()).isTrue();
      assertThat(second.isKilled()).isFalse();
      assertThat(stage.dispatcher.environments()).isEqualTo(2);
    }
  }

  private static void failTwice(Stage stage, int environment) {
    for (int attempt = 0; attempt < 2; attempt++) {
      stage.environment(environment).initFailed("E", "{}");
      stage.later.settle();
    }
  }

  @Test
  void makesNoMoreThanCanBeTornDown() {
    try (Stage stage = new Stage(limits(1, 1))) {
      stage.starter.keepKilled();
      for (int i = 0; i < 3; i++) {
        RecordingAnswer answer = stage.invoke("f" + i);
        failTwice(stage, i);
        assertThat(answer.error()).isEqualTo("{}");
      }
      RecordingAnswer waiting = stage.invoke("g");
      assertThat(stage.starter.started()).as("three are still there").hasSize(3);
      stage.environment(0).vanish();
      stage.later.settle();
      assertThat(stage.starter.started()).hasSize(4);
      RecordingAnswer refused = stage.invoke("h");
      assertThat(refused.refusal().code()).isEqualTo("TooManyRequestsException");
      assertThat(waiting.hasCome()).isFalse();
    }
  }

  @Test
  void refusesWhatCannotBeStartedForTooLong() {
    try (Stage stage = new Stage(limits(1, 1))) {
      stage.starter.keepKilled();
      for (int i = 0; i < 3; i++) {
        stage.invoke("f" + i);
        failTwice(stage, i);
      }
      RecordingAnswer waiting = stage.invoke("f");
      stage.later.advance(Duration.ofSeconds(30));
      assertThat(waiting.refusal()).hasMessage("Too many environments are being started.");
      stage.environment(0).vanish();
      stage.later.settle();
      assertThat(stage.starter.started()).hasSize(3);
    }
  }

  @Test
  void endsEnvironmentsThatAreIdleForTooLong() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.later.advance(Duration.ofMinutes(9));
      stage.invoke("f");
      stage.answer(environment, "1");
      stage.later.advance(Duration.ofMinutes(9));
      assertThat(environment.isKilled()).isFalse();
      stage.later.advance(Duration.ofMinutes(2));
      assertThat(environment.isKilled()).isTrue();
      assertThat(stage.dispatcher.environments()).isZero();
    }
  }

  @Test
  void endsRetiredEnvironments() {
    try (Stage stage = new Stage()) {
      FakeEnvironment idle = stage.warm("f");
      FakeEnvironment other = stage.warm("g");
      stage.dispatcher.retire("f:1");
      assertThat(idle.isKilled()).isTrue();
      assertThat(other.isKilled()).isFalse();
    }
  }

  @Test
  void letsARetiredEnvironmentEndItsCall() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      stage.dispatcher.retire("f:1");
      assertThat(environment.isKilled()).isFalse();
      stage.answer(environment, "1");
      assertThat(answer.result()).isEqualTo("1");
      assertThat(environment.isKilled()).isTrue();
      assertThat(stage.log(0)).last().asString().startsWith("REPORT ");
    }
  }

  @Test
  void neverKeepsAnEnvironmentThatWasRetiredWhileItStarted() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = new RecordingAnswer();
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), answer);
      stage.dispatcher.retire("f:1");
      stage.later.settle();
      stage.next(stage.environment(0));
      stage.answer(stage.environment(0), "1");
      assertThat(answer.result()).isEqualTo("1");
      assertThat(stage.environment(0).isKilled()).isTrue();
    }
  }

  @Test
  void startsAnewWhoWaitedForARetiredEnvironment() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.respond("1");
      stage.invoke("f");
      stage.dispatcher.retire("f:1");
      stage.next(environment);
      stage.later.advance(Duration.ofMillis(3));
      assertThat(environment.isKilled()).isTrue();
      assertThat(stage.starter.started()).hasSize(2);
    }
  }

  @Test
  void drainsBeforeItCloses() {
    try (Stage stage = new Stage()) {
      FakeEnvironment idle = stage.warm("g");
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer running = stage.invoke("f");
      Thread drain = Thread.ofVirtual().start(() -> stage.dispatcher.drain(Duration.ofHours(1)));
      while (!idle.isKilled()) {
        Thread.onSpinWait();
      }
      assertThat(stage.invoke("f").refusal()).hasMessageContaining("being shut down");
      stage.answer(environment, "1");
      assertThat(running.result()).isEqualTo("1");
      assertThat(environment.isKilled()).isTrue();
      join(drain);
    }
  }

  @Test
  void drainsForALimitedTimeOnly() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer running = stage.invoke("f");
      RecordingAnswer starting = stage.invoke("f");
      RecordingAnswer queued = new RecordingAnswer();
      stage.dispatcher.invoke(stage.invocation(stage.image("g"), false), queued);
      stage.dispatcher.drain(Duration.ZERO);
      stage.later.settle();
      assertThat(running.error()).contains("Runtime.ExitError", "signal: killed");
      assertThat(starting.error()).contains("Runtime.ExitError", "signal: killed");
      assertThat(queued.refusal()).hasMessageContaining("being shut down");
      assertThat(environment.isKilled()).isTrue();
    }
  }

  @Test
  void answersWhoWaitsWhenItCloses() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.respond("1");
      RecordingAnswer waiting = stage.invoke("f");
      stage.dispatcher.close();
      stage.later.settle();
      assertThat(waiting.refusal()).hasMessageContaining("being shut down");
    }
  }

  private static void join(Thread thread) {
    try {
      assertThat(thread.join(Duration.ofSeconds(20))).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
