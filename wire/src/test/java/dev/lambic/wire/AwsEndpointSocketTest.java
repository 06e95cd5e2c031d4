package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.CreateFunctionResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/** Real SDK clients over a real socket, with every signature enforced. */
final class AwsEndpointSocketTest {
  private static final String ROLE = "arn:aws:iam::123456789012:role/r";

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private HttpServer server;
  private LambdaClient lambda;
  private LambdaClient impostor;
  private DynamoDbClient dynamo;

  private static final class Functions extends FakeLambda {
    private final Map<String, SdkBytes> code = new ConcurrentHashMap<>();

    @Override
    public CreateFunctionResponse createFunction(CreateFunctionRequest request) {
      code.put(request.functionName(), request.code().zipFile());
      return CreateFunctionResponse.builder()
          .functionName(request.functionName())
          .codeSize((long) request.code().zipFile().asByteArray().length)
          .environment(e -> e.variables(request.environment().variables()))
          .build();
    }

    @Override
    public GetFunctionResponse getFunction(GetFunctionRequest request) {
      if (!code.containsKey(request.functionName())) {
        throw ResourceNotFoundException.builder()
            .message("Function not found: " + request.functionName())
            .build();
      }
      return GetFunctionResponse.builder().tags(Map.of("ключ", "v")).build();
    }
  }

  private static final class Tables implements DynamoDbClient {
    @Override
    public PutItemResponse putItem(PutItemRequest request) {
      if (request.conditionExpression() != null) {
        throw ConditionalCheckFailedException.builder()
            .message("The conditional request failed")
            .item(request.item())
            .build();
      }
      return PutItemResponse.builder().attributes(request.item()).build();
    }

    @Override
    public String serviceName() {
      return "dynamodb";
    }

    @Override
    public void close() {}
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.start(1, (where, fault) -> faults.add(fault));
    AwsEndpoint endpoint =
        AwsEndpoint.builder(Ticker.system(), Ids.secure(), (where, fault) -> faults.add(fault))
            .auth(
                AuthMode.ENFORCE,
                id -> id.equals("AKIATEST") ? AccessKey.ofAccount("sec/ret", "123456789012") : null)
            .service(
                Service.sdk("lambda", LambdaClient.class, Functions::new)
                    .raw(
                        "Invoke",
                        call ->
                            call.responder()
                                .send(
                                    200,
                                    call.answerHeaders()
                                        .add("X-Amz-Executed-Version", "$LATEST")
                                        .add("Content-Type", "application/json"),
                                    call.request().body())))
            .service(Service.sdk("dynamodb", DynamoDbClient.class, Tables::new))
            .build();
    InetSocketAddress address =
        server
            .listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                HttpConfig.standard(),
                endpoint)
            .address();
    URI uri = URI.create("http://127.0.0.1:" + address.getPort());
    lambda = lambda(uri, "sec/ret");
    impostor = lambda(uri, "guess");
    dynamo =
        DynamoDbClient.builder()
            .endpointOverride(uri)
            .region(Region.EU_WEST_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIATEST", "sec/ret")))
            .build();
  }

  private static LambdaClient lambda(URI uri, String secret) {
    return LambdaClient.builder()
        .endpointOverride(uri)
        .region(Region.EU_WEST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIATEST", secret)))
        .build();
  }

  @AfterEach
  void stop() {
    lambda.close();
    impostor.close();
    dynamo.close();
    server.close();
    assertThat(faults).isEmpty();
  }

  @Test
  void anOperationAndItsError() {
    byte[] zip = new byte[3_000_000];
    CreateFunctionResponse created =
        lambda.createFunction(r ->
            r.functionName("f")
                .role(ROLE)
                .code(c -> c.zipFile(SdkBytes.fromByteArray(zip)))
                .environment(e -> e.variables(Map.of("NAME", "Zürich €"))));
    assertThat(created.codeSize()).isEqualTo(3_000_000);
    assertThat(created.environment().variables()).containsEntry("NAME", "Zürich €");
    assertThat(created.sdkHttpResponse().statusCode()).isEqualTo(201);
    assertThat(created.responseMetadata().requestId()).hasSize(36);
    assertThat(lambda.getFunction(r -> r.functionName("f")).tags()).containsEntry("ключ", "v");

    assertThatThrownBy(() -> lambda.getFunction(r -> r.functionName("missing")))
        .isInstanceOfSatisfying(
            ResourceNotFoundException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(404);
              assertThat(e.type()).isEqualTo("User");
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo("ResourceNotFoundException");
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo("Function not found: missing");
            });
  }

  @Test
  void aRawOperation() {
    for (int size : new int[] {0, 10, 70_000, 6_000_000}) {
      InvokeResponse response =
          lambda.invoke(r ->
              r.functionName("arn:aws:lambda:eu-west-1:123456789012:function:f")
                  .qualifier("$LATEST")
                  .payload(SdkBytes.fromByteArray(new byte[size])));
      assertThat(response.payload().asByteArray()).hasSize(size);
      assertThat(response.executedVersion()).isEqualTo("$LATEST");
    }
  }

  @Test
  void aWrongSecretIsRefused() {
    for (int size : new int[] {10, 100_000}) {
      assertThatThrownBy(() ->
              impostor.invoke(
                  r -> r.functionName("f").payload(SdkBytes.fromByteArray(new byte[size]))))
          .isInstanceOfSatisfying(
              LambdaException.class,
              e -> {
                assertThat(e.statusCode()).isEqualTo(403);
                assertThat(e.awsErrorDetails().errorCode()).isEqualTo("InvalidSignatureException");
              });
    }
  }

  @Test
  void anOperationThatIsNotBuiltIsNotRetried() {
    assertThatThrownBy(() -> lambda.listLayers())
        .isInstanceOfSatisfying(
            LambdaException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(501);
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo("NotImplementedException");
              assertThat(e.numAttempts()).isEqualTo(1);
            });
  }

  @Test
  void awsJson() {
    Map<String, AttributeValue> item =
        Map.of(
            "id", AttributeValue.fromS("ü"),
            "bytes", AttributeValue.fromB(SdkBytes.fromByteArray(new byte[] {-1, 0})));
    assertThat(dynamo.putItem(r -> r.tableName("ttt").item(item)).attributes()).isEqualTo(item);
    assertThatThrownBy(
            () -> dynamo.putItem(r -> r.tableName("ttt").item(item).conditionExpression("x")))
        .isInstanceOfSatisfying(
            ConditionalCheckFailedException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(400);
              assertThat(e.item()).isEqualTo(item);
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo("The conditional request failed");
            });
    assertThatThrownBy(() -> dynamo.listTables())
        .isInstanceOfSatisfying(
            DynamoDbException.class,
            e -> assertThat(e.awsErrorDetails().errorCode()).isEqualTo("NotImplementedException"));
  }
}
