package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.InvokeRequest;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.SnapStartOptimizationStatus;
import software.amazon.awssdk.services.lambda.model.State;

/**
 * A function that is called while its environments are being broken, and what its callers may see.
 * Safe for use by many threads, but only one at a time may update it.
 */
final class ChaosFunction {
  /** What a call asks for. */
  enum Wish {
    ECHO,
    EXIT,
    FILL
  }

  /** What is told to be nobody's fault but Lambda's own, and its status, as the API has them. */
  private static final Map<String, Integer> OF_SERVICE =
      Map.of("ServiceException", 500, "TooManyRequestsException", 429);

  /** The same for versions with SnapStart. */
  private static final Map<String, Integer> OF_SNAP_START =
      Map.of(
          "SnapStartException",
          400,
          "SnapStartNotReadyException",
          409,
          "SnapStartTimeoutException",
          408,
          "SnapStartRegenerationFailureException",
          409);

  /** How a function may fail whose processes are killed. */
  private static final Set<String> OF_FUNCTION = Set.of("Runtime.ExitError", "Sandbox.Timedout");

  private final LambdaClient lambda;
  private final TestFunction function;
  private final String version;
  private final boolean java;
  private final boolean snapshot;
  private final AtomicInteger code = new AtomicInteger();
  private final AtomicInteger step = new AtomicInteger();
  private final AtomicInteger calls = new AtomicInteger();

  private ChaosFunction(
      LambdaClient lambda, TestFunction function, String version, boolean java, boolean snapshot) {
    this.lambda = lambda;
    this.function = function;
    this.version = version;
    this.java = java;
    this.snapshot = snapshot;
  }

  static ChaosFunction python(LambdaClient lambda, String name, Map<String, String> variables) {
    return new ChaosFunction(
        lambda,
        TestFunction.create(
            lambda,
            name,
            TestFunction.PYTHON,
            "chaos.handler",
            zip("chaos.py", 0),
            s -> s.memorySize(256).timeout(30).environment(own -> own.variables(variables))),
        "$LATEST",
        false,
        false);
  }

  static ChaosFunction node(LambdaClient lambda, String name) {
    return new ChaosFunction(
        lambda,
        TestFunction.create(
            lambda,
            name,
            TestFunction.NODE,
            "chaos.handler",
            zip("chaos.mjs", 0),
            s -> s.memorySize(256).timeout(30)),
        "$LATEST",
        false,
        false);
  }

  static ChaosFunction java(LambdaClient lambda, String name) {
    return new ChaosFunction(
        lambda,
        TestFunction.create(
            lambda,
            name,
            "java21",
            "probe.Handlers::named",
            JavaCode.compile(8, "Probe.java", "Handlers.java").bytes(),
            s -> s.memorySize(512).timeout(60)),
        "$LATEST",
        true,
        false);
  }

  /** A published version with SnapStart, restored from a snapshot where the host can do that. */
  static ChaosFunction snapStart(LambdaClient lambda, String name) {
    TestFunction function =
        TestFunction.create(
            lambda,
            name,
            TestFunction.PYTHON,
            "chaos.handler",
            zip("chaos.py", 0),
            s ->
                s.memorySize(256).timeout(30).snapStart(snap -> snap.applyOn("PublishedVersions")));
    String version = lambda.publishVersion(r -> r.functionName(name)).version();
    Await.until(
        Duration.ofSeconds(90),
        () -> name + " is still being prepared",
        () -> configuration(lambda, name, version).state() == State.ACTIVE);
    boolean isOn =
        configuration(lambda, name, version).snapStart().optimizationStatus()
            == SnapStartOptimizationStatus.ON;
    return new ChaosFunction(lambda, function, version, false, isOn);
  }

  private static FunctionConfiguration configuration(
      LambdaClient lambda, String name, String version) {
    return lambda.getFunction(r -> r.functionName(name).qualifier(version)).configuration();
  }

  private static byte[] zip(String file, int code) {
    return Zip.empty()
        .file(file, Zip.read(Places.function(file)))
        .file("code.txt", String.valueOf(code))
        .bytes();
  }

  String name() {
    return function.name();
  }

  /** Whether it is restored from a snapshot. */
  boolean hasSnapshot() {
    return snapshot;
  }

  /** Whether {@link #update} changes what its calls see. */
  boolean canChange() {
    return !java && version.equals("$LATEST");
  }

  /** Changes code or configuration; from its return on, no call may see what was before. */
  void update(int number, boolean ofCode) {
    if (ofCode) {
      String file = function.configuration().runtimeAsString().startsWith("node") ? "mjs" : "py";
      byte[] zip = zip("chaos." + file, number);
      lambda.updateFunctionCode(
          r -> r.functionName(name()).zipFile(SdkBytes.fromByteArrayUnsafe(zip)));
    } else {
      Map<String, String> variables =
          new HashMap<>(
              function.configuration().environment() == null
                  ? Map.of()
                  : function.configuration().environment().variables());
      variables.put("STEP", String.valueOf(number));
      lambda.updateFunctionConfiguration(
          r -> r.functionName(name()).environment(own -> own.variables(variables)));
    }
    function.awaitReady();
    (ofCode ? code : step).set(number);
  }

  void delete() {
    function.delete();
  }

  /**
   * Calls it once.
   *
   * @return {@code answered}, or the kind of the error that the caller was given
   * @throws AssertionError if nobody may be given such an answer
   */
  String call(Random random, Wish wish) {
    Wish asked = java ? Wish.ECHO : wish;
    String text =
        name() + " " + calls.incrementAndGet() + " " + Long.toHexString(random.nextLong());
    String event =
        java
            ? "{\"name\":\"" + text + "\"}"
            : String.format(
                "{\"do\":\"%s\",\"text\":\"%s\",\"millis\":%d}",
                asked.name().toLowerCase(Locale.ROOT), text, random.nextInt(120));
    int leastCode = code.get();
    int leastStep = step.get();
    InvokeResponse response;
    try {
      response =
          lambda.invoke(
              InvokeRequest.builder()
                  .functionName(name())
                  .qualifier(version)
                  .payload(SdkBytes.fromUtf8String(event))
                  .build());
    } catch (LambdaException e) {
      return refused(e);
    }
    Invoked answer = Invoked.of(response);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.version()).isEqualTo(version);
    if (answer.error() != null) {
      return failed(answer);
    }
    assertThat(asked).as("asked for, but answered: %s", answer).isEqualTo(Wish.ECHO);
    if (java) {
      assertThat(answer.payload()).isEqualTo("\"" + text + " of " + name() + "\"");
    } else {
      JsonNode told = answer.json();
      assertThat(told.path("text").asText()).isEqualTo(text);
      assertThat(told.path("request").asText()).isEqualTo(answer.requestId());
      assertThat(told.path("function").asText()).isEqualTo(name());
      assertThat(told.path("version").asText()).isEqualTo(version);
      assertThat(told.path("code").asInt(-1)).isGreaterThanOrEqualTo(leastCode);
      assertThat(told.path("step").asInt(-1)).isGreaterThanOrEqualTo(leastStep);
    }
    return "answered";
  }

  private String refused(LambdaException e) {
    String error = e.awsErrorDetails() == null ? "none" : e.awsErrorDetails().errorCode();
    Integer status = OF_SERVICE.get(error);
    if (status == null && snapshot) {
      status = OF_SNAP_START.get(error);
    }
    assertThat(status).as("the status of %s", e).isEqualTo(e.statusCode());
    assertThat(e.requestId()).isNotEmpty();
    assertThat(e.awsErrorDetails().errorMessage()).isNotEmpty();
    return error;
  }

  private static String failed(Invoked answer) {
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).as("%s", answer).isIn(OF_FUNCTION);
    assertThat(answer.errorMessage())
        .startsWith("RequestId: " + answer.requestId() + " Error: ")
        .containsPattern("Runtime exited|Task timed out after");
    return answer.errorType();
  }
}
