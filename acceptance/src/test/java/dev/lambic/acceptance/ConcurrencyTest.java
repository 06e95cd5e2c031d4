package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.GetProvisionedConcurrencyConfigResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.LogType;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyStatusEnum;
import software.amazon.awssdk.services.lambda.model.TooManyRequestsException;

/** Reserved and provisioned concurrency, really enforced, and as AWS tells of it. */
class ConcurrencyTest {
  private static final Duration READY = Duration.ofSeconds(60);

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction deploy(LambdaClient lambda, String name) {
    return TestFunction.python(
        lambda, name, "parallel.py", settings -> settings.publish(true).memorySize(512));
  }

  private static void reserve(LambdaClient lambda, String name, int count) {
    lambda.putFunctionConcurrency(
        request -> request.functionName(name).reservedConcurrentExecutions(count));
  }

  private static void provision(LambdaClient lambda, String name, int count) {
    lambda.putProvisionedConcurrencyConfig(request ->
        request.functionName(name).qualifier("1").provisionedConcurrentExecutions(count));
    awaitProvisioned(lambda, name, "1", count);
  }

  private static void awaitProvisioned(
      LambdaClient lambda, String name, String qualifier, int count) {
    Await.until(
        READY,
        () -> "provisioned is " + provisioned(lambda, name, qualifier),
        () ->
            provisioned(lambda, name, qualifier).status()
                == ProvisionedConcurrencyStatusEnum.READY);
    assertThat(provisioned(lambda, name, qualifier).availableProvisionedConcurrentExecutions())
        .isEqualTo(count);
  }

  private static GetProvisionedConcurrencyConfigResponse provisioned(
      LambdaClient lambda, String name, String qualifier) {
    return lambda.getProvisionedConcurrencyConfig(
        request -> request.functionName(name).qualifier(qualifier));
  }

  private static Invoked invoke(LambdaClient lambda, String name, String event) {
    return Invoked.of(
        lambda.invoke(request ->
            request
                .functionName(name)
                .logType(LogType.TAIL)
                .payload(SdkBytes.fromUtf8String(event))));
  }

  private static void assertThrottled(TooManyRequestsException error) {
    assertThat(error.statusCode()).isEqualTo(429);
    assertThat(error.reasonAsString())
        .isEqualTo("ReservedFunctionConcurrentInvocationLimitExceeded");
    assertThat(error.type()).isEqualTo("User");
    assertThat(error.awsErrorDetails().errorMessage()).isEqualTo("Rate Exceeded.");
    JsonNode body = Invoked.parse(error.awsErrorDetails().rawResponse().asUtf8String());
    assertThat(body.size()).as(body.toString()).isEqualTo(3);
  }

  @Test
  void aCallThatIsOneTooManyIsRefused() {
    TestFunction function = deploy(LAMBIC.lambda(), "reserved");
    reserve(LAMBIC.lambda(), "reserved", 1);
    JsonNode inner = function.invoke("{\"depth\":1}").success().path("inner");
    assertThat(inner.path("status").asInt()).as(inner.toString()).isEqualTo(429);
    assertThat(inner.path("code").asText()).isEqualTo("TooManyRequestsException");
    assertThat(inner.path("message").asText()).isEqualTo("Rate Exceeded.");
    assertThat(inner.path("reason").asText())
        .isEqualTo("ReservedFunctionConcurrentInvocationLimitExceeded");
    assertThat(inner.path("type").asText()).isEqualTo("User");
    reserve(LAMBIC.lambda(), "reserved", 2);
    assertThat(function.invoke("{\"depth\":1}").success().path("inner").isTextual())
        .as("two may run")
        .isTrue();
  }

  @Test
  void aFunctionWithNothingReservedDoesNotRun() {
    TestFunction function = deploy(LAMBIC.lambda(), "stopped");
    function.invoke("{}").success();
    reserve(LAMBIC.lambda(), "stopped", 0);
    assertThrottled(
        catchThrowableOfType(TooManyRequestsException.class, () -> function.invoke("{}")));
    assertThrottled(
        catchThrowableOfType(
            TooManyRequestsException.class, () -> invoke(LAMBIC.lambda(), "stopped:1", "{}")));
    LAMBIC.lambda().deleteFunctionConcurrency(request -> request.functionName("stopped"));
    function.invoke("{}").success();
  }

  @Test
  void whatIsReservedIsMissingElsewhere() {
    deploy(LAMBIC.lambda(), "holder");
    int before = unreserved();
    reserve(LAMBIC.lambda(), "holder", 100);
    assertThat(unreserved()).isEqualTo(before - 100);
    LambdaException error =
        catchThrowableOfType(LambdaException.class, () -> reserve(LAMBIC.lambda(), "holder", 1000));
    assertThat(error.awsErrorDetails().errorMessage())
        .isEqualTo(
            "Specified ReservedConcurrentExecutions for function decreases account's"
                + " UnreservedConcurrentExecution below its minimum value of [100].");
    JsonNode body = Invoked.parse(error.awsErrorDetails().rawResponse().asUtf8String());
    assertThat(body.has("Type")).as(body.toString()).isFalse();
    LAMBIC.lambda().deleteFunction(request -> request.functionName("holder"));
    assertThat(unreserved()).isEqualTo(before);
  }

  private static int unreserved() {
    return LAMBIC.lambda().getAccountSettings().accountLimit().unreservedConcurrentExecutions();
  }

  @Test
  void environmentsThatAreProvisionedBeginBeforeTheyAreCalled() {
    deploy(LAMBIC.lambda(), "ahead");
    provision(LAMBIC.lambda(), "ahead", 1);
    double ready = System.currentTimeMillis() / 1000.0;
    Invoked first = invoke(LAMBIC.lambda(), "ahead:1", "{}");
    assertThat(first.success().path("type").asText()).isEqualTo("provisioned-concurrency");
    assertThat(first.success().path("begun").asDouble()).isLessThanOrEqualTo(ready);
    assertThat(first.success().path("calls").asInt()).isEqualTo(1);
    assertThat(first.log())
        .as("told with the first call, as AWS tells it, and not paid for with it")
        .contains("Init Duration: ");
    assertThat(billed(first.log())).isLessThanOrEqualTo((long) Math.ceil(duration(first.log())));
    Invoked second = invoke(LAMBIC.lambda(), "ahead:1", "{\"depth\":1}");
    assertThat(second.success().path("me")).isEqualTo(first.success().path("me"));
    assertThat(second.log()).doesNotContain("Init Duration");
    assertThat(Invoked.parse(second.success().path("inner").asText()).path("type").asText())
        .as("one more than is provisioned")
        .isEqualTo("on-demand");
    assertThat(invoke(LAMBIC.lambda(), "ahead", "{}").success().path("type").asText())
        .as("of another version")
        .isEqualTo("on-demand");
  }

  @Test
  void environmentsOfAnAliasFollowIt() {
    LambdaClient lambda = LAMBIC.lambda();
    TestFunction function = deploy(lambda, "alias");
    lambda.createAlias(request -> request.functionName("alias").name("live").functionVersion("1"));
    lambda.putProvisionedConcurrencyConfig(request ->
        request.functionName("alias").qualifier("live").provisionedConcurrentExecutions(1));
    awaitProvisioned(lambda, "alias", "live", 1);
    Invoked first = invoke(lambda, "alias:live", "{}");
    assertThat(first.success().path("type").asText()).isEqualTo("provisioned-concurrency");
    lambda.updateFunctionConfiguration(request ->
        request.functionName("alias").environment(own -> own.variables(Map.of("COLOUR", "blue"))));
    function.awaitReady();
    lambda.publishVersion(request -> request.functionName("alias"));
    lambda.updateAlias(request -> request.functionName("alias").name("live").functionVersion("2"));
    awaitProvisioned(lambda, "alias", "live", 1);
    Invoked second = invoke(lambda, "alias:live", "{}");
    assertThat(second.success().path("type").asText()).isEqualTo("provisioned-concurrency");
    assertThat(second.success().path("variable").asText()).isEqualTo("blue");
  }

  private static double duration(String log) {
    return Double.parseDouble(log.replaceAll("(?s).*\tDuration: ([0-9.]+) ms.*", "$1"));
  }

  private static long billed(String log) {
    return Long.parseLong(log.replaceAll("(?s).*\tBilled Duration: ([0-9]+) ms.*", "$1"));
  }

  @Test
  void anInitialisationThatFailsIsToldOf() {
    TestFunction.create(
        LAMBIC.lambda(),
        "broken",
        TestFunction.PYTHON,
        "app.handler",
        Zip.of("app.py", "raise ValueError('at init')\n"),
        settings -> settings.publish(true));
    LAMBIC
        .lambda()
        .putProvisionedConcurrencyConfig(request ->
            request.functionName("broken").qualifier("1").provisionedConcurrentExecutions(1));
    Await.until(
        READY,
        () -> "provisioned is " + provisioned(LAMBIC.lambda(), "broken", "1"),
        () ->
            provisioned(LAMBIC.lambda(), "broken", "1").status()
                == ProvisionedConcurrencyStatusEnum.FAILED);
    assertThat(provisioned(LAMBIC.lambda(), "broken", "1").statusReason())
        .isEqualTo("FUNCTION_ERROR_INIT_FAILURE");
  }

  @Test
  void whatIsReservedAndProvisionedSurvivesAKill() {
    try (RunningLambic server = RunningLambic.start()) {
      String me;
      try (LambdaClient lambda = Clients.lambda(server.address())) {
        deploy(lambda, "kept");
        deploy(lambda, "stopped");
        provision(lambda, "kept", 1);
        reserve(lambda, "stopped", 0);
        me = invoke(lambda, "kept:1", "{}").success().path("me").asText();
      }
      server.killHard();
      server.launch();
      try (LambdaClient lambda = Clients.lambda(server.address())) {
        assertThat(
                catchThrowableOfType(
                    TooManyRequestsException.class, () -> invoke(lambda, "stopped", "{}")))
            .isNotNull();
        awaitProvisioned(lambda, "kept", "1", 1);
        JsonNode now = invoke(lambda, "kept:1", "{}").success();
        assertThat(now.path("type").asText()).isEqualTo("provisioned-concurrency");
        assertThat(now.path("calls").asInt()).isEqualTo(1);
        assertThat(now.path("me").asText()).isNotEqualTo(me);
        lambda.deleteProvisionedConcurrencyConfig(
            request -> request.functionName("kept").qualifier("1"));
        assertThat(
                lambda
                    .listProvisionedConcurrencyConfigs(request -> request.functionName("kept"))
                    .provisionedConcurrencyConfigs())
            .isEqualTo(List.of());
        Await.until(READY, "its environment ends", () -> Residue.of(server).environments() == 0);
      }
    }
  }
}
