package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.InvocationType;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/** What callers get of functions, and functions of their environment, as recorded from AWS. */
class InvokeTest {
  private static final int MIB = 1 << 20;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction probe;

  @BeforeAll
  static void deploy() {
    probe = TestFunction.python(LAMBIC.lambda(), "probe", "probe.py");
  }

  @Test
  void theAnswerIsWhatTheFunctionReturned() {
    Invoked answer =
        probe.invoke("{\"do\":\"echo\",\"text\":\"Grüße 🦊\",\"list\":[1,2.5,null,true]}");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.error()).isNull();
    assertThat(answer.version()).isEqualTo("$LATEST");
    assertThat(answer.log()).isEmpty();
    assertThat(answer.json().path("text").asText()).isEqualTo("Grüße 🦊");
    assertThat(answer.json().path("list").toString()).isEqualTo("[1,2.5,null,true]");
  }

  @Test
  void aFunctionMayBeNamedByArnsAndWithLatest() {
    for (String name :
        List.of(
            Clients.arn("probe"),
            Clients.arn("probe") + ":$LATEST",
            Clients.ACCOUNT + ":function:probe",
            "function:probe",
            "probe:$LATEST")) {
      InvokeResponse response =
          LAMBIC
              .lambda()
              .invoke(request ->
                  request
                      .functionName(name)
                      .payload(SdkBytes.fromUtf8String("{\"do\":\"introspect\"}")));
      String arn =
          Invoked.of(response).success().path("context").path("invoked_function_arn").asText();
      String qualified = name.endsWith(":$LATEST") ? ":$LATEST" : "";
      assertThat(arn).as(name).isEqualTo(Clients.arn("probe") + qualified);
    }
  }

  @Test
  void aDryRunCallsNothing() {
    long before = probe.invoke("{\"do\":\"identity\"}").success().path("calls").asLong();
    InvokeResponse response =
        LAMBIC
            .lambda()
            .invoke(
                request -> request.functionName("probe").invocationType(InvocationType.DRY_RUN));
    assertThat(response.statusCode()).isEqualTo(204);
    long after = probe.invoke("{\"do\":\"identity\"}").success().path("calls").asLong();
    assertThat(after).isEqualTo(before + 1);
  }

  @Test
  void anUnknownFunctionIsNotFound() {
    assertThatThrownBy(() -> LAMBIC.lambda().invoke(request -> request.functionName("nobody")))
        .isInstanceOfSatisfying(
            ResourceNotFoundException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(404);
              assertThat(e.type()).isEqualTo("User");
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo("Function not found: " + Clients.arn("nobody") + ":$LATEST");
            });
  }

  @Test
  void aRaisedExceptionIsTheErrorAsPythonTellsIt() {
    Invoked answer = probe.invokeWithLog("{\"do\":\"raise\",\"text\":\"no \\\"luck\\\"\"}");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.version()).isEqualTo("$LATEST");
    assertThat(answer.error()).isEqualTo("Unhandled");
    JsonNode error = answer.json();
    assertThat(error.path("errorMessage").asText()).isEqualTo("no \"luck\"");
    assertThat(error.path("errorType").asText()).isEqualTo("ValueError");
    assertThat(error.path("requestId").asText()).isEqualTo(answer.requestId());
    assertThat(error.path("stackTrace").toString()).contains("/var/task/probe.py", "do_raise");
    assertThat(names(error))
        .containsExactlyInAnyOrder("errorMessage", "errorType", "requestId", "stackTrace");
    assertThat(answer.log()).contains("[ERROR] ValueError: no \"luck\"", "Traceback");
    assertThat(probe.invoke("{\"do\":\"echo\"}").error()).isNull();
  }

  @Test
  void theContextTellsAboutTheCall() {
    Invoked answer = probe.invoke("{\"do\":\"introspect\"}");
    JsonNode context = answer.success().path("context");
    assertThat(context.path("function_name").asText()).isEqualTo("probe");
    assertThat(context.path("function_version").asText()).isEqualTo("$LATEST");
    assertThat(context.path("invoked_function_arn").asText()).isEqualTo(Clients.arn("probe"));
    assertThat(context.path("memory_limit_in_mb").isTextual()).isTrue();
    assertThat(context.path("memory_limit_in_mb").asText()).isEqualTo("128");
    assertThat(context.path("aws_request_id").asText()).isEqualTo(answer.requestId());
    assertThat(context.path("log_group_name").asText()).isEqualTo("/aws/lambda/probe");
    assertThat(context.path("log_stream_name").asText())
        .matches("\\d{4}/\\d{2}/\\d{2}/\\[\\$LATEST]\\p{XDigit}{32}");
    assertThat(context.path("remaining").asLong()).isBetween(1L, 20_000L);
  }

  @Test
  void theEnvironmentVariablesAreThoseOfAws() {
    TestFunction function =
        TestFunction.python(
            LAMBIC.lambda(),
            "variables",
            "probe.py",
            settings ->
                settings
                    .memorySize(1024)
                    .environment(own -> own.variables(Map.of("TEST_KEY", "TEST_VAL"))));
    JsonNode answer = function.invoke("{\"do\":\"introspect\"}").success();
    JsonNode variables = answer.path("environment");
    JsonNode context = answer.path("context");
    assertThat(variables.path("AWS_DEFAULT_REGION").asText()).isEqualTo(Clients.REGION);
    assertThat(variables.path("AWS_REGION").asText()).isEqualTo(Clients.REGION);
    assertThat(variables.path("AWS_EXECUTION_ENV").asText()).isEqualTo("AWS_Lambda_python3.13");
    assertThat(variables.path("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").asText()).isEqualTo("1024");
    assertThat(variables.path("AWS_LAMBDA_FUNCTION_NAME").asText()).isEqualTo("variables");
    assertThat(variables.path("AWS_LAMBDA_FUNCTION_VERSION").asText()).isEqualTo("$LATEST");
    assertThat(variables.path("AWS_LAMBDA_INITIALIZATION_TYPE").asText()).isEqualTo("on-demand");
    assertThat(variables.path("AWS_LAMBDA_LOG_GROUP_NAME").asText())
        .isEqualTo("/aws/lambda/variables");
    assertThat(variables.path("AWS_LAMBDA_LOG_STREAM_NAME").asText())
        .isEqualTo(context.path("log_stream_name").asText());
    assertThat(variables.path("AWS_LAMBDA_RUNTIME_API").asText()).endsWith(":9001");
    assertThat(variables.path("AWS_ACCESS_KEY_ID").asText()).startsWith("ASIA");
    assertThat(variables.path("AWS_SECRET_ACCESS_KEY").asText()).isNotEmpty();
    assertThat(variables.path("AWS_SESSION_TOKEN").asText()).isNotEmpty();
    assertThat(variables.path("LAMBDA_RUNTIME_DIR").asText()).isEqualTo("/var/runtime");
    assertThat(variables.path("LAMBDA_TASK_ROOT").asText()).isEqualTo("/var/task");
    assertThat(variables.path("LANG").asText()).isEqualTo("en_US.UTF-8");
    assertThat(variables.path("LC_CTYPE").asText()).isEqualTo("C.UTF-8");
    assertThat(variables.path("LD_LIBRARY_PATH").asText())
        .isEqualTo(
            "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib");
    assertThat(variables.path("PATH").asText())
        .isEqualTo("/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin");
    assertThat(variables.path("PYTHONPATH").asText()).isEqualTo("/var/runtime");
    assertThat(variables.path("TEST_KEY").asText()).isEqualTo("TEST_VAL");
    assertThat(variables.path("TZ").asText()).isEqualTo(":UTC");
    assertThat(variables.path("_HANDLER").asText()).isEqualTo("probe.handler");
    assertThat(variables.path("_X_AMZN_TRACE_ID").asText()).startsWith("Root=1-");
    assertThat(answer.path("directory").asText()).isEqualTo("/var/task");
    assertThat(answer.path("files").toString()).isEqualTo("[\"probe.py\"]");
    assertThat(answer.path("user").path(0).asInt()).isNotZero();
    assertThat(context.path("memory_limit_in_mb").asText()).isEqualTo("1024");
  }

  @Test
  void nothingOfTheServersOwnEnvironmentIsSeen() {
    JsonNode variables = probe.invoke("{\"do\":\"introspect\"}").success().path("environment");
    assertThat(names(variables))
        .doesNotContain("HOME", "JAVA_HOME", "USER", "LAMBIC_CACHE", "MAVEN_HOME");
  }

  @Test
  void anEnvironmentIsInitialisedOnceAndReused() {
    TestFunction function = TestFunction.python(LAMBIC.lambda(), "warm", "probe.py");
    JsonNode first = function.act("identity").success();
    assertThat(first.path("calls").asInt()).isEqualTo(1);
    for (int call = 2; call <= 20; call++) {
      JsonNode next = function.act("identity").success();
      assertThat(next.path("loaded")).isEqualTo(first.path("loaded"));
      assertThat(next.path("calls").asInt()).isEqualTo(call);
    }
  }

  @Test
  void tmpIsKeptBetweenWarmCalls() {
    TestFunction function = TestFunction.python(LAMBIC.lambda(), "tmp", "probe.py");
    function.invoke("{\"do\":\"write\",\"text\":\"one \"}");
    Invoked second = function.invoke("{\"do\":\"write\",\"text\":\"two\"}");
    assertThat(second.success().asText()).isEqualTo("one two");
  }

  @Test
  void theLogTailHasAwsLines() {
    TestFunction function = TestFunction.python(LAMBIC.lambda(), "logs", "probe.py");
    Invoked cold = function.invokeWithLog("{\"do\":\"log\"}");
    String id = cold.requestId();
    assertThat(cold.success().asText()).isEqualTo(id);
    assertThat(cold.log())
        .containsSubsequence(
            "START RequestId: " + id + " Version: $LATEST\n",
            "printed\n",
            "[WARNING]\t",
            "\t" + id + "\tlogged\n",
            "without an end\n",
            "END RequestId: " + id + "\n",
            "REPORT RequestId: " + id + "\tDuration: ",
            " ms\tBilled Duration: ",
            " ms\tMemory Size: 128 MB\tMax Memory Used: ",
            " MB\tInit Duration: ",
            " ms\t\n");
    assertThat(cold.log()).contains("to stderr\n");
    Invoked warm = function.invokeWithLog("{\"do\":\"log\"}");
    assertThat(warm.log()).startsWith("START RequestId: " + warm.requestId());
    assertThat(warm.log()).doesNotContain(id, "Init Duration");
  }

  @Test
  void theLogTailIsTheLastFourKibibytes() {
    Invoked answer = probe.invokeWithLog("{\"do\":\"lines\",\"count\":2000}");
    assertThat(answer.log().getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(4096);
    assertThat(answer.log()).contains("line 1999\n").doesNotContain("line 10\n");
    assertThat(answer.log()).contains("REPORT RequestId: " + answer.requestId());
  }

  @Test
  void parallelCallsHaveEnvironmentsOfTheirOwn() throws Exception {
    TestFunction function = TestFunction.python(LAMBIC.lambda(), "parallel", "probe.py");
    int count = 8;
    Set<Long> environments = new HashSet<>();
    for (Invoked answer : atOnce(count, function, "{\"do\":\"wait\",\"seconds\":2}")) {
      environments.add(answer.success().asLong());
    }
    assertThat(environments).hasSize(count);
  }

  private static List<Invoked> atOnce(int count, TestFunction function, String event)
      throws InterruptedException, ExecutionException, TimeoutException {
    List<Invoked> answers = new ArrayList<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Invoked>> calls = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        calls.add(callers.submit(() -> function.invoke(event)));
      }
      for (Future<Invoked> call : calls) {
        answers.add(call.get(60, TimeUnit.SECONDS));
      }
    }
    return answers;
  }

  @Test
  void theClientContextReachesTheFunction() {
    String context =
        Base64.getEncoder()
            .encodeToString("{\"custom\":{\"a\":\"b\"}}".getBytes(StandardCharsets.UTF_8));
    InvokeResponse response =
        LAMBIC
            .lambda()
            .invoke(request ->
                request
                    .functionName("probe")
                    .clientContext(context)
                    .payload(SdkBytes.fromUtf8String("{\"do\":\"introspect\"}")));
    JsonNode client = Invoked.of(response).success().path("context").path("client");
    assertThat(client.toString()).isEqualTo("{\"a\":\"b\"}");
  }

  @Test
  void aCallWithoutAPayloadHasAnEmptyEvent() {
    TestFunction function =
        TestFunction.pythonText(
            LAMBIC.lambda(), "no-payload", "def handler(event, context): return [event]");
    InvokeResponse response =
        LAMBIC.lambda().invoke(request -> request.functionName(function.name()));
    assertThat(Invoked.of(response).payload()).isEqualTo("[{}]");
  }

  @Test
  void sixMebibytesGoInAndOut() {
    String filler = "y".repeat(6 * MIB - 100);
    Invoked in = probe.invoke("{\"do\":\"size\",\"filler\":\"" + filler + "\"}");
    assertThat(in.success().asLong()).isGreaterThan(6 * MIB - 100);
    Invoked out = probe.invoke("{\"do\":\"large\",\"bytes\":" + (6 * MIB - 2) + "}");
    assertThat(out.success().asText()).hasSize(6 * MIB - 2);
  }

  @Test
  void alargerEventIsRefused() {
    String filler = "y".repeat(6 * MIB);
    assertThatThrownBy(() -> probe.invoke("{\"do\":\"size\",\"filler\":\"" + filler + "\"}"))
        .isInstanceOfSatisfying(
            LambdaException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(413);
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo("RequestTooLargeException");
            });
  }

  @Test
  void aLargerAnswerIsAFunctionError() {
    Invoked answer = probe.invoke("{\"do\":\"large\",\"bytes\":" + 7 * MIB + "}");
    assertThat(answer.errorType()).isEqualTo("Function.ResponseSizeTooLarge");
    assertThat(answer.errorMessage()).contains("exceeded maximum allowed payload size");
    assertThat(probe.invoke("{\"do\":\"echo\"}").error()).isNull();
  }

  @Test
  void anAnswerThatIsNoJsonIsAFunctionError() {
    Invoked object = probe.invoke("{\"do\":\"object\"}");
    assertThat(object.errorType()).isEqualTo("Runtime.MarshalError");
    assertThat(object.errorMessage()).contains("object is not JSON serializable");
    assertThat(probe.invoke("{\"do\":\"echo\"}").error()).isNull();
  }

  @Test
  void notANumberPassesAsPythonWritesIt() {
    // AWS's Python runtime writes NaN, which is no JSON, and Lambda hands it on.
    Invoked answer = probe.invoke("{\"do\":\"nan\"}");
    assertThat(answer.payload()).isEqualTo("NaN");
  }

  @Test
  void threadsThatOutliveTheAnswerDoNotDelayIt() {
    TestFunction function = TestFunction.python(LAMBIC.lambda(), "background", "probe.py");
    Invoked answer = function.invoke("{\"do\":\"background\",\"seconds\":600}");
    assertThat(answer.success().asText()).isEqualTo("answered");
    assertThat(function.act("echo").error()).isNull();
  }

  @Test
  void aModuleThatIsMissingIsAnInitError() {
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(),
            "no-module",
            TestFunction.PYTHON,
            "gone.handler",
            Zip.of("app.py", ""),
            settings -> {});
    Invoked answer = function.invokeWithLog("{}");
    assertThat(answer.errorType()).isEqualTo("Runtime.ImportModuleError");
    assertThat(answer.errorMessage())
        .isEqualTo("Unable to import module 'gone': No module named 'gone'");
    assertThat(answer.log()).contains("REPORT RequestId: " + answer.requestId());
  }

  @Test
  void aHandlerThatIsMissingIsAnInitError() {
    TestFunction function = TestFunction.pythonText(LAMBIC.lambda(), "no-handler", "answer = 42");
    Invoked answer = function.invoke("{}");
    assertThat(answer.errorType()).isEqualTo("Runtime.HandlerNotFound");
    assertThat(answer.errorMessage()).isEqualTo("Handler 'handler' missing on module 'app'");
  }

  @Test
  void aSyntaxErrorIsAnInitError() {
    TestFunction function =
        TestFunction.pythonText(LAMBIC.lambda(), "syntax", "def handler(:\n  pass");
    Invoked answer = function.invoke("{}");
    assertThat(answer.errorType()).isEqualTo("Runtime.UserCodeSyntaxError");
    assertThat(answer.errorMessage()).contains("Syntax error in module 'app'");
  }

  @Test
  void anExceptionAtInitIsTheErrorOfEachCall() {
    TestFunction function =
        TestFunction.pythonText(LAMBIC.lambda(), "raises-at-init", "raise KeyError('nothing')");
    for (int call = 0; call < 2; call++) {
      Invoked answer = function.invoke("{}");
      assertThat(answer.errorType()).isEqualTo("KeyError");
      assertThat(answer.errorMessage()).isEqualTo("'nothing'");
    }
  }

  @Test
  void nodeFunctionsWorkAlike() {
    TestFunction function =
        TestFunction.node(
            LAMBIC.lambda(),
            "node",
            "probe.mjs",
            settings -> settings.environment(own -> own.variables(Map.of("TEST_KEY", "b"))));
    assertThat(function.invoke("{\"do\":\"echo\",\"t\":\"ü🦊\"}").success().path("t").asText())
        .isEqualTo("ü🦊");
    JsonNode first = function.act("identity").success();
    JsonNode second = function.act("identity").success();
    assertThat(second.path("loaded")).isEqualTo(first.path("loaded"));
    assertThat(second.path("calls").asInt()).isEqualTo(first.path("calls").asInt() + 1);
    Invoked told = function.act("introspect");
    JsonNode context = told.success().path("context");
    assertThat(context.path("functionName").asText()).isEqualTo("node");
    assertThat(context.path("invokedFunctionArn").asText()).isEqualTo(Clients.arn("node"));
    assertThat(context.path("awsRequestId").asText()).isEqualTo(told.requestId());
    assertThat(context.path("memoryLimitInMB").asText()).isEqualTo("128");
    JsonNode variables = told.json().path("environment");
    assertThat(variables.path("AWS_EXECUTION_ENV").asText()).isEqualTo("AWS_Lambda_nodejs22.x");
    assertThat(variables.path("TEST_KEY").asText()).isEqualTo("b");
    assertThat(variables.path("NODE_PATH").asText())
        .isEqualTo(
            "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task");
    Invoked logs = function.invokeWithLog("{\"do\":\"log\"}");
    assertThat(logs.log())
        .contains(
            "\t" + logs.requestId() + "\tINFO\tprinted\n",
            "\t" + logs.requestId() + "\tERROR\tto stderr\n",
            "without an end\n");
    Invoked raised = function.invoke("{\"do\":\"raise\",\"text\":\"no luck\"}");
    assertThat(raised.error()).isEqualTo("Unhandled");
    assertThat(raised.errorType()).isEqualTo("RangeError");
    assertThat(raised.errorMessage()).isEqualTo("no luck");
    assertThat(raised.json().path("trace").path(0).asText()).isEqualTo("RangeError: no luck");
    assertThat(function.act("undefined").payload()).isEqualTo("null");
    assertThat(function.act("cyclic").failure().path("errorMessage").asText())
        .isEqualTo("Unable to stringify response body");
    assertThat(function.invoke("{\"do\":\"large\",\"bytes\":" + 7 * MIB + "}").errorType())
        .isEqualTo("Function.ResponseSizeTooLarge");
  }

  @Test
  void aCustomRuntimeIsAnyProgram() {
    byte[] zip =
        Zip.empty()
            .program(
                "bootstrap",
                Zip.read(Places.function("bootstrap.sh")).getBytes(StandardCharsets.UTF_8))
            .bytes();
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(), "custom", TestFunction.CUSTOM, "any.name", zip, settings -> {});
    Invoked answer = function.invokeWithLog("{\"a\":1}");
    assertThat(answer.success().path("event").toString()).isEqualTo("{\"a\":1}");
    assertThat(answer.json().path("request").asText()).isEqualTo(answer.requestId());
    assertThat(answer.json().path("handler").asText()).isEqualTo("any.name");
    assertThat(answer.log()).contains("the shell works on " + answer.requestId());
    Invoked again = function.invoke("{\"a\":2}");
    assertThat(again.success().path("event").toString()).isEqualTo("{\"a\":2}");
    assertThat(again.json().path("shell")).isEqualTo(answer.json().path("shell"));
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
