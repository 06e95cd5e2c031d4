package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * After a failure that ends the runtime, the environment goes on with new processes and with what
 * {@code /tmp} held, as on AWS.
 */
class ResetTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  @ParameterizedTest
  @CsvSource({
    "exit, Runtime.ExitError, Runtime exited with error: exit status 4",
    "signal, Runtime.ExitError, Runtime exited with error: signal: segmentation fault",
    "memory, Runtime.ExitError, Runtime exited with error: signal: killed",
    "sleep, Sandbox.Timedout, Task timed out after 6.00 seconds",
  })
  void theProcessesAreNewAndTheFilesAreNot(String failure, String type, String message) {
    TestFunction function =
        TestFunction.python(
            LAMBIC.lambda(),
            failure,
            "standing.py",
            settings -> settings.timeout(6).memorySize(512));
    JsonNode before = mark(function, "before");
    assertThat(before.path("found").isNull()).isTrue();
    Invoked failed = function.act(failure);
    assertThat(failed.status()).isEqualTo(200);
    assertThat(failed.errorType()).isEqualTo(type);
    assertThat(failed.errorMessage())
        .isEqualTo("RequestId: " + failed.requestId() + " Error: " + message);
    JsonNode after = mark(function, "after");
    assertThat(after.path("found").asText()).isEqualTo("before");
    assertThat(after.path("stream")).isEqualTo(before.path("stream"));
    assertThat(after.path("instance")).isNotEqualTo(before.path("instance"));
    assertThat(after.path("calls").asInt()).isEqualTo(1);
    assertThat(after.path("processes"))
        .as("none of before is left")
        .isEqualTo(before.path("processes"));
    theLogIsInOrder(function, failed.requestId(), message);
  }

  private static JsonNode mark(TestFunction function, String text) {
    return function.invoke("{\"do\":\"mark\",\"text\":\"" + text + "\"}").success();
  }

  private static void theLogIsInOrder(TestFunction function, String id, String message) {
    try (FunctionLog log = FunctionLog.of(LAMBIC.server().address(), function.name())) {
      Await.until(
          Duration.ofSeconds(60),
          () -> "the log is complete: " + log.texts(),
          () -> log.texts().stream().filter(line -> line.startsWith("REPORT ")).count() == 3);
      assertThat(
              log.texts().stream()
                  .map(line -> kindOf(line, id, message))
                  .filter(kind -> !kind.isEmpty()))
          .as(() -> String.join("", log.texts()))
          .containsExactly(
              "INIT_START",
              "START",
              "END",
              "REPORT",
              "START failing",
              "failure",
              "END failing",
              "REPORT failing",
              "START",
              "END",
              "REPORT");
    }
  }

  private static String kindOf(String line, String id, String message) {
    if (line.contains(message)) {
      return "failure";
    }
    String first = line.split(" ", 2)[0];
    return switch (first) {
      case "INIT_START" -> first;
      case "START", "END", "REPORT" -> line.contains(id) ? first + " failing" : first;
      default -> "";
    };
  }
}
