package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

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
}
