package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;

/**
 * AWS's own runtime interface clients, unmodified, as custom runtimes: what they expect of the
 * Runtime API is what they get.
 */
class RuntimeClientsTest {
  private static final int WARM_CALLS = 200;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static final Map<String, TestFunction> FUNCTIONS = new HashMap<>();

  @BeforeAll
  static void deploy() {
    for (String language : new String[] {"python", "node", "go", "rust"}) {
      FUNCTIONS.put(language, deploy(language, language, "client.handler", settings -> {}));
    }
  }

  private static TestFunction deploy(
      String name,
      String language,
      String handler,
      Consumer<CreateFunctionRequest.Builder> settings) {
    return TestFunction.create(
        LAMBIC.lambda(), name, TestFunction.CUSTOM, handler, zip(language), settings);
  }

  private static byte[] zip(String language) {
    Zip zip = Zip.empty();
    switch (language) {
      case "python" ->
          zip.tree(Places.client(language), "")
              .file("client.py", Zip.read(Places.function("client.py")))
              .program(
                  "bootstrap", script("exec /usr/bin/python3 -m awslambdaric \"$_HANDLER\" 2>&1"));
      case "node" ->
          zip.tree(Places.client(language), "")
              .file("client.mjs", Zip.read(Places.function("client.mjs")))
              .program(
                  "bootstrap",
                  script("exec node /var/task/aws-lambda-ric/index.mjs \"$_HANDLER\""));
      default -> // The bootstrap is the client with the function in it.
          zip.program("bootstrap", Zip.bytes(Places.client(language).resolve("bootstrap")));
    }
    return zip.bytes();
  }

  private static byte[] script(String command) {
    return ("#!/bin/sh\ncd \"$LAMBDA_TASK_ROOT\"\n" + command + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static TestFunction function(String language) {
    TestFunction function = FUNCTIONS.get(language);
    assertThat(function).isNotNull();
    return function;
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "node", "go", "rust"})
  void theEventComesAndTheAnswerGoes(String language) {
    for (String text : new String[] {"", "héllo 🎈 \"quoted\"\n", "é".repeat(500_000)}) {
      String event = "{\"do\":\"echo\",\"text\":" + Invoked.quote(text) + "}";
      assertThat(function(language).invoke(event).success()).isEqualTo(Invoked.parse(event));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "node", "go", "rust"})
  void theContextTellsOfTheCall(String language) {
    String client =
        "{\"client\":{\"installation_id\":\"i\",\"app_title\":\"t\",\"app_version_name\":\"1\","
            + "\"app_version_code\":\"2\",\"app_package_name\":\"p\"},"
            + "\"custom\":{\"key\":\"välue\"},\"env\":{\"locale\":\"de\"}}";
    Invoked answer =
        Invoked.of(
            LAMBIC
                .lambda()
                .invoke(request ->
                    request
                        .functionName(language)
                        .clientContext(
                            Base64.getEncoder()
                                .encodeToString(client.getBytes(StandardCharsets.UTF_8)))
                        .payload(SdkBytes.fromUtf8String("{\"do\":\"context\"}"))));
    JsonNode context = answer.success();
    assertThat(context.path("id").asText()).isEqualTo(answer.requestId());
    assertThat(context.path("arn").asText()).isEqualTo(Clients.arn(language));
    assertThat(context.path("name").asText()).isEqualTo(language);
    assertThat(context.path("version").asText()).isEqualTo("$LATEST");
    assertThat(context.path("memory").asInt()).isEqualTo(128);
    assertThat(context.path("group").asText()).isEqualTo("/aws/lambda/" + language);
    assertThat(context.path("stream").asText()).matches("\\d{4}/\\d\\d/\\d\\d/\\[\\$LATEST].{32}");
    assertThat(context.path("remaining").asLong()).isBetween(1L, 20_000L);
    assertThat(context.path("custom").path("key").asText()).isEqualTo("välue");
    assertThat(context.path("trace").asText()).startsWith("Root=1-");
  }

  @ParameterizedTest
  @CsvSource({
    "python, ValueError",
    "node, RangeError",
    "go, errorString",
    "rust, &alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>",
  })
  void anErrorIsToldAndTheEnvironmentGoesOn(String language, String type) {
    TestFunction function = deploy("fails-" + language, language, "client.handler", s -> {});
    Counts counts = new Counts();
    counts.add(function);
    // A call that comes too early for the environment may get another one.
    Await.until(
        Duration.ofSeconds(30),
        "an environment that failed takes a call",
        () -> {
          Invoked answer = function.invoke("{\"do\":\"fail\",\"text\":\"as it was asked for\"}");
          assertThat(answer.status()).isEqualTo(200);
          assertThat(answer.error()).isEqualTo("Unhandled");
          assertThat(answer.errorType()).isEqualTo(type);
          assertThat(answer.errorMessage()).isEqualTo("as it was asked for");
          return counts.add(function) == 2;
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "node", "go", "rust"})
  void anExitEndsTheEnvironmentAlone(String language) {
    Invoked answer = function(language).act("exit");
    assertThat(answer.errorType()).isEqualTo("Runtime.ExitError");
    assertThat(answer.errorMessage())
        .isEqualTo(
            "RequestId: "
                + answer.requestId()
                + " Error: Runtime exited with error: exit status 3");
    assertThat(function(language).act("calls").success().path("calls").asInt()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"python", "node", "go", "rust"})
  void oneEnvironmentTakesOneCallAfterTheOther(String language) {
    TestFunction function = deploy("warm-" + language, language, "client.handler", s -> {});
    Counts counts = new Counts();
    for (int call = 0; call < WARM_CALLS; call++) {
      assertThat(counts.add(function)).as("calls that were counted for one").isEqualTo(1);
    }
    // None came too early for the environment, though its client asks for more only after it has
    // answered.
    assertThat(counts.environments()).isEqualTo(1);
  }

  /** For this, the client registers an extension of its own within the runtime. */
  @Test
  void theGoClientHearsOfTheEnd() {
    TestFunction function =
        deploy(
            "last-words",
            "go",
            "bootstrap",
            s -> s.environment(e -> e.variables(Map.of("LAST_WORDS", "so long"))));
    assertThat(function.act("calls").success().path("calls").asInt()).isEqualTo(1);
    function.delete();
    try (FunctionLog log = FunctionLog.of(LAMBIC.server().address(), function.name())) {
      assertThat(log.await(text -> text.startsWith("EXTENSION\t"))).contains("State: Ready");
      log.await(text -> text.strip().equals("so long"));
    }
  }

  /** How many calls the environments of a function have counted, as far as they have told. */
  private static final class Counts {
    private final Map<Long, Integer> told = new HashMap<>();

    /** Calls the function. Returns how many calls its environment counted since it last told. */
    int add(TestFunction function) {
      JsonNode answer = function.act("calls").success();
      int calls = answer.path("calls").asInt();
      Integer before = told.put(answer.path("instance").asLong(), calls);
      return calls - (before == null ? 0 : before);
    }

    int environments() {
      return told.size();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "go, string, no way",
    "rust, &alloc::boxed::Box<dyn core::any::Any + core::marker::Send>, Lambda panicked",
  })
  void aPanicIsAnError(String language, String type, String message) {
    Invoked answer = function(language).invoke("{\"do\":\"panic\",\"text\":\"no way\"}");
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).isEqualTo(type);
    assertThat(answer.errorMessage()).isEqualTo(message);
    assertThat(function(language).act("calls").success().path("calls").asInt()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({
    "python, client.handler, RuntimeError, not today",
    "node, client.handler, RangeError, not today",
    "python, nowhere.handler, Runtime.ImportModuleError,"
        + " Unable to import module 'nowhere': No module named 'nowhere'",
    "node, nowhere.handler, Runtime.ImportModuleError, Error: Cannot find module 'nowhere'",
    "python, client.nothing, Runtime.HandlerNotFound,"
        + " Handler 'nothing' missing on module 'client'",
    "node, client.nothing, Runtime.HandlerNotFound, client.nothing is undefined or not exported",
  })
  void anErrorAtInitIsTheAnswer(String language, String handler, String type, String message) {
    TestFunction function =
        deploy(
            "init-" + language + "-" + handler.replace('.', '-'),
            language,
            handler,
            settings -> {
              if (message.equals("not today")) {
                settings.environment(own -> own.variables(Map.of("AT_INIT", "fail")));
              }
            });
    Invoked answer = function.act("calls");
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).isEqualTo(type);
    assertThat(answer.errorMessage()).startsWith(message);
  }
}
