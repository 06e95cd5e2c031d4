package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.LogType;

/** What functions log is JSON, as their AWS runtimes write it, where the function wants that. */
class JsonLogsTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static List<JsonNode> log(String runtime, String file, String source) {
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(),
            runtime.replace('.', '-'),
            runtime,
            "app.handler",
            Zip.of(file, source),
            settings ->
                settings.loggingConfig(
                    logging -> logging.logFormat("JSON").applicationLogLevel("INFO")));
    Invoked answer = function.invokeWithLog("{}");
    assertThat(answer.errorMessage()).isEqualTo("no luck");
    List<JsonNode> lines = answer.log().lines().map(Invoked::parse).toList();
    assertThat(lines).noneMatch(line -> line.toString().contains("hidden"));
    assertThat(lines).anyMatch(line -> line.path("type").asText().equals("platform.start"));
    List<JsonNode> own = lines.stream().filter(line -> !line.has("type")).toList();
    assertThat(own)
        .allMatch(line -> line.path("timestamp").asText().matches("\\d{4}-\\d\\d-\\d\\dT.*Z"))
        .allMatch(line -> line.path("requestId").asText().equals(answer.requestId()));
    return own;
  }

  @Test
  void pythonFunctionsLogJson() {
    List<JsonNode> lines =
        log(
            TestFunction.PYTHON,
            "app.py",
            """
            import logging

            def handler(event, context):
                logging.getLogger("shop").info("two\\nlines", extra={"order": 7})
                logging.debug("hidden")
                raise ValueError("no luck")
            """);
    assertThat(lines).hasSize(2);
    JsonNode info = lines.getFirst();
    assertThat(info.path("level").asText()).isEqualTo("INFO");
    assertThat(info.path("message").asText()).isEqualTo("two\nlines");
    assertThat(info.path("logger").asText()).isEqualTo("shop");
    assertThat(info.path("order").asInt()).isEqualTo(7);
    JsonNode error = lines.getLast();
    assertThat(error.path("log_level").asText()).isEqualTo("ERROR");
    assertThat(error.path("errorType").asText()).isEqualTo("ValueError");
    assertThat(error.path("errorMessage").asText()).isEqualTo("no luck");
    assertThat(error.path("stackTrace").toString()).contains("/var/task/app.py");
  }

  @Test
  void nodeFunctionsLogJson() {
    List<JsonNode> lines =
        log(
            TestFunction.NODE,
            "app.mjs",
            """
            export const handler = async () => {
              console.log("two\\nlines %d", 1);
              console.warn({ order: 7 });
              console.debug("hidden");
              throw new RangeError("no luck");
            };
            """);
    assertThat(lines).hasSize(3);
    assertThat(lines.getFirst().path("level").asText()).isEqualTo("INFO");
    assertThat(lines.getFirst().path("message").asText()).isEqualTo("two\nlines 1");
    assertThat(lines.get(1).path("level").asText()).isEqualTo("WARN");
    assertThat(lines.get(1).path("message").path("order").asInt()).isEqualTo(7);
    JsonNode error = lines.getLast();
    assertThat(error.path("level").asText()).isEqualTo("ERROR");
    assertThat(error.path("message").path("errorType").asText()).isEqualTo("RangeError");
    assertThat(error.path("message").path("errorMessage").asText()).isEqualTo("no luck");
    assertThat(error.path("message").path("stackTrace").toString()).contains("/var/task/app.mjs");
  }

  /** How long each part took, and the trace of a call that is sampled. */
  @Test
  void tellsOfThePartsOfAnInvocation() {
    TestFunction.create(
        LAMBIC.lambda(),
        "parts",
        TestFunction.PYTHON,
        "app.handler",
        Zip.of("app.py", "def handler(event, context):\n    return event\n"),
        settings ->
            settings.loggingConfig(logging -> logging.logFormat("JSON").systemLogLevel("DEBUG")));
    String trace = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1";
    Invoked answer =
        Invoked.of(
            LAMBIC
                .lambda()
                .invoke(r ->
                    r.functionName("parts")
                        .logType(LogType.TAIL)
                        .payload(SdkBytes.fromUtf8String("\"hello\""))
                        .overrideConfiguration(own -> own.putHeader("X-Amzn-Trace-Id", trace))));
    assertThat(answer.success().asText()).isEqualTo("hello");
    JsonNode start = record(answer, "platform.start");
    assertThat(start.path("functionArn").asText()).isEqualTo(Clients.arn("parts"));
    assertThat(start.path("tracing").path("type").asText()).isEqualTo("X-Amzn-Trace-Id");
    assertThat(start.path("tracing").path("value").asText()).isEqualTo(trace);
    JsonNode done = record(answer, "platform.runtimeDone");
    assertThat(done.path("spans"))
        .extracting(span -> span.path("name").asText())
        .containsExactly("responseLatency", "responseDuration", "runtimeOverhead");
    assertThat(done.path("metrics").path("producedBytes").asInt()).isEqualTo(7);
    assertThat(record(answer, "platform.report").path("tracing").path("value").asText())
        .isEqualTo(trace);
  }

  private static JsonNode record(Invoked answer, String type) {
    return answer
        .log()
        .lines()
        .map(Invoked::parse)
        .filter(line -> line.path("type").asText().equals(type))
        .findFirst()
        .orElseThrow(() -> new AssertionError(type + " is not in " + answer.log()))
        .path("record");
  }
}
