package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of an invocation for which an environment has to be made. */
final class ColdStartTest {
  @Test
  void reportsHowLongTheInitializationTook() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.environment(0).write("at init\n");
      stage.later.advance(Duration.ofMillis(250));
      stage.next(stage.environment(0));
      stage.later.advance(Duration.ofMillis(100));
      stage.answer(stage.environment(0), "1");
      assertThat(answer.result()).isEqualTo("1");
      assertThat(stage.log(0))
          .containsExactly(
              "at init",
              "START RequestId: id-1 Version: $LATEST",
              "END RequestId: id-1",
              "REPORT RequestId: id-1\tDuration: 100.00 ms\tBilled Duration: 350 ms\tMemory Size: 128"
                  + " MB\tMax Memory Used: 40 MB\tInit Duration: 250.00 ms\t");
    }
  }

  @Test
  void givesTheWholeTimeoutToTheInvocation() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.later.advance(Duration.ofSeconds(9));
      stage.next(stage.environment(0));
      stage.later.advance(Duration.ofMillis(2999));
      assertThat(answer.hasCome()).isFalse();
      stage.later.advance(Duration.ofMillis(1));
      assertThat(answer.error()).contains("Task timed out after 3.00 seconds");
    }
  }

  @Test
  void answersWithTheErrorOfTheInitializationThatFailsTwice() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invokeWithLog("f");
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThat(answer.hasCome()).isFalse();
        stage.environment(0).write("[ERROR] oh\n");
        stage.environment(0).initFailed("Runtime.ImportModuleError", "{\"errorType\":\"x\"}");
        stage.later.settle();
      }
      assertThat(answer.error()).isEqualTo("{\"errorType\":\"x\"}");
      assertThat(stage.environment(0).restarts()).isEqualTo(1);
      assertThat(stage.environment(0).isStopped()).isTrue();
      assertThat(stage.environment(0).isCpuLimited()).isTrue();
      String failed = "Status: error\tError Type: Runtime.ImportModuleError";
      assertThat(stage.log(0))
          .containsExactly(
              "[ERROR] oh",
              "INIT_REPORT Init Duration: 0.00 ms\tPhase: init\t" + failed,
              "[ERROR] oh",
              "INIT_REPORT Init Duration: 0.00 ms\tPhase: invoke\t" + failed,
              "START RequestId: id-1 Version: $LATEST",
              "END RequestId: id-1",
              "REPORT RequestId: id-1\tDuration: 0.00 ms\tBilled Duration: 0 ms\tMemory Size: 128"
                  + " MB\tMax Memory Used: 40 MB\t"
                  + failed);
      assertThat(answer.logTail()).endsWith(stage.log(0).getLast() + "\n");
    }
  }

  @Test
  void runsWhatFailsToInitializeOnlyOnce() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.later.advance(Duration.ofMillis(100));
      stage.environment(0).initFailed("E", "{}");
      stage.later.settle();
      stage.later.advance(Duration.ofMillis(200));
      stage.next(stage.environment(0));
      stage.later.advance(Duration.ofMillis(50));
      stage.answer(stage.environment(0), "1");
      assertThat(answer.result()).isEqualTo("1");
      assertThat(stage.log(0))
          .containsExactly(
              "INIT_REPORT Init Duration: 100.00 ms\tPhase: init\tStatus: error\tError Type: E",
              "START RequestId: id-1 Version: $LATEST",
              "END RequestId: id-1",
              "REPORT RequestId: id-1\tDuration: 250.00 ms\tBilled Duration: 250 ms\tMemory Size: 128"
                  + " MB\tMax Memory Used: 40 MB\t");
    }
  }

  @Test
  void initializesAnewForEachInvocationAfterThat() {
    try (Stage stage = new Stage()) {
      stage.invoke("f");
      for (int attempt = 0; attempt < 2; attempt++) {
        stage.environment(0).exit(1, 0);
        stage.later.settle();
      }
      RecordingAnswer second = stage.invoke("f");
      assertThat(stage.starter.started()).hasSize(1);
      assertThat(stage.environment(0).restarts()).isEqualTo(2);
      stage.next(stage.environment(0));
      stage.answer(stage.environment(0), "2");
      assertThat(second.result()).isEqualTo("2");
    }
  }

  @Test
  void answersThatTheRuntimeExited() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      for (int attempt = 0; attempt < 2; attempt++) {
        stage.environment(0).exit(3, 0);
        stage.later.settle();
      }
      assertThat(answer.error())
          .isEqualTo(
              "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: id-1 Error: Runtime"
                  + " exited with error: exit status 3\"}");
      assertThat(stage.log(0))
          .contains(
              "RequestId: id-1 Error: Runtime exited with error: exit status 3\nRuntime.ExitError")
          .last()
          .asString()
          .endsWith("\tStatus: error\tError Type: Runtime.ExitError");
    }
  }

  @Test
  void answersThatTheRuntimeWasKilled() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.environment(0).exit(1, 0);
      stage.later.settle();
      stage.environment(0).exit(0, 9);
      stage.later.settle();
      assertThat(answer.error()).contains("Error: Runtime exited with error: signal: killed");
    }
  }

  @Test
  void answersThatTheRuntimeExitedRightAfterItsInitialization() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.environment(0).next();
      stage.environment(0).exit(0, 0);
      stage.later.settle();
      assertThat(answer.error())
          .contains("Runtime.ExitError", "Runtime exited without providing a reason");
      assertThat(stage.log(0)).last().asString().startsWith("REPORT RequestId: id-1");
    }
  }

  @Test
  void ignoresAnInitializationThatFailsAfterTheFact() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.next(stage.environment(0));
      stage.environment(0).initFailed("E", "{}");
      stage.later.settle();
      assertThat(answer.hasCome()).isFalse();
      stage.answer(stage.environment(0), "1");
      assertThat(answer.result()).isEqualTo("1");
    }
  }

  @Test
  void hearsNothingOfARuntimeWhoseInitializationFailed() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.environment(0).initFailed("E", "{\"e\":1}");
      stage.environment(0).next();
      stage.later.settle();
      assertThat(answer.hasCome()).isFalse();
      assertThat(stage.environment(0).deliveries()).isZero();
      assertThat(stage.environment(0).restarts()).isEqualTo(1);
      stage.next(stage.environment(0));
      assertThat(stage.environment(0).deliveries()).isEqualTo(1);
    }
  }

  @Test
  void beginsASlowInitializationAnewWithinTheTimeout() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.later.advance(Stage.INIT_TIMEOUT);
      stage.later.settle();
      assertThat(stage.environment(0).restarts()).isEqualTo(1);
      assertThat(stage.log(0))
          .containsExactly("INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout");
      stage.later.advance(Duration.ofSeconds(2));
      stage.next(stage.environment(0));
      var work = stage.environment(0).work();
      assertThat(work).isNotNull();
      if (work != null) {
        assertThat(work.deadlineMillis()).isEqualTo(stage.ticker.millis() + 1000);
      }
      stage.later.advance(Duration.ofMillis(500));
      stage.answer(stage.environment(0), "1");
      assertThat(answer.result()).isEqualTo("1");
      assertThat(stage.log(0))
          .last()
          .isEqualTo(
              "REPORT RequestId: id-1\tDuration: 2500.00 ms\tBilled Duration: 2500 ms\tMemory Size:"
                  + " 128 MB\tMax Memory Used: 40 MB\t");
    }
  }

  @Test
  void leavesTheInvocationTheRestOfItsTimeAfterASecondInitialization() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.later.advance(Stage.INIT_TIMEOUT.plusSeconds(2));
      stage.next(stage.environment(0));
      stage.later.advance(Duration.ofMillis(999));
      assertThat(answer.hasCome()).isFalse();
      stage.later.advance(Duration.ofMillis(1));
      stage.later.settle();
      assertThat(answer.error()).contains("Sandbox.Timedout");
    }
  }

  @Test
  void timesOutInTheSecondInitialization() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invokeWithLog("f");
      stage.later.advance(Stage.INIT_TIMEOUT.plusSeconds(3));
      stage.later.settle();
      assertThat(answer.error())
          .isEqualTo(
              "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: id-1 Error: Task timed"
                  + " out after 3.00 seconds\"}");
      assertThat(stage.starter.started()).hasSize(1);
      assertThat(stage.log(0))
          .containsExactly(
              "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout",
              "INIT_REPORT Init Duration: 3000.00 ms\tPhase: invoke\tStatus: timeout",
              "START RequestId: id-1 Version: $LATEST",
              "2026-01-02T03:04:18.678Z id-1 Task timed out after 3.00 seconds",
              "END RequestId: id-1",
              "REPORT RequestId: id-1\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size:"
                  + " 128 MB\tMax Memory Used: 40 MB\tStatus: timeout");
      assertThat(answer.logTail()).contains("Task timed out");
    }
  }

  @Test
  void blamesTheFunctionThatBringsNoProgram() {
    try (Stage stage = new Stage()) {
      stage.starter.failWith(
          new LambicException("Runtime.InvalidEntrypoint", Blame.FUNCTION, "no \"bootstrap\""));
      RecordingAnswer answer = stage.invokeWithLog("f");
      assertThat(answer.error())
          .isEqualTo(
              "{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"RequestId: id-1 Error:"
                  + " no \\\"bootstrap\\\"\"}");
      assertThat(stage.dispatcher.environments()).isZero();
    }
  }

  @Test
  void refusesWhenTheHostFailsAndStaysInOrder() {
    try (Stage stage = new Stage()) {
      for (RuntimeException failure :
          List.of(
              new LambicException("SandboxFailure", Blame.PLATFORM, "mount: no"),
              new IllegalStateException("bug"))) {
        stage.starter.failWith(failure);
        RecordingAnswer answer = stage.invoke("f");
        assertThat(answer.refusal().code()).isEqualTo("ServiceException");
        assertThat(answer.refusal().blame()).isEqualTo(Blame.PLATFORM);
        assertThat(stage.faults).containsExactly(failure);
        stage.faults.clear();
      }
      stage.starter.failWith(null);
      stage.warm("f");
    }
  }

  /** As when what makes sandboxes was killed, and another one takes its place. */
  @Test
  void whatTheHostFailsToMakeIsTriedTwiceMore() {
    try (Stage stage = new Stage()) {
      stage.starter.failTimes(2, new LambicException("SandboxFailure", Blame.PLATFORM, "dead"));
      stage.warm("f");
      assertThat(stage.dispatcher.environments()).isEqualTo(1);
      stage.starter.failTimes(3, new LambicException("SandboxFailure", Blame.PLATFORM, "dead"));
      assertThat(stage.invoke("g").refusal().code()).isEqualTo("ServiceException");
      assertThat(stage.faults).hasSize(1);
      stage.faults.clear();
      stage.warm("g");
    }
  }

  @Test
  void whatIsTriedAgainWaitsNoLongerThanWhatIsTriedOnce() {
    try (Stage stage =
        new Stage(new InvocationConfig(4, 4, 1, Duration.ofMinutes(10), Stage.INIT_TIMEOUT))) {
      stage.starter.keepKilled();
      for (int i = 0; i < 4; i++) {
        stage.invoke("old");
        stage.next(stage.environment(i));
      }
      stage.starter.started().forEach(environment -> stage.answer(environment, "1"));
      stage.dispatcher.retire(stage.image("old").key());
      stage.later.settle();
      stage.invoke("last");
      stage.next(stage.environment(4));
      stage.answer(stage.environment(4), "2");
      RecordingAnswer unlucky = stage.invoke("unlucky");
      RecordingAnswer next = stage.invoke("next");
      stage.later.advance(Duration.ofSeconds(20));
      stage.starter.failTimes(1, new LambicException("SandboxFailure", Blame.PLATFORM, "dead"));
      stage.environment(0).vanish();
      stage.later.settle();
      stage.next(stage.environment(5));
      stage.answer(stage.environment(5), "3");
      assertThat(next.result()).as("took the place").isEqualTo("3");
      stage.later.advance(Duration.ofSeconds(9));
      assertThat(unlucky.hasCome()).isFalse();
      stage.later.advance(Duration.ofSeconds(2));
      assertThat(unlucky.refusal().code()).isEqualTo("ServiceException");
    }
  }

  @Test
  void refusesWithoutCode() {
    try (Stage stage = new Stage()) {
      stage.resources.failWith(new IllegalStateException("no code"));
      assertThat(stage.invoke("f").refusal().code()).isEqualTo("ServiceException");
      assertThat(stage.resources.held()).as("credentials").isZero();
      stage.faults.clear();
    }
  }

  @Test
  void refusesARuntimeThatTheHostHasNoMore() {
    try (Stage stage = new Stage()) {
      stage.starter.findNoTarget(
          new LambicException("InvalidParameterValueException", Blame.CALLER, "Install it."));
      LambicException refusal = stage.invoke("f").refusal();
      assertThat(refusal.code()).isEqualTo("InvalidRuntimeException");
      assertThat(refusal).hasMessage("Install it.");
    }
  }

  @Test
  void saysWhatIsDifferentOnThisHost() {
    try (Stage stage = new Stage()) {
      stage.starter.warn("python3.12 is not installed");
      stage.warm("f");
      assertThat(stage.logs.events().get(0))
          .startsWith("[WARN] python3.12 is not installed", Stage.INIT_START);
    }
  }

  @Test
  void endsAnEnvironmentThatCannotBeLimited() {
    try (Stage stage = new Stage()) {
      RecordingAnswer answer = stage.invoke("f");
      stage.environment(0).failWith(new IllegalStateException("cgroup"));
      stage.next(stage.environment(0));
      assertThat(answer.refusal().code()).isEqualTo("ServiceException");
      assertThat(stage.environment(0).isKilled()).isTrue();
      assertThat(stage.faults).hasSize(1);
      stage.faults.clear();
    }
  }

  @Test
  void givesBackWhatAnEnvironmentHeldWhenItIsGone() {
    try (Stage stage = new Stage()) {
      stage.starter.keepKilled();
      stage.warm("f");
      assertThat(stage.resources.held()).isEqualTo(2);
      stage.dispatcher.retire("f:1");
      assertThat(stage.resources.held()).as("something is left of it").isEqualTo(2);
      stage.environment(0).vanish();
      assertThat(stage.resources.held()).isZero();
    }
  }
}
