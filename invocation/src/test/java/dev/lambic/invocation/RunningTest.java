package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeEnvironment;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.LogSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
      assertThat(environment.isStopped()).isTrue();
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
      assertThat(environment.isStopped()).isTrue();
      RecordingAnswer next = stage.invoke("f");
      assertThat(stage.starter.started()).hasSize(1);
      assertThat(environment.restarts()).isEqualTo(1);
      stage.later.advance(Duration.ofMillis(300));
      stage.next(environment);
      stage.later.advance(Duration.ofMillis(100));
      stage.answer(environment, "1");
      assertThat(next.result()).isEqualTo("1");
      assertThat(stage.log(0))
          .endsWith(
              "START RequestId: id-3 Version: $LATEST",
              "END RequestId: id-3",
              "REPORT RequestId: id-3\tDuration: 400.00 ms\tBilled Duration: 400 ms\tMemory Size: 128"
                  + " MB\tMax Memory Used: 40 MB\t");
    }
  }

  @Test
  void extensionsHearOfAFailureBeforeTheirEndAndNobodyWaitsForThat() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      List<RecordingAnswer> asked = new ArrayList<>();
      List<Boolean> answered = new ArrayList<>();
      environment.giveExtensions(() -> asked.forEach(one -> answered.add(one.hasCome())));
      asked.add(stage.invokeWithLog("f"));
      stage.later.advance(Duration.ofSeconds(3));
      assertThat(answered).containsExactly(true);
      assertThat(asked.getFirst().error()).contains("Task timed out");
      assertThat(asked.getFirst().logTail()).contains("REPORT RequestId: id-2");
      assertThat(environment.told()).containsExactly("Start", "RuntimeDone", "Report", "TIMEOUT");
      assertThat(environment.isStopped()).isTrue();
      asked.set(0, stage.invoke("f"));
      stage.next(environment);
      environment.exit(1, 0);
      stage.later.settle();
      assertThat(answered).containsExactly(true, true);
      assertThat(asked.getFirst().error()).contains("exit status 1");
      assertThat(environment.told().subList(4, 11))
          .containsExactly(
              "InitStart",
              "InitRuntimeDone",
              "InitReport",
              "Start",
              "RuntimeDone",
              "Report",
              "FAILURE");
      assertThat(stage.log(0)).last().asString().startsWith("REPORT RequestId: id-3");
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
      assertThat(environment.isStopped()).isTrue();
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
      stage.dispatcher.retire("f:1");
      assertThat(environment.isKilled()).isTrue();
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
      assertThat(stage.later.timers()).as("two, and that of the reaper").isLessThanOrEqualTo(3);
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
  void freezesWhatIsIdleAndThawsItForTheNext() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      assertThat(environment.isFrozen()).as("at once").isFalse();
      stage.later.advance(Duration.ofMillis(10));
      assertThat(environment.isFrozen()).isTrue();
      RecordingAnswer answer = stage.invoke("f");
      assertThat(environment.isFrozen()).isFalse();
      assertThat(environment.deliveries()).isEqualTo(2);
      stage.later.advance(Duration.ofSeconds(1));
      assertThat(environment.isFrozen()).as("while it runs").isFalse();
      stage.answer(environment, "1");
      assertThat(answer.result()).isEqualTo("1");
      stage.later.advance(Duration.ofMillis(10));
      assertThat(environment.freezes()).isEqualTo(2);
    }
  }

  @Test
  void leavesABusyEnvironmentRunning() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      for (int i = 0; i < 20; i++) {
        stage.later.advance(Duration.ofMillis(9));
        stage.invoke("f");
        stage.answer(environment, "1");
      }
      assertThat(environment.freezes()).isZero();
    }
  }

  @Test
  void doesNotFreezeWhatIsWantedMeanwhile() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.ticker.advance(Duration.ofMillis(10));
      assertThat(stage.later.runDueTimer()).isTrue();
      // The freezing is asked for and not done when the next invocation comes.
      RecordingAnswer answer = stage.invoke("f");
      assertThat(environment.isFrozen()).isFalse();
      stage.answer(environment, "1");
      assertThat(answer.result()).isEqualTo("1");
    }
  }

  @Test
  void thawsAFrozenEnvironmentThatIsEnded() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.later.advance(Duration.ofMillis(10));
      stage.dispatcher.retire("f:1");
      assertThat(environment.isKilled()).isTrue();
      assertThat(environment.isFrozen()).isFalse();
    }
  }

  @Test
  void endsAnEnvironmentWhoseProcessesCannotBeEnded() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.invoke("f");
      environment.failWith(new LambicException("SandboxFailure", Blame.PLATFORM, "dead"));
      environment.exit(1, 0);
      stage.later.settle();
      assertThat(answer.error()).contains("Runtime.ExitError");
      assertThat(environment.isKilled()).isTrue();
    }
  }

  @Test
  void forgetsAnEnvironmentThatDiesWhileNoProcessRunsInIt() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.exit(1, 0);
      stage.later.settle();
      assertThat(stage.dispatcher.environments()).isEqualTo(1);
      environment.vanish();
      assertThat(stage.dispatcher.environments()).isZero();
    }
  }

  @Test
  void answersThatTheRuntimeCannotBeStartedAnew() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.exit(1, 0);
      stage.later.settle();
      environment.failWith(new LambicException("SandboxFailure", Blame.PLATFORM, "dead"));
      RecordingAnswer answer = stage.invoke("f");
      assertThat(answer.error()).contains("Runtime.ExitError", "signal: killed");
      assertThat(environment.isKilled()).isTrue();
    }
  }

  @Test
  void writesEventsInJson() {
    try (Stage stage = new Stage()) {
      FunctionImage image = stage.image("f", new LogSettings(true, "INFO", "DEBUG"));
      RecordingAnswer answer = stage.invoke(image, true);
      stage.next(stage.environment(0));
      stage.environment(0).write("{\"level\":\"INFO\"}\n");
      stage.later.advance(Duration.ofMillis(20));
      stage.answer(stage.environment(0), "123");
      assertThat(answer.result()).isEqualTo("123");
      stage.invoke(image, false);
      stage.environment(0).exit(1, 0);
      stage.later.settle();
      List<String> types =
          stage.logs.events().get(0).stream()
              .map(line -> line.replaceAll(".*\"type\":\"platform.([A-Za-z]*).*", "$1"))
              .toList();
      assertThat(types)
          .containsExactly(
              "initStart",
              "initRuntimeDone",
              "initReport",
              "start",
              "{\"level\":\"INFO\"}",
              "runtimeDone",
              "report",
              "start",
              "runtimeDone",
              "report");
      assertThat(stage.logs.events().get(0))
          .contains(
              "{\"time\":\"2026-01-02T03:04:05.698Z\",\"type\":\"platform.report\",\"record\":"
                  + "{\"requestId\":\"id-1\",\"status\":\"success\",\"metrics\":{\"durationMs\":20.000,"
                  + "\"billedDurationMs\":20,\"memorySizeMB\":128,\"maxMemoryUsedMB\":40}}}",
              "{\"time\":\"2026-01-02T03:04:05.698Z\",\"type\":\"platform.report\",\"record\":"
                  + "{\"requestId\":\"id-2\",\"status\":\"error\",\"errorType\":"
                  + "\"Runtime.ExitError\",\"metrics\":{\"durationMs\":0.000,\"billedDurationMs\":0,"
                  + "\"memorySizeMB\":128,\"maxMemoryUsedMB\":40}}}");
    }
  }

  @Test
  void leavesOutEventsBelowTheSystemsLevel() {
    try (Stage stage = new Stage()) {
      FunctionImage image = stage.image("f", new LogSettings(true, "INFO", "WARN"));
      stage.invoke(image, false);
      stage.next(stage.environment(0));
      stage.answer(stage.environment(0), "1");
      stage.invoke(image, false);
      stage.environment(0).exit(1, 0);
      stage.later.settle();
      assertThat(stage.logs.events().get(0)).hasSize(2).allMatch(line -> line.contains("id-2"));
    }
  }

  @Test
  void takesEveryTransition() {
    try (Stage stage = new Stage()) {
      // INITIALIZING → RESTARTING → STOPPING → STOPPED → RESTARTING → RUNNING → ANSWERED → IDLE
      stage.invoke("a");
      FakeEnvironment a = stage.environment(0);
      a.exit(1, 0);
      stage.later.settle();
      a.exit(1, 0);
      stage.later.settle();
      stage.invoke("a");
      stage.next(a);
      stage.answer(a, "1");
      // RUNNING → STOPPING, ANSWERED → STOPPING, IDLE → STOPPING; STOPPED → ENDING
      FakeEnvironment b = stage.warm("b");
      stage.invoke("b");
      b.exit(1, 0);
      stage.later.settle();
      stage.invoke("b");
      stage.next(b);
      b.respond("1");
      b.exit(1, 0);
      stage.later.settle();
      stage.dispatcher.retire("b:1");
      FakeEnvironment c = stage.warm("c");
      c.exit(1, 0);
      stage.later.settle();
      // IDLE → ENDING
      stage.warm("d");
      stage.dispatcher.retire("d:1");
      // INITIALIZING, RUNNING, ANSWERED, RESTARTING and STOPPING → ENDING, at the close
      stage.invoke("e");
      stage.warm("f");
      stage.invoke("f");
      FakeEnvironment g = stage.warm("g");
      stage.invoke("g");
      g.respond("1");
      stage.invoke("c");
      stage.invoke("a");
      a.exit(1, 0);
      stage.dispatcher.close();
      stage.later.settle();
      assertThat(stage.dispatcher.untakenTransitions()).isEmpty();
    }
  }
}
