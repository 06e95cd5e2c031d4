package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeEnvironment;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What becomes of invocations in an environment, and of the environment by them. */
final class RunningTest {
  @Test
  void answersWithTheErrorOfTheFunctionAndKeepsTheEnvironment() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      environment.fail("KeyError", "{\"errorType\":\"KeyError\"}");
      stage.later.settle();
      assertThat(answer.error()).isEqualTo("{\"errorType\":\"KeyError\"}");
      assertThat(environment.isKilled()).isFalse();
    }
  }

  @Test
  void answersBeforeTheRuntimeAsksForMore() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      environment.respond("1");
      assertThat(answer.result()).isEqualTo("1");
      assertThat(answer.hasLogTail()).isFalse();
      assertThat(stage.later.tasks()).isZero();
    }
  }

  @Test
  void answersThatTheRuntimeExited() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      environment.writeSlowly("last words\n");
      stage.later.advance(Duration.ofMillis(20));
      environment.exit(0, 0);
      stage.later.settle();
      assertThat(answer.error())
          .isEqualTo(
              "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: id-2 Error: Runtime"
                  + " exited without providing a reason\"}");
      assertThat(stage.log(0))
          .endsWith(
              "START RequestId: id-2 Version: $LATEST",
              "last words",
              "RequestId: id-2 Error: Runtime exited without providing a reason\nRuntime.ExitError",
              "END RequestId: id-2",
              "REPORT RequestId: id-2\tDuration: 20.00 ms\tBilled Duration: 20 ms\tMemory Size: 128"
                  + " MB\tMax Memory Used: 40 MB\tStatus: error\tError Type: Runtime.ExitError");
      assertThat(environment.isKilled()).isTrue();
    }
  }

  @Test
  void timesOut() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      stage.later.advance(Duration.ofMillis(2999));
      assertThat(answer.hasCome()).isFalse();
      stage.later.advance(Duration.ofMillis(1));
      assertThat(answer.error())
          .isEqualTo(
              "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: id-2 Error: Task timed"
                  + " out after 3.00 seconds\"}");
      assertThat(stage.log(0))
          .endsWith(
              "2026-01-02T03:04:08.678Z id-2 Task timed out after 3.00 seconds",
              "END RequestId: id-2",
              "REPORT RequestId: id-2\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size:"
                  + " 128 MB\tMax Memory Used: 40 MB\tStatus: timeout");
      assertThat(environment.isKilled()).isTrue();
      stage.invoke("f");
      assertThat(stage.starter.started()).hasSize(2);
    }
  }

  @Test
  void endsARuntimeThatAnswersAndThenNeverAsks() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      environment.respond("1");
      stage.later.advance(Duration.ofSeconds(3));
      assertThat(answer.result()).isEqualTo("1");
      assertThat(environment.isKilled()).isTrue();
      assertThat(stage.log(0)).anyMatch(line -> line.contains("Task timed out"));
      assertThat(stage.dispatcher.running()).isZero();
    }
  }

  @Test
  void endsARuntimeThatAnswersAndThenExits() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invokeWithLog("f");
      environment.respond("1");
      assertThat(answer.hasCome()).as("the log is not complete").isFalse();
      environment.exit(1, 0);
      stage.later.settle();
      assertThat(answer.result()).isEqualTo("1");
      assertThat(answer.logTail()).contains("exit status 1", "REPORT RequestId: id-2");
    }
  }

  @Test
  void anEndedEnvironmentIsHeldByNoTimer() {
    try (Stage stage = new Stage()) {
      int before = stage.later.timers();
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      assertThat(stage.later.timers()).isGreaterThan(before);
      environment.exit(1, 0);
      stage.later.settle();
      assertThat(answer.hasCome()).isTrue();
      assertThat(stage.later.timers()).isEqualTo(before);
    }
  }

  @Test
  void givesEachInvocationItsOwnTime() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      for (int i = 0; i < 20; i++) {
        RecordingAnswer answer = stage.invoke("f");
        stage.later.advance(Duration.ofMillis(1700));
        assertThat(answer.hasCome()).isFalse();
        stage.answer(environment, "1");
        assertThat(answer.result()).isEqualTo("1");
      }
      assertThat(stage.later.timers()).as("one, and that of the reaper").isLessThanOrEqualTo(2);
    }
  }

  @Test
  void doesNotTimeOutByTheDeadlineOfTheInvocationBefore() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      stage.later.advance(Duration.ofMillis(2999));
      environment.answer("1");
      // Its log is not closed yet, so the next invocation waits while the old timer fires.
      RecordingAnswer next = new RecordingAnswer();
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), next);
      stage.ticker.advance(Duration.ofMillis(1));
      assertThat(stage.later.runDueTimer()).isTrue();
      stage.later.settle();
      assertThat(next.hasCome()).isFalse();
      assertThat(environment.deliveries()).isEqualTo(3);
      stage.later.advance(Duration.ofMillis(2999));
      assertThat(next.hasCome()).isFalse();
      stage.later.advance(Duration.ofMillis(1));
      assertThat(next.error()).contains("Task timed out");
    }
  }

  @Test
  void ignoresLateAndForeignAnswers() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      environment.respondTo("id-1", "\"old\"");
      environment.respondTo("other", "\"foreign\"");
      assertThat(answer.hasCome()).isFalse();
      stage.later.advance(Duration.ofSeconds(3));
      environment.respondTo("id-2", "\"late\"");
      environment.next();
      stage.later.settle();
      assertThat(answer.error()).contains("Task timed out");
    }
  }

  @Test
  void ignoresASecondAnswer() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      environment.respond("1");
      environment.respondTo("id-2", "2");
      environment.next();
      environment.next();
      stage.later.settle();
      assertThat(answer.result()).isEqualTo("1");
      assertThat(stage.dispatcher.running()).isZero();
    }
  }

  @Test
  void endsAnEnvironmentThatCannotBeGivenItsEvent() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      environment.failWith(new IllegalStateException("broken"));
      RecordingAnswer answer = stage.invoke("f");
      assertThat(answer.error()).contains("Runtime.ExitError");
      assertThat(environment.isKilled()).isTrue();
      assertThat(stage.faults).hasSize(1);
      stage.faults.clear();
    }
  }

  @Test
  void outlivesACallerThatThrows() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.dispatcher.invoke(
          stage.invocation(stage.image("f"), false),
          new Invoker.Answer() {
            @Override
            public void outcome(Outcome outcome) {
              throw new IllegalStateException("on purpose");
            }

            @Override
            public void refused(dev.lambic.kernel.LambicException why) {
              throw new AssertionError(why);
            }
          });
      stage.answer(environment, "1");
      assertThat(stage.faults).hasSize(1);
      stage.faults.clear();
      stage.invoke("f");
      assertThat(environment.deliveries()).isEqualTo(3);
    }
  }

  @Test
  void takesEveryTransition() {
    try (Stage stage = new Stage()) {
      stage.invoke("f");
      stage.environment(0).exit(1, 0);
      stage.later.settle();
      stage.warm("f").exit(1, 0);
      stage.later.settle();
      FakeEnvironment running = stage.warm("f");
      stage.invoke("f");
      running.exit(1, 0);
      stage.later.settle();
      FakeEnvironment answered = stage.warm("f");
      stage.invoke("f");
      answered.respond("1");
      answered.exit(1, 0);
      stage.later.settle();
      assertThat(stage.dispatcher.untakenTransitions()).isEmpty();
    }
  }
}
