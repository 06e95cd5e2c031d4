package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CodeVerificationFailedException;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;

/** Event source mappings, code signing and tracing through a real client, and after a kill. */
class MappingsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String HANDLER = "def handler(event, context): return 1";
  private static final String QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue";

  @Test
  void settingsOfSourcesAndSignaturesLiveOnAfterAKill() throws Exception {
    try (RunningLambic lambic = RunningLambic.start()) {
      String uuid;
      String strict;
      try (LambdaClient lambda = Clients.lambda(lambic.address())) {
        TestFunction function = TestFunction.pythonText(lambda, "fn", HANDLER);
        uuid =
            lambda
                .createEventSourceMapping(
                    r -> r.functionName(function.name()).eventSourceArn(QUEUE).batchSize(5))
                .uuid();
        awaitState(lambda, uuid, "Enabled");
        Await.until(
            PATIENCE,
            "a warning that nothing is polled",
            () -> lambic.output().contains("[WARN] An event source mapping is enabled"));
        strict =
            lambda
                .createCodeSigningConfig(r ->
                    r.allowedPublishers(p ->
                            p.signingProfileVersionArns(
                                "arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/abc123"))
                        .codeSigningPolicies(p -> p.untrustedArtifactOnDeployment("Enforce")))
                .codeSigningConfig()
                .codeSigningConfigArn();
        lambda.putFunctionCodeSigningConfig(r -> r.functionName("fn").codeSigningConfigArn(strict));
        assertThat(raw(lambic.address(), uuid))
            .containsPattern("\"LastModified\":1\\d{9}(\\.|E|,)");
      }
      lambic.killHard();
      lambic.launch();
      try (LambdaClient lambda = Clients.lambda(lambic.address())) {
        assertThat(lambda.getEventSourceMapping(r -> r.uuid(uuid)).batchSize()).isEqualTo(5);
        assertThatThrownBy(() ->
                lambda.updateFunctionCode(r ->
                    r.functionName("fn")
                        .zipFile(SdkBytes.fromByteArray(Zip.of("app.py", HANDLER)))))
            .isInstanceOf(CodeVerificationFailedException.class);
        lambda.updateEventSourceMapping(r -> r.uuid(uuid).enabled(false));
        awaitState(lambda, uuid, "Disabled");
        lambda.deleteEventSourceMapping(r -> r.uuid(uuid));
        Await.until(PATIENCE, "the mapping's end", () -> isGone(lambda, uuid));
      }
    }
  }

  @Test
  void aTracedFunctionIsSampled() {
    try (RunningLambic lambic = RunningLambic.start();
        LambdaClient lambda = Clients.lambda(lambic.address())) {
      TestFunction function =
          TestFunction.pythonText(
              lambda,
              "traced",
              "import os\n" + "def handler(event, context): return os.environ['_X_AMZN_TRACE_ID']");
      assertThat(function.invoke("{}").payload()).contains(";Sampled=0");
      UpdateFunctionConfigurationRequest active =
          UpdateFunctionConfigurationRequest.builder()
              .functionName("traced")
              .tracingConfig(t -> t.mode("Active"))
              .build();
      lambda.updateFunctionConfiguration(active);
      function.awaitReady();
      assertThat(function.invoke("{}").payload()).contains(";Sampled=1");
    }
  }

  private static String raw(URI server, String uuid) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(server.resolve("/2015-03-31/event-source-mappings/" + uuid))
                  .timeout(PATIENCE)
                  .build(),
              BodyHandlers.ofString())
          .body();
    }
  }

  private static void awaitState(LambdaClient lambda, String uuid, String state) {
    Await.until(
        PATIENCE,
        "the state " + state,
        () -> lambda.getEventSourceMapping(r -> r.uuid(uuid)).state().equals(state));
  }

  private static boolean isGone(LambdaClient lambda, String uuid) {
    try {
      lambda.getEventSourceMapping(r -> r.uuid(uuid));
      return false;
    } catch (ResourceNotFoundException e) {
      return true;
    } catch (LambdaException e) {
      throw new AssertionError(e);
    }
  }
}
