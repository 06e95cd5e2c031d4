package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.model.InvocationType;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.s3.S3Client;

/** Asynchronous invocation as clients see it: what is accepted is run, and told to destinations. */
class AsyncInvocationTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int MIB = 1 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Prints the event, and fails if it is told to. */
  private static final String TELLER =
      """
      import json
      def handler(event, context):
          print('GOT', json.dumps([event, context.aws_request_id, context.invoked_function_arn]))
          if isinstance(event, dict) and event.get('fail'):
              raise ValueError(event['fail'])
          return {'done': event}
      """;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction function(String name) {
    return TestFunction.pythonText(LAMBIC.lambda(), name, TELLER);
  }

  private static InvokeResponse send(String function, String event) {
    return LAMBIC
        .lambda()
        .invoke(request ->
            request
                .functionName(function)
                .invocationType(InvocationType.EVENT)
                .payload(SdkBytes.fromUtf8String(event)));
  }

  /** What a function was called with: the event, the id of the request, the ARN. */
  private static JsonNode got(String function, String part) throws IOException {
    try (FunctionLog log = FunctionLog.of(LAMBIC.server().address(), function)) {
      String line = log.await(text -> text.startsWith("GOT ") && text.contains(part));
      return JSON.readTree(line.substring(4));
    }
  }

  @Test
  void anEventIsAcceptedAndRun() throws Exception {
    function("plain");
    InvokeResponse accepted = send("plain", "{\"a\":[1,2.5,\"Grüße\"]}");
    assertThat(accepted.statusCode()).isEqualTo(202);
    assertThat(accepted.executedVersion()).isNull();
    assertThat(accepted.functionError()).isNull();
    assertThat(accepted.payload().asByteArray()).isEmpty();
    JsonNode got = got("plain", "\"a\"");
    assertThat(got.get(0).toString()).isEqualTo("{\"a\":[1,2.5,\"Grüße\"]}");
    assertThat(got.get(1).asText()).isEqualTo(accepted.responseMetadata().requestId());
    assertThat(got.get(2).asText()).isEqualTo(Clients.arn("plain"));
  }

  @Test
  void theOldOperationDoesTheSame() throws Exception {
    function("old");
    URI address = LAMBIC.server().address().resolve("/2014-11-13/functions/old/invoke-async");
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> accepted =
          client.send(
              HttpRequest.newBuilder(address)
                  .timeout(Duration.ofSeconds(40))
                  .POST(HttpRequest.BodyPublishers.ofString("{\"old\":1}"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(accepted.statusCode()).isEqualTo(202);
      assertThat(accepted.body()).isEqualTo("{\"Status\":202}");
      HttpResponse<String> large =
          client.send(
              HttpRequest.newBuilder(address)
                  .timeout(Duration.ofSeconds(40))
                  .POST(HttpRequest.BodyPublishers.ofString("\"" + "x".repeat(256 << 10) + "\""))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(large.statusCode()).isEqualTo(413);
    }
    assertThat(got("old", "\"old\"").get(0).toString()).isEqualTo("{\"old\": 1}".replace(" ", ""));
  }

  @Test
  void whatCannotBeRunIsRefused() {
    function("strict");
    String most = "\"" + "x".repeat(MIB - 2) + "\"";
    assertThat(send("strict", most).statusCode()).isEqualTo(202);
    assertThatThrownBy(() -> send("strict", most + " "))
        .isInstanceOfSatisfying(
            LambdaException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(413);
              assertThat(e.awsErrorDetails().errorCode())
                  .isEqualTo("RequestEntityTooLargeException");
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo(
                      "1048577 byte payload is too large for the Event invocation type (limit"
                          + " 1048576 bytes)");
            });
    assertThatThrownBy(() -> send("strict", "{no json"))
        .isInstanceOfSatisfying(
            LambdaException.class,
            e ->
                assertThat(e.awsErrorDetails().errorCode())
                    .isEqualTo("InvalidRequestContentException"));
    assertThatThrownBy(() -> send("nobody", "{}"))
        .isInstanceOfSatisfying(
            LambdaException.class, e -> assertThat(e.statusCode()).isEqualTo(404));
  }

  @Test
  void destinationsThatAreFunctionsAreToldWhatBecameOfAnEvent() throws Exception {
    function("source");
    function("well");
    function("ill");
    LAMBIC.lambda().publishVersion(request -> request.functionName("source"));
    LAMBIC
        .lambda()
        .createAlias(request -> request.functionName("source").name("live").functionVersion("1"));
    LAMBIC
        .lambda()
        .putFunctionEventInvokeConfig(request ->
            request
                .functionName("source")
                .qualifier("live")
                .maximumRetryAttempts(0)
                .destinationConfig(config ->
                    config
                        .onSuccess(to -> to.destination(Clients.arn("well")))
                        .onFailure(to -> to.destination(Clients.arn("ill")))));
    String first = send("source:live", "{\"n\":1}").responseMetadata().requestId();
    JsonNode well = got("well", first).get(0);
    assertThat(well.path("version").asText()).isEqualTo("1.0");
    assertThat(well.path("timestamp").asText()).matches("\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{3}Z");
    assertThat(well.path("requestContext").path("requestId").asText()).isEqualTo(first);
    assertThat(well.path("requestContext").path("functionArn").asText())
        .isEqualTo(Clients.arn("source") + ":live");
    assertThat(well.path("requestContext").path("condition").asText()).isEqualTo("Success");
    assertThat(well.path("requestContext").path("approximateInvokeCount").asInt()).isEqualTo(1);
    assertThat(well.path("requestPayload").toString()).isEqualTo("{\"n\":1}");
    assertThat(well.path("responseContext").toString())
        .isEqualTo("{\"statusCode\":200,\"executedVersion\":\"1\"}");
    assertThat(well.path("responsePayload").toString()).isEqualTo("{\"done\":{\"n\":1}}");

    String second = send("source:live", "{\"fail\":\"it had to\"}").responseMetadata().requestId();
    JsonNode ill = got("ill", second).get(0);
    assertThat(ill.path("requestContext").path("condition").asText()).isEqualTo("RetriesExhausted");
    assertThat(ill.path("responseContext").path("functionError").asText()).isEqualTo("Unhandled");
    assertThat(ill.path("responsePayload").path("errorMessage").asText()).isEqualTo("it had to");
  }

  @Test
  void aBucketKeepsTheRecordsOfFailures() throws Exception {
    try (S3Client s3 =
        S3Client.builder()
            .endpointOverride(LAMBIC.server().address())
            .region(Region.of(Clients.REGION))
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
            .httpClientBuilder(
                UrlConnectionHttpClient.builder().socketTimeout(Duration.ofSeconds(90)))
            .build()) {
      s3.createBucket(request -> request.bucket("failures"));
      function("failing");
      LAMBIC
          .lambda()
          .putFunctionEventInvokeConfig(request ->
              request
                  .functionName("failing")
                  .maximumRetryAttempts(0)
                  .destinationConfig(
                      config -> config.onFailure(to -> to.destination("arn:aws:s3:::failures"))));
      String id = send("failing", "{\"fail\":\"again\"}").responseMetadata().requestId();
      // S3Proxy shows an object that is being written, too, by a longer name.
      Pattern name =
          Pattern.compile(
              "aws/lambda/async/failing/\\d{4}/\\d\\d/\\d\\d/"
                  + "\\d{4}-\\d\\d-\\d\\dT\\d\\d\\.\\d\\d\\.\\d\\d-[0-9a-f-]{36}");
      List<String> found = new ArrayList<>();
      Await.until(
          LIMIT,
          () -> "a record is in the bucket, and not only " + found,
          () -> {
            found.clear();
            s3.listObjectsV2(list -> list.bucket("failures"))
                .contents()
                .forEach(one -> found.add(one.key()));
            return found.stream().anyMatch(name.asMatchPredicate());
          });
      String key = found.stream().filter(name.asMatchPredicate()).findFirst().orElseThrow();
      JsonNode record =
          JSON.readTree(s3.getObjectAsBytes(get -> get.bucket("failures").key(key)).asByteArray());
      assertThat(record.path("requestContext").path("requestId").asText()).isEqualTo(id);
      assertThat(record.path("requestContext").path("functionArn").asText())
          .isEqualTo(Clients.arn("failing") + ":$LATEST");
    }
  }

  @Test
  void aFunctionWithoutAnyConcurrencyHasItsEventsGivenUp() throws Exception {
    function("closed");
    function("told");
    LAMBIC
        .lambda()
        .putFunctionConcurrency(r -> r.functionName("closed").reservedConcurrentExecutions(0));
    LAMBIC
        .lambda()
        .putFunctionEventInvokeConfig(request ->
            request
                .functionName("closed")
                .destinationConfig(
                    config -> config.onFailure(to -> to.destination(Clients.arn("told")))));
    String id = send("closed", "{\"n\":1}").responseMetadata().requestId();
    JsonNode told = got("told", id).get(0);
    assertThat(told.path("requestContext").path("approximateInvokeCount").asInt()).isZero();
    assertThat(told.has("responsePayload")).isFalse();
  }
}
