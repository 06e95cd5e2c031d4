package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeEnvironment;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What reserved concurrency does to invocations. */
final class ConcurrencyTest {
  private static Stage stage(int concurrency) {
    return new Stage(
        new InvocationConfig(
            concurrency, concurrency, 2, Duration.ofMinutes(10), Stage.INIT_TIMEOUT));
  }

  private static void assertThrottled(RecordingAnswer answer, String reason) {
    assertThat(answer.refusal().code()).isEqualTo("TooManyRequestsException");
    assertThat(answer.refusal()).hasMessage("Rate Exceeded.");
    assertThat(answer.refusal().members()).containsEntry("Reason", reason);
    assertThat(answer.refusal().members()).containsEntry("Type", "User");
  }

  @Test
  void runsNoMoreThanIsReserved() {
    try (Stage stage = new Stage()) {
      stage.reserve("f", 1);
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer first = stage.invoke("f");
      assertThrottled(stage.invoke("f"), "ReservedFunctionConcurrentInvocationLimitExceeded");
      assertThat(stage.invoke("g").hasCome()).isFalse();
      stage.answer(environment, "1");
      assertThat(first.result()).isEqualTo("1");
      stage.invoke("f");
      stage.answer(environment, "2");
      assertThat(stage.starter.started()).hasSize(2);
    }
  }

  @Test
  void sharesWhatIsReservedAmongVersions() {
    try (Stage stage = new Stage()) {
      stage.reserve("f", 1);
      stage.invoke("f");
      assertThrottled(
          stage.invoke(stage.image("f", "f:2"), false),
          "ReservedFunctionConcurrentInvocationLimitExceeded");
    }
  }

  @Test
  void runsNothingWhereNothingIsReserved() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer running = stage.invoke("f");
      stage.reserve("f", 0);
      assertThrottled(stage.invoke("f"), "ReservedFunctionConcurrentInvocationLimitExceeded");
      stage.answer(environment, "1");
      assertThat(running.result()).as("goes on").isEqualTo("1");
      assertThrottled(stage.invoke("f"), "ReservedFunctionConcurrentInvocationLimitExceeded");
      stage.reserve("f", null);
      stage.invoke("f");
      assertThat(environment.work()).isNotNull();
    }
  }

  @Test
  void leavesToOthersWhatIsNotReserved() {
    try (Stage stage = stage(3)) {
      stage.reserve("f", 2);
      stage.invoke("g");
      assertThrottled(stage.invoke("g"), "ConcurrentInvocationLimitExceeded");
      assertThat(stage.invoke("f").hasCome()).isFalse();
      assertThat(stage.invoke("f").hasCome()).isFalse();
      assertThrottled(stage.invoke("f"), "ReservedFunctionConcurrentInvocationLimitExceeded");
    }
  }

  @Test
  void letsACallWaitForTheReservedOneThatHasAnswered() {
    try (Stage stage = new Stage()) {
      stage.reserve("f", 1);
      FakeEnvironment environment = stage.warm("f");
      stage.invoke("f");
      environment.respond("1");
      RecordingAnswer again = stage.invoke("f");
      stage.next(environment);
      stage.answer(environment, "2");
      assertThat(again.result()).isEqualTo("2");
    }
  }
}
