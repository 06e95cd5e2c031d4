package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeEnvironment;
import dev.lambic.runtime.ResultFlow;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Results in pieces, from the runtime to the caller. */
final class StreamingTest {
  /** Counts what a caller asks for. */
  private static final class CountingFlow implements ResultFlow {
    private int pauses;
    private int resumes;

    @Override
    public void pause() {
      pauses++;
    }

    @Override
    public void resume() {
      resumes++;
    }
  }

  private final CountingFlow flow = new CountingFlow();

  private FakeEnvironment streaming(Stage stage, RecordingAnswer answer) {
    FakeEnvironment environment = stage.environment(0);
    assertThat(Objects.requireNonNull(environment.work()).streamed()).isTrue();
    environment.beginStream(flow);
    environment.stream("one");
    environment.stream("two");
    assertThat(answer.pieces()).isEqualTo("text/plain: one two");
    assertThat(answer.hasCome()).isFalse();
    return environment;
  }

  @Test
  void aCallerGetsEachPieceAndThenTheEnd() {
    try (Stage stage = new Stage()) {
      stage.warm("f");
      RecordingAnswer answer = stage.stream("f", false);
      FakeEnvironment environment = streaming(stage, answer);
      environment.endStream();
      stage.later.settle();
      assertThat(answer.result()).isEmpty();
      assertThat(stage.invoke("f").hasCome()).isFalse();
      stage.answer(environment, "1");
    }
  }

  @Test
  void aCallerStopsAndStartsTheFunction() {
    try (Stage stage = new Stage()) {
      stage.warm("f");
      RecordingAnswer answer = stage.stream("f", false);
      FakeEnvironment environment = streaming(stage, answer);
      Objects.requireNonNull(answer.flow()).pause();
      Objects.requireNonNull(answer.flow()).resume();
      assertThat(flow.pauses).isEqualTo(1);
      assertThat(flow.resumes).isEqualTo(1);
      environment.endStream();
      stage.later.settle();
    }
  }

  @Test
  void anErrorAmidThePiecesIsTheEnd() {
    try (Stage stage = new Stage()) {
      stage.warm("f");
      RecordingAnswer answer = stage.stream("f", false);
      streaming(stage, answer).fail("Late", "{\"errorType\":\"Late\"}");
      stage.later.settle();
      assertThat(answer.error()).isEqualTo("{\"errorType\":\"Late\"}");
      assertThat(answer.errorType()).isEqualTo("Late");
    }
  }

  @Test
  void theLogComesAfterTheLastPiece() {
    try (Stage stage = new Stage()) {
      stage.warm("f");
      RecordingAnswer answer = stage.stream("f", true);
      FakeEnvironment environment = streaming(stage, answer);
      environment.writeSlowly("written late\n");
      environment.endStream();
      stage.later.settle();
      assertThat(answer.logTail()).contains("START", "written late", "REPORT");
    }
  }

  @Test
  void anEnvironmentThatEndsAmidThePiecesIsTheError() {
    try (Stage stage = new Stage()) {
      stage.warm("f");
      RecordingAnswer answer = stage.stream("f", false);
      streaming(stage, answer).exit(3, 0);
      stage.later.settle();
      assertThat(answer.errorType()).isEqualTo("Runtime.ExitError");
      assertThat(answer.error()).contains("exit status 3");
    }
  }

  @Test
  void timeRunsOutAmidThePieces() {
    try (Stage stage = new Stage()) {
      stage.warm("f");
      RecordingAnswer answer = stage.stream("f", false);
      FakeEnvironment environment = streaming(stage, answer);
      stage.later.advance(Duration.ofSeconds(Stage.TIMEOUT_SECONDS));
      stage.later.settle();
      environment.stream("late");
      assertThat(answer.pieces()).isEqualTo("text/plain: one two");
      assertThat(answer.errorType()).isEqualTo("Sandbox.Timedout");
      assertThat(answer.error()).contains("Task timed out after 3.00 seconds");
    }
  }

  @Test
  void aFunctionThatDoesNotStreamAnswersWhole() {
    try (Stage stage = new Stage()) {
      FakeEnvironment environment = stage.warm("f");
      RecordingAnswer answer = stage.stream("f", false);
      stage.answer(environment, "\"whole\"");
      assertThat(answer.result()).isEqualTo("\"whole\"");
      assertThat(answer.pieces()).isEmpty();
    }
  }
}
