package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkBytes;

/**
 * Extensions as they are written for AWS, brought by layers: one in Go by the book, one in Rust by
 * AWS's own library, unmodified. Both write down at their end what they were told.
 */
class AgentsTest {
  private static final String FLUSHED = "flushed ";

  private static final String FUNCTION =
      """
      import os, threading

      def handler(event, context):
          print("function says " + event, flush=True)
          if event == "hang":
              threading.Event().wait()
          if event == "exit":
              os._exit(3)
          return event
      """;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static final Map<String, String> LAYERS = new HashMap<>();

  @BeforeAll
  static void publish() {
    for (String language : new String[] {"go", "rust"}) {
      String name = language + "-agent";
      byte[] agent = Zip.bytes(Places.client(language).resolve(name));
      byte[] layer = Zip.empty().program("extensions/" + name, agent).bytes();
      LAYERS.put(
          language,
          LAMBIC
              .lambda()
              .publishLayerVersion(
                  r -> r.layerName(name).content(c -> c.zipFile(SdkBytes.fromByteArray(layer))))
              .layerVersionArn());
    }
  }

  private static TestFunction function(
      String name, String language, int timeout, Map<String, String> variables) {
    String layer = LAYERS.get(language);
    return TestFunction.create(
        LAMBIC.lambda(),
        name,
        TestFunction.PYTHON,
        "app.handler",
        Zip.of("app.py", FUNCTION),
        r ->
            r.layers(layer)
                .memorySize(1769)
                .timeout(timeout)
                .environment(e -> e.variables(variables)));
  }

  private static FunctionLog log(TestFunction function) {
    return FunctionLog.of(LAMBIC.server().address(), function.name());
  }

  /** What the extension wrote down of an invocation, when it was told to end. */
  private static JsonNode diary(FunctionLog log, String requestId) {
    String line = log.await(text -> text.startsWith(FLUSHED) && text.contains(requestId));
    return Invoked.parse(line.substring(FLUSHED.length()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"go", "rust"})
  void writesDownWhatItWasTold(String language) {
    TestFunction function = function("accompanied-" + language, language, 20, Map.of());
    List<String> ids = new ArrayList<>();
    for (String word : List.of("one", "two")) {
      // The log's tail comes when the extension is done too, so one environment serves both.
      Invoked answer = function.invokeWithLog(Invoked.quote(word));
      assertThat(answer.success().asText()).isEqualTo(word);
      ids.add(answer.requestId());
    }
    function.delete();
    try (FunctionLog log = log(function)) {
      JsonNode diary = diary(log, ids.get(1));
      assertThat(diary.path("reason").asText()).isEqualTo("spindown");
      assertThat(diary.path("invoked")).extracting(JsonNode::asText).isEqualTo(ids);
      assertThat(diary.path("lines"))
          .extracting(line -> line.asText().strip())
          .containsExactly("function says one", "function says two");
      for (String id : ids) {
        assertThat(diary.path("done").path(id).asText()).isEqualTo("success");
        assertThat(diary.path("reports").path(id).asText()).isEqualTo("success");
      }
      List<String> own =
          log.texts().stream()
              .map(String::strip)
              .filter(text -> text.matches("(?s)(TELEMETRY|EXTENSION|START).*"))
              .toList();
      assertThat(own.subList(0, 3))
          .containsExactly(
              "TELEMETRY\tName: "
                  + language
                  + "-agent\tState: Subscribed\tTypes: [Platform, Function]",
              "EXTENSION\tName: " + language + "-agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]",
              "START RequestId: " + ids.get(0) + " Version: $LATEST");
    }
  }

  @Test
  void writesDownWhatTheLogsApiTold() {
    TestFunction function = function("logged", "rust", 20, Map.of("BY_LOGS_API", "yes"));
    Invoked answer = function.invokeWithLog("\"one\"");
    assertThat(answer.success().asText()).isEqualTo("one");
    function.delete();
    try (FunctionLog log = log(function)) {
      JsonNode diary = diary(log, answer.requestId());
      assertThat(diary.path("lines").path(0).asText()).isEqualTo("function says one\n");
      assertThat(diary.path("done").path(answer.requestId()).asText()).isEqualTo("success");
      assertThat(diary.path("reports").path(answer.requestId()).asText()).isEqualTo("reported");
      assertThat(log.texts().stream().map(String::strip))
          .contains("LOGS\tName: rust-agent\tState: Subscribed\tTypes: [Platform, Function]");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"go", "rust"})
  void hearsHowAnInvocationFailed(String language) {
    TestFunction function = function("failing-" + language, language, 3, Map.of());
    Invoked late = function.invoke("\"hang\"");
    assertThat(late.errorType()).isEqualTo("Sandbox.Timedout");
    Invoked gone = function.invoke("\"exit\"");
    assertThat(gone.errorType()).isEqualTo("Runtime.ExitError");
    try (FunctionLog log = log(function)) {
      heard(diary(log, late.requestId()), late, "timeout", "timeout");
      heard(diary(log, gone.requestId()), gone, "failure", "error");
    }
  }

  private static void heard(JsonNode diary, Invoked of, String reason, String status) {
    assertThat(diary.path("reason").asText()).isEqualTo(reason);
    assertThat(diary.path("done").path(of.requestId()).asText()).isEqualTo(status);
    assertThat(diary.path("reports").path(of.requestId()).asText()).isEqualTo(status);
  }
}
