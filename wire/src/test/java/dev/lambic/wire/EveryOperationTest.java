package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Ticker;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkClient;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpFullResponse;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.sns.SnsClient;

/**
 * The SDK's own client against the engine, operation by operation, with every member filled: what
 * the client writes is read as it was meant, signed correctly, and what the engine answers arrives.
 */
final class EveryOperationTest {
  private static final String ID = "AKIDTEST";
  private static final AccessKey KEY = AccessKey.ofAccount("secret/+", "123456789012");
  private static final Authenticator STRICT =
      new Authenticator(
          AuthMode.ENFORCE, id -> id.equals(ID) ? KEY : null, "us-east-1", Ticker.system());
  private static final StaticCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create(ID, KEY.secret()));

  static Stream<Operation> operations() {
    return SdkBinding.operations(LambdaClient.class).stream();
  }

  /** Stands in for the network under an SDK client. */
  private record Network(Function<HttpRequest, Answer> server) implements SdkHttpClient {
    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest execute) {
      return new ExecutableHttpRequest() {
        @Override
        public HttpExecuteResponse call() throws IOException {
          Answer answer = server.apply(received(execute));
          SdkHttpFullResponse.Builder response =
              SdkHttpFullResponse.builder().statusCode(answer.status());
          answer.headers().forEach(response::appendHeader);
          return HttpExecuteResponse.builder()
              .response(response.build())
              .responseBody(AbortableInputStream.create(new ByteArrayInputStream(answer.body())))
              .build();
        }

        @Override
        public void abort() {}
      };
    }

    private static HttpRequest received(HttpExecuteRequest execute) throws IOException {
      SdkHttpRequest http = execute.httpRequest();
      Headers headers = Headers.empty();
      http.forEachHeader((name, values) -> values.forEach(value -> headers.add(name, value)));
      byte[] body =
          execute.contentStreamProvider().isPresent()
              ? execute.contentStreamProvider().get().newStream().readAllBytes()
              : new byte[0];
      String query = http.encodedQueryParameters().map(text -> "?" + text).orElse("");
      return new HttpRequest(
          http.method().name(),
          http.encodedPath() + query,
          headers,
          body,
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
    }

    @Override
    public void close() {}
  }

  private static LambdaClient client(Function<HttpRequest, Answer> server) {
    return LambdaClient.builder()
        .httpClient(new Network(server))
        .region(Region.EU_CENTRAL_1)
        .credentialsProvider(CREDENTIALS)
        .build();
  }

  @ParameterizedTest
  @MethodSource("operations")
  void requestAndResponseArriveWhole(Operation operation) throws Throwable {
    RouteTable routes = new RouteTable(SdkBinding.operations(LambdaClient.class));
    SdkRequest request = (SdkRequest) new Filler().filled(operation.newRequest().get());
    SdkPojo response = new Filler().filled(responseBuilder(operation));
    RestJson protocol = new RestJson();
    SdkPojo[] read = new SdkPojo[1];
    try (LambdaClient client =
        client(http -> {
          Authenticator.Result sender = STRICT.authenticate(Signature.of(http), http);
          assertThat(sender.caller().region()).isEqualTo("eu-central-1");
          RouteTable.Match match =
              Objects.requireNonNull(routes.match(http.method(), http.target()));
          assertThat(match.operation().name()).isEqualTo(operation.name());
          read[0] = protocol.read(match, http);
          return protocol.write(response, 200, http, Headers.empty());
        })) {
      SdkPojo arrived = operation.invoker().invoke(client, request);
      assertThat(read[0].equalsBySdkFields(request)).as("%s\n%s", read[0], request).isTrue();
      assertThat(arrived.equalsBySdkFields(response)).as("%s\n%s", arrived, response).isTrue();
    }
  }

  private static SdkPojo responseBuilder(Operation operation) throws ReflectiveOperationException {
    String request = operation.requestType().getName();
    String response = request.substring(0, request.length() - "Request".length()) + "Response";
    return (SdkPojo)
        Objects.requireNonNull(Class.forName(response).getMethod("builder").invoke(null));
  }

  @Test
  void awsJsonArrivesWholeToo() {
    RouteTable routes = new RouteTable(SdkBinding.operations(DynamoDbClient.class));
    AwsJson protocol = new AwsJson();
    PutItemRequest request = (PutItemRequest) new Filler().filled(PutItemRequest.builder());
    PutItemResponse response =
        PutItemResponse.builder().attributes(Map.of("a", AttributeValue.fromS("ü"))).build();
    SdkPojo[] read = new SdkPojo[1];
    try (DynamoDbClient client =
        DynamoDbClient.builder()
            .httpClient(
                new Network(http -> {
                  STRICT.authenticate(Signature.of(http), http);
                  String target = Objects.requireNonNull(http.headers().get("X-Amz-Target"));
                  read[0] = protocol.read(Objects.requireNonNull(routes.match(target)), http);
                  return protocol.write(response, 200, http, Headers.empty());
                }))
            .region(Region.US_EAST_1)
            .credentialsProvider(CREDENTIALS)
            .build()) {
      assertThat(client.putItem(request).equalsBySdkFields(response)).isTrue();
      assertThat(read[0].equalsBySdkFields(request)).isTrue();
    }
  }

  @Test
  void awsQueryArrivesWholeToo() throws Throwable {
    assertThat(
            everyForm(
                IamClient.class,
                http ->
                    IamClient.builder()
                        .httpClient(http)
                        .region(Region.AWS_GLOBAL)
                        .credentialsProvider(CREDENTIALS)
                        .build()))
        .isGreaterThan(150);
    assertThat(
            everyForm(
                SnsClient.class,
                http ->
                    SnsClient.builder()
                        .httpClient(http)
                        .region(Region.US_EAST_1)
                        .credentialsProvider(CREDENTIALS)
                        .build()))
        .isGreaterThan(30);
  }

  /** Calls every operation of a service of the query protocol; returns how many there are. */
  private static int everyForm(
      Class<? extends SdkClient> api, Function<SdkHttpClient, SdkClient> clientOver)
      throws Throwable {
    SdkPojo[] read = new SdkPojo[1];
    SdkPojo[] response = new SdkPojo[1];
    RouteTable routes = new RouteTable(SdkBinding.operations(api));
    AwsQuery protocol = new AwsQuery(ConstraintData.NONE);
    Network network =
        new Network(http -> {
          STRICT.authenticate(Signature.of(http), http);
          QueryString form = AwsQuery.form(http);
          String action = Objects.requireNonNull(form.get("Action"));
          RouteTable.Match match =
              Objects.requireNonNull(routes.action(action, form.get("Version")));
          assertThat(routes.action(action, "1999-01-01")).isNull();
          read[0] = protocol.read(match, http);
          return protocol.write(response[0], 200, http, Headers.empty());
        });
    int tried = 0;
    try (SdkClient client = clientOver.apply(network)) {
      for (Operation operation : SdkBinding.operations(api)) {
        Filler filler = new Filler("ä&= \"\\<>]]>'\r\n\t€😀");
        SdkRequest request = (SdkRequest) filler.filled(operation.newRequest().get());
        response[0] = filler.filled(responseBuilder(operation));
        SdkPojo arrived = operation.invoker().invoke(client, request);
        assertThat(read[0].equalsBySdkFields(request)).as("%s\n%s", read[0], request).isTrue();
        assertThat(arrived.equalsBySdkFields(response[0]))
            .as("%s\n%s", arrived, response[0])
            .isTrue();
        tried++;
      }
    }
    return tried;
  }
}
