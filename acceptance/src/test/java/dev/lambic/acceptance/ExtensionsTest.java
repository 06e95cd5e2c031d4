package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.SdkBytes;

/** Extensions in layers and within functions: what they hear and what they bring about. */
class ExtensionsTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static final Duration LIMIT = Duration.ofSeconds(40);

  private static final String FUNCTION =
      """
      def handler(event, context):
          print("function says " + event)
          return event
      """;

  /** Registers before the handler is there, as agents do that a module brings along. */
  private static final String INTERNAL =
      """
      import http.client, json, os, threading

      api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
      api.request("POST", "/2020-01-01/extension/register", '{"events":["INVOKE"]}',
                  {"Lambda-Extension-Name": "inside"})
      registered = api.getresponse()
      about = json.loads(registered.read())
      ident = registered.getheader("Lambda-Extension-Identifier")

      def accompany():
          while True:
              api.request("GET", "/2020-01-01/extension/event/next",
                          headers={"Lambda-Extension-Identifier": ident})
              event = json.loads(api.getresponse().read())
              print("inside heard " + event["eventType"] + " " + event["requestId"], flush=True)

      threading.Thread(target=accompany, daemon=True).start()

      def handler(event, context):
          return about
      """;

  /** A layer with one extension. */
  private static String layer(String name, String program) {
    Zip content =
        Zip.empty().program("extensions/" + name, program.getBytes(StandardCharsets.UTF_8));
    return LAMBIC
        .lambda()
        .publishLayerVersion(
            r -> r.layerName(name).content(c -> c.zipFile(SdkBytes.fromByteArray(content.bytes()))))
        .layerVersionArn();
  }

  private static TestFunction function(String name, int timeout, String source, String... layers) {
    return TestFunction.create(
        LAMBIC.lambda(),
        name,
        TestFunction.PYTHON,
        "app.handler",
        Zip.of("app.py", source),
        r -> r.layers(layers).memorySize(1769).timeout(timeout));
  }

  private static FunctionLog log(TestFunction function) {
    return FunctionLog.of(LAMBIC.server().address(), function.name());
  }

  private static List<String> await(FunctionLog log, Predicate<List<String>> wanted) {
    List<String> found = new ArrayList<>();
    Await.until(
        LIMIT,
        () -> "the log is complete: " + String.join("\n", log.texts()),
        () -> {
          found.clear();
          log.texts().forEach(text -> found.add(text.strip()));
          return wanted.test(found);
        });
    return found;
  }

  @Test
  void hearsOfEverythingFromTheStartToTheEnd() {
    TestFunction function =
        function(
            "recorded", 20, FUNCTION, layer("recorder", Zip.read(Places.function("extension.py"))));
    List<String> ids = new ArrayList<>();
    for (String word : List.of("one", "two", "three")) {
      // The log's tail comes when the extension is done too, so one environment serves all.
      Invoked answer = function.invokeWithLog(Invoked.quote(word));
      assertThat(answer.success().asText()).isEqualTo(word);
      ids.add(answer.requestId());
    }
    function.delete();
    try (FunctionLog log = log(function)) {
      List<String> all =
          await(log, texts -> texts.stream().anyMatch(t -> t.startsWith("{\"farewell\"")));
      List<JsonNode> told =
          all.stream().filter(t -> t.startsWith("{")).map(Invoked::parse).toList();
      assertThat(told.getFirst().path("registered").path("functionName").asText())
          .isEqualTo("recorded");
      // A thread of it may still write of telemetry after that.
      List<JsonNode> own = told.stream().filter(t -> !t.has("telemetry")).toList();
      assertThat(own.getLast().path("farewell").asInt()).isEqualTo(3);
      events(told.stream().filter(t -> t.has("event")).map(t -> t.path("event")).toList(), ids);
      telemetry(
          told.stream().filter(t -> t.has("telemetry")).map(t -> t.path("telemetry")).toList(),
          ids);
    }
  }

  private static void events(List<JsonNode> events, List<String> ids) {
    assertThat(events)
        .extracting(e -> e.path("eventType").asText())
        .containsExactly("INVOKE", "INVOKE", "INVOKE", "SHUTDOWN");
    List<JsonNode> invocations = events.subList(0, 3);
    assertThat(invocations).extracting(e -> e.path("requestId").asText()).isEqualTo(ids);
    assertThat(invocations)
        .allMatch(e -> e.path("invokedFunctionArn").asText().equals(Clients.arn("recorded")));
    assertThat(events).allMatch(e -> e.path("deadlineMs").isIntegralNumber());
    assertThat(events.getLast().path("shutdownReason").asText()).isEqualTo("spindown");
  }

  /** A batch may come twice, when the environment is frozen before it is acknowledged. */
  private static void telemetry(List<JsonNode> records, List<String> ids) {
    for (String type : List.of("platform.start", "platform.runtimeDone", "platform.report")) {
      List<JsonNode> ofType = ofType(records, type);
      assertThat(ofType.stream().map(r -> r.path("requestId").asText()).distinct())
          .as(type)
          .isEqualTo(ids);
      if (!type.equals("platform.start")) {
        assertThat(ofType).allMatch(r -> r.path("status").asText().equals("success"));
      }
    }
    assertThat(ofType(records, "function").stream().map(JsonNode::asText).distinct())
        .containsExactly("function says one", "function says two", "function says three");
    assertThat(ofType(records, "extension"))
        .anyMatch(r -> r.asText().startsWith("{\"registered\""));
    assertThat(ofType(records, "platform.initStart")).isNotEmpty();
    assertThat(ofType(records, "platform.extension"))
        .anyMatch(r -> r.path("name").asText().equals("recorder"));
  }

  private static List<JsonNode> ofType(List<JsonNode> records, String type) {
    return records.stream()
        .filter(r -> r.path("type").asText().equals(type))
        .map(r -> r.path("record"))
        .toList();
  }

  @Test
  void accompaniesTheHandlerFromWithin() {
    TestFunction function = function("inner", 20, INTERNAL);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Invoked answer = function.invoke("{}");
      assertThat(answer.success().path("functionName").asText()).isEqualTo("inner");
      assertThat(answer.json().path("handler").asText()).isEqualTo("app.handler");
      expected.add("inside heard INVOKE " + answer.requestId());
    }
    try (FunctionLog log = log(function)) {
      List<String> all = await(log, texts -> texts.containsAll(expected));
      assertThat(all.stream().filter(t -> t.startsWith("inside heard"))).hasSize(2);
    }
  }

  @Test
  void failsTheInvocationWhenItEndsEarly() {
    TestFunction function =
        function("crashed", 20, FUNCTION, layer("crasher", "#!/bin/sh\nexit 3\n"));
    Invoked answer = function.invoke("\"one\"");
    assertThat(answer.errorType()).isEqualTo("Extension.Crash");
    assertThat(answer.errorMessage())
        .isEqualTo("RequestId: " + answer.requestId() + " Error: exit status 3");
    LAMBIC
        .lambda()
        .updateFunctionConfiguration(r -> r.functionName(function.name()).layers(List.of()));
    function.awaitReady();
    assertThat(function.invoke("\"two\"").success().asText()).isEqualTo("two");
  }

  @Test
  void keepsNobodyWaitingWhenItHangs() {
    TestFunction function =
        function("hung", 6, FUNCTION, layer("hanger", Zip.read(Places.function("extension.py"))));
    Invoked first = function.invoke("\"one\"");
    assertThat(first.success().asText()).isEqualTo("one");
    assertThat(function.invoke("\"two\"").success().asText()).isEqualTo("two");
    // The environment is held up for no longer than an invocation may take.
    try (FunctionLog log = log(function)) {
      await(
          log,
          texts ->
              texts.stream()
                  .anyMatch(t ->
                      t.contains(first.requestId())
                          && t.contains("Task timed out after 6.00 seconds")));
    }
  }
}
