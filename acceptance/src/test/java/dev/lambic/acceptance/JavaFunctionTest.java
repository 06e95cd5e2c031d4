package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;

/**
 * Java functions as they are written for AWS, run by AWS's own runtime interface client.
 *
 * <p>The Java of the very version is used where this machine has it, else a newer one; what is
 * asserted holds for both.
 */
class JavaFunctionTest {
  /** {@code ./lambic test runtimes} sets it to one after the other. */
  private static final String RUNTIME = System.getProperty("lambic.runtime", "java21");

  private static final int MIB = 1 << 20;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static byte[] code;
  private static TestFunction probe;

  @BeforeAll
  static void deploy() {
    code =
        JavaCode.compile(8, "Probe.java", "Handlers.java")
            .file("own.txt", "beside the classes")
            .bytes();
    probe =
        function(
            "probe",
            "probe.Probe",
            settings -> settings.environment(own -> own.variables(Map.of("TEST_KEY", "TEST_VAL"))));
  }

  private static TestFunction function(String name, String handler) {
    return function(name, handler, settings -> {});
  }

  private static TestFunction function(
      String name, String handler, Consumer<CreateFunctionRequest.Builder> more) {
    return function(name, RUNTIME, handler, more);
  }

  private static TestFunction function(
      String name, String runtime, String handler, Consumer<CreateFunctionRequest.Builder> more) {
    return TestFunction.create(
        LAMBIC.lambda(),
        name,
        runtime,
        handler,
        code,
        settings -> {
          settings.memorySize(512).timeout(60);
          more.accept(settings);
        });
  }

  @Test
  void theContextTellsOfTheInvocation() {
    String clientContext = "{\"custom\":{\"a\":\"b\"}}";
    InvokeResponse response =
        LAMBIC
            .lambda()
            .invoke(request ->
                request
                    .functionName("probe")
                    .clientContext(
                        Base64.getEncoder()
                            .encodeToString(clientContext.getBytes(StandardCharsets.UTF_8)))
                    .payload(SdkBytes.fromUtf8String("{\"do\":\"introspect\"}")));
    Invoked answer = Invoked.of(response);
    JsonNode context = answer.success().path("context");
    assertThat(context.path("function").asText()).isEqualTo("probe");
    assertThat(context.path("version").asText()).isEqualTo("$LATEST");
    assertThat(context.path("arn").asText()).isEqualTo(Clients.arn("probe"));
    assertThat(context.path("memory").asInt()).isEqualTo(512);
    assertThat(context.path("request").asText()).isEqualTo(answer.requestId());
    assertThat(context.path("group").asText()).isEqualTo("/aws/lambda/probe");
    assertThat(context.path("stream").asText()).contains("/[$LATEST]");
    assertThat(context.path("remaining").asInt()).isBetween(1, 60_000);
    assertThat(context.path("client").toString()).isEqualTo("{\"a\":\"b\"}");
  }

  @Test
  void theEnvironmentIsAsOnAws() {
    JsonNode answer = probe.act("introspect").success();
    List<String> names = new ArrayList<>();
    answer.path("environment").fieldNames().forEachRemaining(names::add);
    // The older ones have the names of the first SDK too.
    assertThat(names.removeAll(List.of("AWS_ACCESS_KEY", "AWS_SECRET_KEY")))
        .isEqualTo(RUNTIME.startsWith("java8") || RUNTIME.startsWith("java11"));
    assertThat(names)
        .containsExactlyInAnyOrder(
            "AWS_ACCESS_KEY_ID",
            "AWS_DEFAULT_REGION",
            "AWS_ENDPOINT_URL",
            "AWS_EXECUTION_ENV",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_LAMBDA_FUNCTION_VERSION",
            "AWS_LAMBDA_INITIALIZATION_TYPE",
            "AWS_LAMBDA_LOG_GROUP_NAME",
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "AWS_LAMBDA_RUNTIME_API",
            "AWS_REGION",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_XRAY_CONTEXT_MISSING",
            "AWS_XRAY_DAEMON_ADDRESS",
            "LAMBDA_RUNTIME_DIR",
            "LAMBDA_TASK_ROOT",
            "LANG",
            "LD_LIBRARY_PATH",
            "PATH",
            "TEST_KEY",
            "TZ",
            "_AWS_XRAY_DAEMON_ADDRESS",
            "_AWS_XRAY_DAEMON_PORT",
            "_HANDLER",
            "_LAMBDA_TELEMETRY_LOG_FD");
    assertThat(answer.path("home").asText()).startsWith("/var/lang");
    assertThat(answer.path("trace").asText()).startsWith("Root=1-");
    assertThat(answer.path("heap").asInt()).isBetween(380, 435);
    assertThat(answer.path("processors").asInt()).isEqualTo(2);
    assertThat(answer.path("tmp").toString()).as("files in /tmp").isEqualTo("[]");
    assertThat(answer.path("own").asBoolean()).as("a resource of the function").isTrue();
  }

  @ParameterizedTest
  @CsvSource({"java8.al2, 8", "java11.al2023, 11", "java17, 17", "java21, 21", "java25, 25"})
  void everyRuntimeHasAJavaThatIsNotOlder(String runtime, int major) {
    TestFunction function =
        function(runtime.replace('.', '-'), runtime, "probe.Probe", settings -> {});
    Invoked answer = function.invokeWithLog("{\"do\":\"introspect\"}");
    String java = answer.success().path("java").asText();
    int used = java.equals("1.8") ? 8 : Integer.parseInt(java);
    assertThat(used).isGreaterThanOrEqualTo(major);
    assertThat(answer.json().path("environment").path("AWS_EXECUTION_ENV").asText())
        .isEqualTo("AWS_Lambda_" + runtime);
    String warning = "The runtime " + runtime + " is not installed; java of version " + used;
    List<String> log = log(function, text -> text.startsWith("REPORT"));
    assertThat(log.stream().anyMatch(text -> text.contains(warning)))
        .as("a warning in %s", log)
        .isEqualTo(used != major);
    assertThat(log).as("warnings of Java itself").noneMatch(text -> text.contains("WARNING"));
  }

  /** All events of a log, once a certain one can be read. */
  private static List<String> log(TestFunction function, Predicate<String> wanted) {
    try (FunctionLog log = FunctionLog.of(LAMBIC.server().address(), function.name())) {
      log.await(wanted);
      return log.texts();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Handlers::older | {\"name\":\"ü\",\"age\":7} | {\"name\":\"ü\",\"age\":8}",
        "Handlers::named | {\"name\":\"Ada\"} | \"Ada of $NAME\"",
        "Handlers::twice | 21 | 42",
        "Handlers::sorted | [\"b\",\"a\"] | [\"a\",\"b\"]",
        "Handlers::copy | {\"a\":1} | \"{'a':1}\"",
        "Handlers$Upper | {\"a\":\"ü\"} | {\"A\":\"ü\"}",
        "Handlers$Upper::handleRequest | \"a\" | \"A\"",
        "Probe::handleRequest | {\"do\":\"nothing\"} | \"well\""
      })
  void handlersAreOfEveryKind(String handler, String event, String expected) {
    String name = handler.replaceAll("\\W+", "-");
    TestFunction function = function(name, "probe." + handler, settings -> {});
    assertThat(function.invoke(event).success()).isNotNull();
    assertThat(function.invoke(event).payload()).isEqualTo(expected.replace("$NAME", name));
  }

  @Test
  void aHandlerMayGiveNothing() {
    TestFunction function = function("nothing", "probe.Handlers::nothing");
    Invoked answer = function.invokeWithLog("\"you\"");
    assertThat(answer.success().isNull() || answer.payload().isEmpty()).isTrue();
    assertThat(answer.log()).contains("nothing for you\n");
  }

  @Test
  void eventsOfAwsLibraryAreRead() {
    TestFunction queue = function("queue", "probe.Handlers$Queue");
    String records =
        "{\"Records\":[{\"messageId\":\"m1\",\"body\":\"one\",\"eventSource\":\"aws:sqs\"},"
            + "{\"messageId\":\"m2\",\"body\":\"two\",\"messageAttributes\":{}}]}";
    assertThat(queue.invoke(records).success().asText()).isEqualTo("m1=one,m2=two");
    TestFunction gateway = function("gateway", "probe.Handlers$Gateway");
    String request =
        "{\"httpMethod\":\"GET\",\"path\":\"/a\",\"queryStringParameters\":{\"q\":\"ü\"}}";
    JsonNode answer = gateway.invoke(request).success();
    assertThat(answer.path("statusCode").asInt()).isEqualTo(201);
    assertThat(answer.path("headers").path("X-Path").asText()).isEqualTo("/a");
    assertThat(answer.path("body").asText()).isEqualTo("ü");
  }

  @Test
  void newJavaIsRunByNewRuntimes() {
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(),
            "modern",
            "java25",
            "probe.Modern",
            JavaCode.compile(25, "Modern.java").bytes(),
            settings -> settings.memorySize(512).timeout(60));
    Invoked answer = function.invoke("{\"name\":\"ab\",\"times\":3}");
    assertThat(answer.success().path("text").asText()).isEqualTo("ababab");
    assertThat(answer.json().path("isVirtual").asBoolean()).isTrue();
  }

  @Test
  void anEnvironmentIsInitialisedOnceAndReused() {
    // A call that comes before the runtime has asked for more may get another environment.
    Map<String, Integer> calls = new HashMap<>();
    Await.until(
        Duration.ofSeconds(60),
        () -> "calls of environments: " + calls,
        () -> {
          JsonNode answer = probe.act("identity").success();
          int count = answer.path("calls").asInt();
          Integer before = calls.put(answer.path("loaded").asText(), count);
          assertThat(before == null || count == before + 1).as("%s, %s", before, answer).isTrue();
          return before != null;
        });
  }

  @Test
  void whatTheLoggerTakesIsOneEvent() {
    TestFunction function = function("logger", "probe.Probe");
    Invoked answer = function.invoke("{\"do\":\"raise\",\"text\":\"two\\nlines\"}");
    assertThat(answer.errorMessage()).isEqualTo("two\nlines");
    function.act("log");
    List<String> log = log(function, text -> text.startsWith("logged"));
    assertThat(log)
        .contains("logged by the logger\n", "in two\nlines\n", "printed\n", "to stderr\n")
        .anyMatch(text ->
            text.startsWith("two\nlines: java.lang.IllegalStateException\n")
                && text.contains("\n\tat probe.Probe.handleRequest(Probe.java:")
                && text.contains("\nCaused by: java.lang.RuntimeException: why"));
  }

  @Test
  void aLogInJsonHasTheLevelsOfTheFunction() {
    TestFunction function =
        function(
            "json",
            "probe.Probe",
            settings ->
                settings.loggingConfig(log ->
                    log.logFormat("JSON").applicationLogLevel("WARN").systemLogLevel("INFO")));
    Invoked answer = function.act("levels");
    List<String> log = log(function, text -> text.contains("an error"));
    assertThat(log).noneMatch(text -> text.contains("for your information"));
    JsonNode line =
        Invoked.parse(
            log.stream().filter(text -> text.contains("an error")).findFirst().orElseThrow());
    assertThat(line.path("level").asText()).isEqualTo("ERROR");
    assertThat(line.path("message").asText()).isEqualTo("an error");
    assertThat(line.path("AWSRequestId").asText()).isEqualTo(answer.requestId());
  }

  @Test
  void whatIsPrintedIsLogged() {
    Invoked answer = probe.invokeWithLog("{\"do\":\"log\"}");
    assertThat(answer.success().asText()).isEqualTo(answer.requestId());
    assertThat(answer.log())
        .contains("printed\n", "to stderr\n", "logged by the logger\n", "without an end\n");
  }

  @Test
  void anExceptionIsTheErrorWithItsTrace() {
    Invoked answer = probe.invokeWithLog("{\"do\":\"raise\",\"text\":\"no luck\"}");
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).isEqualTo("java.lang.IllegalStateException");
    assertThat(answer.errorMessage()).isEqualTo("no luck");
    assertThat(answer.json().path("stackTrace").path(0).asText())
        .startsWith("probe.Probe.handleRequest(Probe.java:");
    assertThat(answer.log())
        .contains(
            "no luck: java.lang.IllegalStateException\n",
            "Caused by: java.lang.RuntimeException: why\n");
    assertThat(probe.act("nothing").success().asText()).isEqualTo("well");
  }

  @Test
  void aStackOverflowIsAnErrorWithALongTrace() {
    Invoked answer = probe.act("overflow");
    assertThat(answer.errorType()).isEqualTo("java.lang.StackOverflowError");
    assertThat(answer.json().path("stackTrace").size()).isGreaterThan(900);
    assertThat(probe.act("nothing").success().asText()).isEqualTo("well");
  }

  @Test
  void anAnswerThatIsNoJsonIsAnError() {
    Invoked answer = probe.act("cyclic");
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).isEqualTo("java.lang.RuntimeException");
    assertThat(answer.errorMessage()).startsWith("An error occurred during JSON serialization");
  }

  @Test
  void anEventThatDoesNotFitIsAnError() {
    Invoked answer = function("no-number", "probe.Handlers::twice").invoke("{\"a\":1}");
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorMessage()).startsWith("An error occurred during JSON parsing");
  }

  @Test
  void anAnswerThatIsTooLargeIsAnError() {
    TestFunction function = function("large", "probe.Probe");
    Invoked answer = function.invoke("{\"do\":\"large\",\"size\":" + 7 * MIB + "}");
    assertThat(answer.errorType()).isEqualTo("Function.ResponseSizeTooLarge");
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
    int most = 6 * MIB - 2;
    Invoked fits = function.invoke("{\"do\":\"large\",\"size\":" + most + "}");
    assertThat(fits.success().asText()).hasSize(most);
  }

  @ParameterizedTest
  @CsvSource({
    "exit, Runtime exited with error: exit status 3",
    "halt, Runtime exited without providing a reason",
  })
  void aRuntimeThatEndsIsAnExitError(String what, String how) {
    TestFunction function = function(what, "probe.Probe");
    Invoked answer = function.act(what);
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).isEqualTo("Runtime.ExitError");
    assertThat(answer.errorMessage())
        .isEqualTo("RequestId: " + answer.requestId() + " Error: " + how);
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
  }

  @Test
  void tooMuchMemoryIsAnErrorOfJava() {
    TestFunction function = function("memory", "probe.Probe", settings -> settings.memorySize(256));
    Invoked answer = function.act("memory");
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).isEqualTo("java.lang.OutOfMemoryError");
    assertThat(answer.errorMessage()).isEqualTo("Java heap space");
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
  }

  @Test
  void whatTakesTooLongIsTimedOut() {
    TestFunction function = function("slow", "probe.Probe", settings -> settings.timeout(3));
    function.act("nothing");
    Invoked answer = function.act("sleep");
    assertThat(answer.errorType()).isEqualTo("Sandbox.Timedout");
    assertThat(answer.errorMessage()).endsWith("Task timed out after 3.00 seconds");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no.Such | java.lang.ClassNotFoundException | Class not found: no.Such",
        "probe.Handlers::nope | '' | No public method named nope",
        "probe.Handlers$BadClass | java.lang.ExceptionInInitializerError | Error loading class",
        "probe.Handlers$BadConstructor | java.lang.IllegalArgumentException | cannot be made",
        "probe.Handlers$Exiting | Runtime.ExitError | RequestId: "
      })
  void whatCannotBeLoadedIsTheErrorOfEachCall(String handler, String type, String message) {
    TestFunction function = function("bad-" + handler.replaceAll("\\W+", "-"), handler);
    for (int call = 0; call < 2; call++) {
      Invoked answer = function.invoke("\"a\"");
      assertThat(answer.error()).isEqualTo("Unhandled");
      assertThat(answer.errorMessage()).as(answer.payload()).startsWith(message);
      assertThat(answer.errorType()).as(answer.payload()).isEqualTo(type);
    }
  }

  @Test
  void optionsOfTheFunctionCountForTheVirtualMachine() {
    TestFunction function =
        function(
            "options",
            "probe.Probe",
            settings ->
                settings.environment(own ->
                    own.variables(Map.of("JAVA_TOOL_OPTIONS", "-Xmx100m -Dprobe.property=set"))));
    Invoked answer = function.invokeWithLog("{\"do\":\"introspect\"}");
    assertThat(answer.success().path("property").asText()).isEqualTo("set");
    assertThat(answer.json().path("heap").asInt()).isLessThanOrEqualTo(100);
    String said = "Picked up JAVA_TOOL_OPTIONS: -Xmx100m -Dprobe.property=set";
    assertThat(log(function, text -> text.contains(said))).isNotEmpty();
  }

  @Test
  void aWrapperScriptStartsTheRuntime() {
    byte[] wrapped =
        JavaCode.compile(8, "Probe.java")
            .program(
                "wrapper",
                "#!/bin/sh\nexport JAVA_TOOL_OPTIONS=-Dprobe.property=wrapped\nexec \"$@\"\n"
                    .getBytes(StandardCharsets.UTF_8))
            .bytes();
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(),
            "wrapped",
            RUNTIME,
            "probe.Probe",
            wrapped,
            settings ->
                settings
                    .memorySize(512)
                    .timeout(60)
                    .environment(own ->
                        own.variables(Map.of("AWS_LAMBDA_EXEC_WRAPPER", "/var/task/wrapper"))));
    assertThat(function.act("introspect").success().path("property").asText()).isEqualTo("wrapped");
  }

  @Test
  void classesComeFromAnArchiveWhenThereIsOne() {
    if (RUNTIME.startsWith("java8")) {
      // That Java has archives of its own classes only, and none is made.
      assertThat(probe.act("introspect").success().path("maps").asBoolean()).isFalse();
      return;
    }
    Path work = LAMBIC.server().data().resolve("bootstraps/java");
    Await.until(
        Duration.ofMinutes(2), () -> "a class archive in " + archives(work), () -> hasAll(work));
    TestFunction function = function("archive", "probe.Probe");
    assertThat(function.act("introspect").success().path("maps").asBoolean()).isTrue();
  }

  private static boolean hasAll(Path work) {
    String used = probe.act("introspect").success().path("java").asText();
    return archives(work).stream()
        .anyMatch(file -> file.toString().matches(".*/" + used + "-\\w+/client\\.jsa"));
  }

  private static List<Path> archives(Path work) {
    try (Stream<Path> all = Files.walk(work)) {
      return all.filter(Files::isRegularFile).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
