package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.LambdaAsyncClient;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetAliasResponse;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.ResourceConflictException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/** Versions and aliases, as clients use them: what is called is what was published. */
class AliasesTest {
  private static final String FN = "aliased";

  private static String code(int number) {
    return """
    def handler(event, context):
        return {"code": %d, "version": context.function_version, "arn": context.invoked_function_arn}
    """
        .formatted(number);
  }

  @Test
  void callsReachWhatTheirQualifierMeans() {
    try (RunningLambic lambic = RunningLambic.start();
        LambdaClient lambda = Clients.lambda(lambic.address())) {
      TestFunction function = TestFunction.pythonText(lambda, FN, code(1));
      publish(lambda, "1");
      update(lambda, function, 2);
      publish(lambda, "2");
      update(lambda, function, 3);

      lambda.createAlias(r -> r.functionName(FN).name("live").functionVersion("1"));
      called(lambda, FN, null, 3, "$LATEST", Clients.arn(FN));
      called(lambda, FN, "$LATEST", 3, "$LATEST", Clients.arn(FN) + ":$LATEST");
      called(lambda, FN + ":2", null, 2, "2", Clients.arn(FN) + ":2");
      String alias = Clients.arn(FN) + ":live";
      called(lambda, FN, "live", 1, "1", alias);
      called(lambda, FN + ":live", null, 1, "1", alias);
      called(lambda, Clients.ACCOUNT + ":function:" + FN + ":live", null, 1, "1", alias);
      called(lambda, alias, "live", 1, "1", alias);
      streamed(lambic.address(), alias);

      lambda.updateAlias(r -> r.functionName(FN).name("live").functionVersion("2"));
      called(lambda, FN, "live", 2, "2", alias);
      // The environment of version 1 was not touched by that.
      called(lambda, FN, "1", 1, "1", Clients.arn(FN) + ":1");
      refused(lambda);
      sharedOut(lambda);
      listed(lambda);
      afterARestart(lambic, lambda, alias);
    }
  }

  private static void publish(LambdaClient lambda, String expected) {
    assertThat(lambda.publishVersion(r -> r.functionName(FN)).version()).isEqualTo(expected);
    lambda
        .waiter()
        .waitUntilPublishedVersionActive(r -> r.functionName(FN).qualifier(expected))
        .matched();
  }

  private static void update(LambdaClient lambda, TestFunction function, int number) {
    lambda.updateFunctionCode(
        r -> r.functionName(FN).zipFile(SdkBytes.fromByteArray(Zip.of("app.py", code(number)))));
    function.awaitReady();
  }

  private static InvokeResponse call(LambdaClient lambda, String name, @Nullable String qualifier) {
    return lambda.invoke(
        r -> r.functionName(name).qualifier(qualifier).payload(SdkBytes.fromUtf8String("{}")));
  }

  private static void called(
      LambdaClient lambda,
      String name,
      @Nullable String qualifier,
      int code,
      String version,
      String arn) {
    InvokeResponse answer = call(lambda, name, qualifier);
    assertThat(answer.executedVersion()).isEqualTo(version);
    JsonNode seen = Invoked.of(answer).success();
    assertThat(seen.path("code").asInt()).isEqualTo(code);
    assertThat(seen.path("version").asText()).isEqualTo(version);
    assertThat(seen.path("arn").asText()).isEqualTo(arn);
  }

  private static void streamed(URI address, String alias) {
    try (LambdaAsyncClient async =
        LambdaAsyncClient.builder()
            .endpointOverride(address)
            .region(Region.of(Clients.REGION))
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
            .build()) {
      Streamed streamed = Streamed.start(async, alias, "{}");
      assertThat(Invoked.parse(streamed.text()).path("arn").asText()).isEqualTo(alias);
      assertThat(streamed.head().executedVersion()).isEqualTo("1");
    }
  }

  private static void refused(LambdaClient lambda) {
    assertThatThrownBy(() -> lambda.deleteFunction(r -> r.functionName(FN).qualifier("2")))
        .isInstanceOf(ResourceConflictException.class)
        .hasMessageContaining("the following aliases reference it: [live]");
    assertThatThrownBy(() -> call(lambda, FN, "dead"))
        .isInstanceOf(ResourceNotFoundException.class)
        .hasMessageContaining("Function not found: " + Clients.arn(FN) + ":dead");
    assertThatThrownBy(() -> lambda.getAlias(r -> r.functionName(FN).name("dead")))
        .hasMessageContaining("Cannot find alias arn: " + Clients.arn(FN) + ":dead");
    // What the service model's constraints say.
    assertThatThrownBy(
            () -> lambda.createAlias(r -> r.functionName(FN).name("2024").functionVersion("1")))
        .isInstanceOf(LambdaException.class)
        .hasMessageContaining(
            "Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular"
                + " expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)");
    assertThatThrownBy(() -> weigh(lambda, Map.of("1", 2.0)))
        .hasMessageContaining(
            "Value '{1=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy"
                + " constraint: Map value must satisfy constraint: [Member must have value less"
                + " than or equal to 1.0, Member must have value greater than or equal to 0.0,"
                + " Member must not be null]");
    assertThatThrownBy(() -> weigh(lambda, Map.of("$LATEST", 0.5)))
        .hasMessageContaining("Map keys must satisfy constraint: [Member must have length less");
    assertThatThrownBy(() -> weigh(lambda, Map.of("7", 0.5)))
        .hasMessageContaining("Function not found: " + Clients.arn(FN) + ":7");
    assertThatThrownBy(() -> lambda.listAliases(r -> r.functionName(FN).functionVersion("live")))
        .hasMessageContaining("at 'functionVersion' failed to satisfy constraint");
  }

  private static void weigh(LambdaClient lambda, Map<String, Double> weights) {
    lambda.updateAlias(r ->
        r.functionName(FN).name("live").routingConfig(c -> c.additionalVersionWeights(weights)));
  }

  /** That 60 fair calls all go one way happens less than once in 10^17 runs. */
  private static void sharedOut(LambdaClient lambda) {
    weigh(lambda, Map.of("1", 0.5));
    Set<String> seen = new TreeSet<>();
    for (int i = 0; i < 60; i++) {
      InvokeResponse answer = call(lambda, FN, "live");
      JsonNode told = Invoked.of(answer).success();
      assertThat(told.path("version").asText())
          .isEqualTo(told.path("code").asText())
          .isEqualTo(answer.executedVersion());
      assertThat(told.path("arn").asText()).isEqualTo(Clients.arn(FN) + ":live");
      seen.add(answer.executedVersion());
    }
    assertThat(seen).containsExactly("1", "2");
    weigh(lambda, Map.of("1", 1.0));
    called(lambda, FN, "live", 1, "1", Clients.arn(FN) + ":live");
  }

  private static void listed(LambdaClient lambda) {
    for (String name : List.of("b", "a", "c")) {
      lambda.createAlias(r -> r.functionName(FN).name(name).functionVersion("1"));
    }
    assertThat(lambda.listAliasesPaginator(r -> r.functionName(FN).maxItems(1)).aliases())
        .extracting(AliasConfiguration::name)
        .containsExactly("a", "b", "c", "live");
    assertThat(
            lambda.listVersionsByFunctionPaginator(r -> r.functionName(FN).maxItems(2)).versions())
        .extracting(FunctionConfiguration::functionArn)
        .containsExactly(
            Clients.arn(FN) + ":$LATEST", Clients.arn(FN) + ":1", Clients.arn(FN) + ":2");
    assertThat(lambda.deleteAlias(r -> r.functionName(FN).name("a")).sdkHttpResponse().statusCode())
        .isEqualTo(204);
  }

  private static void afterARestart(RunningLambic lambic, LambdaClient lambda, String alias) {
    GetAliasResponse before = lambda.getAlias(r -> r.functionName(FN).name("live"));
    assertThat(before.routingConfig().additionalVersionWeights()).isEqualTo(Map.of("1", 1.0));
    lambic.killHard();
    lambic.launch();
    try (LambdaClient again = Clients.lambda(lambic.address())) {
      GetAliasResponse after = again.getAlias(r -> r.functionName(FN).name("live"));
      assertThat(after.toString()).isEqualTo(before.toString());
      assertThat(again.listAliases(r -> r.functionName(FN)).aliases())
          .extracting(AliasConfiguration::name)
          .containsExactly("b", "c", "live");
      called(again, FN, "live", 1, "1", alias);
      weigh(again, Map.of());
      called(again, FN, "live", 2, "2", alias);
    }
  }
}
