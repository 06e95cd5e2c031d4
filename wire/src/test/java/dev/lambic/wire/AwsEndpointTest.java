package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.CreateFunctionResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.InvalidParameterValueException;
import software.amazon.awssdk.services.lambda.model.InvokeRequest;
import software.amazon.awssdk.services.lambda.model.InvokeWithResponseStreamRequest;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.ServiceException;
import software.amazon.awssdk.services.lambda.model.TagResourceRequest;
import software.amazon.awssdk.services.lambda.model.TagResourceResponse;
import software.amazon.awssdk.services.lambda.model.TooManyRequestsException;

/** The endpoint without a socket: requests as bytes, answers as bytes. */
final class AwsEndpointTest {
  private static final String FUNCTIONS = "/2015-03-31/functions";
  private static final String CREATE =
      "{\"FunctionName\":\"f\",\"Role\":\"arn:aws:iam::123456789012:role/r\",\"Code\":{}}";

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final AtomicInteger built = new AtomicInteger();
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private boolean faultsExpected;

  /** What GetFunction does, by test. */
  private Function<GetFunctionRequest, GetFunctionResponse> getFunction =
      request -> GetFunctionResponse.builder().tags(Map.of()).build();

  @AfterEach
  void noFaults() {
    if (!faultsExpected) {
      assertThat(faults).isEmpty();
    }
  }

  private final class Functions extends FakeLambda {
    @Override
    public CreateFunctionResponse createFunction(CreateFunctionRequest request) {
      Caller caller = Caller.current();
      return CreateFunctionResponse.builder()
          .functionArn(
              "arn:aws:lambda:"
                  + caller.region()
                  + ":"
                  + caller.account()
                  + ":function:"
                  + request.functionName())
          .memorySize(request.memorySize())
          .layers(List.of())
          .build();
    }

    @Override
    public GetFunctionResponse getFunction(GetFunctionRequest request) {
      return getFunction.apply(request);
    }

    @Override
    public DeleteFunctionResponse deleteFunction(DeleteFunctionRequest request) {
      return DeleteFunctionResponse.builder().statusCode(204).build();
    }

    @Override
    public TagResourceResponse tagResource(TagResourceRequest request) {
      return TagResourceResponse.builder().build();
    }
  }

  private AwsEndpoint.Builder builder() {
    return AwsEndpoint.builder(Ticker.system(), Ids.seeded(1), (where, fault) -> faults.add(fault))
        .service(
            Service.sdk(
                    "lambda",
                    LambdaClient.class,
                    () -> {
                      built.incrementAndGet();
                      return new Functions();
                    })
                .raw("Invoke", this::invoke))
        .service(Service.passThrough("dynamodb", "DynamoDB_20120810", this::dynamo))
        .prefix(
            "/_lambic/health",
            (request, responder) ->
                responder.send(200, Headers.of("Content-Type", "text/plain"), utf8("ok")));
  }

  private final AwsEndpoint endpoint = builder().build();

  private void invoke(Call call) {
    seen.add(
        call.label("FunctionName")
            + " "
            + call.query("Qualifier")
            + " "
            + Thread.currentThread().isVirtual());
    switch (String.valueOf(call.label("FunctionName"))) {
      case "throw" -> throw new LambicException("ResourceNotFoundException", Blame.CALLER, "no");
      case "fail" -> call.fail(TooManyRequestsException.builder().message("slow").build());
      case "bug" -> throw new IllegalStateException("secret detail");
      case "echo" -> call.responder().send(200, call.answerHeaders(), call.request().body());
      case "twice" -> {
        call.responder().send(200, call.answerHeaders(), call.request().body());
        throw new IllegalStateException("after the answer");
      }
      default -> {
        InvokeRequest typed = call.typed(InvokeRequest.class);
        call.responder().send(200, call.answerHeaders(), utf8(typed.functionName()));
      }
    }
  }

  private void dynamo(Call call) {
    if (call.operation().equals("Fail")) {
      throw new LambicException("InternalServerError", Blame.PLATFORM, "down");
    }
    seen.add(
        call.operation()
            + " "
            + call.caller().account()
            + " "
            + Thread.currentThread().isVirtual());
    call.responder().send(200, call.answerHeaders(), call.request().body());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Headers scope(String accessKey, String region, String service) {
    return Headers.of(
        "Host",
        "localhost",
        "X-Amz-Date",
        "20260101T000000Z",
        "Authorization",
        "AWS4-HMAC-SHA256 Credential="
            + accessKey
            + "/20260101/"
            + region
            + "/"
            + service
            + "/aws4_request, SignedHeaders=host;x-amz-date, Signature=00");
  }

  private static Headers lambda() {
    return scope("AKIATEST", "eu-west-3", "lambda");
  }

  private Answer send(String method, String target, Headers headers, String body) {
    return Recorder.send(endpoint, Recorder.request(method, target, headers, body));
  }

  private static void expect(Answer answer, int status, String type, String body) {
    assertThat(Recorder.text(answer)).isEqualTo(body);
    assertThat(answer.status()).isEqualTo(status);
    assertThat(Recorder.header(answer, "x-amzn-ErrorType")).isEqualTo(type);
    assertThat(Recorder.header(answer, "Content-Type")).isEqualTo("application/json");
    assertThat(Recorder.header(answer, "x-amzn-RequestId")).hasSize(36);
  }

  @Test
  void aTypedOperationAnswersWithItsOwnStatus() {
    Headers headers = scope("123456789012", "eu-west-3", "lambda");
    Answer answer =
        send("POST", FUNCTIONS, headers, CREATE.replace("{}", "{},\"MemorySize\":256,\"New\":[1]"));
    expect(
        answer,
        201,
        "",
        "{\"FunctionArn\":\"arn:aws:lambda:eu-west-3:123456789012:function:f\",\"MemorySize\":256,"
            + "\"Layers\":[]}");
  }

  @Test
  void aRequestWithoutSignatureIsServedByItsPath() {
    Answer answer = send("POST", FUNCTIONS + "/", Headers.empty(), CREATE);
    assertThat(Recorder.text(answer)).contains("lambda:us-east-1:000000000000:function:f");
  }

  @Test
  void aServiceKnowsWhereItsClientReachesIt() {
    getFunction =
        request ->
            GetFunctionResponse.builder().code(c -> c.location(Arrival.host().orElse("-"))).build();
    for (String host :
        new String[] {"localhost", "lambic.example:4566", "10.0.0.7:1", "[::1]:4566"}) {
      assertThat(located(lambda().set("Host", host))).isEqualTo(host);
    }
    assertThat(located(lambda().set("Host", "a/b@c"))).isEqualTo("-");
    assertThat(located(lambda().remove("Host"))).isEqualTo("-");
    assertThat(Arrival.host()).isEmpty();
  }

  private String located(Headers headers) {
    HttpRequest request =
        new HttpRequest(
            "GET", FUNCTIONS + "/f", headers, new byte[0], new InetSocketAddress("192.0.2.1", 1));
    String body = Recorder.text(Recorder.send(endpoint, request));
    return body.replaceAll(".*\"Location\":\"([^\"]*)\".*", "$1");
  }

  @Test
  void anAnswerWithoutContentHasNoBody() {
    for (Answer answer :
        new Answer[] {
          send("DELETE", FUNCTIONS + "/f", lambda(), ""),
          send(
              "POST",
              "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-3%3A123456789012%3Afunction%3Af",
              lambda(),
              "{\"Tags\":{\"a\":\"b\"}}")
        }) {
      assertThat(answer.status()).isEqualTo(204);
      assertThat(answer.body()).isEmpty();
      assertThat(answer.headers().has("Content-Type")).isFalse();
    }
  }

  @Test
  void anErrorHasTheShapeThatItsModelSays() {
    getFunction =
        request -> {
          throw ResourceNotFoundException.builder().message("Function not found: x").build();
        };
    expect(
        send("GET", FUNCTIONS + "/x", lambda(), ""),
        404,
        "ResourceNotFoundException",
        "{\"Type\":\"User\",\"Message\":\"Function not found: x\"}");
    getFunction =
        request -> {
          throw InvalidParameterValueException.builder().type("User").message("bad").build();
        };
    expect(
        send("GET", FUNCTIONS + "/x", lambda(), ""),
        400,
        "InvalidParameterValueException",
        "{\"Type\":\"User\",\"message\":\"bad\"}");
    getFunction =
        request -> {
          throw InvalidParameterValueException.builder().type("").message("bad").build();
        };
    expect(
        send("GET", FUNCTIONS + "/x", lambda(), ""),
        400,
        "InvalidParameterValueException",
        "{\"message\":\"bad\"}");
    getFunction =
        request -> {
          throw ServiceException.builder().message("down").build();
        };
    expect(
        send("GET", FUNCTIONS + "/x", lambda(), ""),
        500,
        "ServiceException",
        "{\"Type\":\"Service\",\"Message\":\"down\"}");
  }

  @Test
  void aThrottleSaysWhyAndWhenToRetry() {
    getFunction =
        request -> {
          throw TooManyRequestsException.builder()
              .message("Rate Exceeded.")
              .reason("ConcurrentInvocationLimitExceeded")
              .retryAfterSeconds("3")
              .build();
        };
    Answer thrown = send("GET", FUNCTIONS + "/x", lambda(), "");
    getFunction =
        request -> {
          throw new LambicException(
              "TooManyRequestsException",
              Blame.CAPACITY,
              "Rate Exceeded.",
              Map.of("Reason", "ConcurrentInvocationLimitExceeded", "retryAfterSeconds", "3"),
              null);
        };
    Answer ours = send("GET", FUNCTIONS + "/x", lambda(), "");
    for (Answer answer : new Answer[] {thrown, ours}) {
      assertThat(answer.status()).isEqualTo(429);
      assertThat(Recorder.header(answer, "Retry-After")).isEqualTo("3");
      assertThat(Recorder.text(answer))
          .contains("\"Reason\":\"ConcurrentInvocationLimitExceeded\"")
          .contains("\"Type\":\"User\"")
          .contains("\"message\":\"Rate Exceeded.\"");
    }
  }

  @Test
  void errorsThatNoModelKnowsFollowTheirBlame() {
    for (Blame blame : Blame.values()) {
      getFunction =
          request -> {
            throw new LambicException("OwnException", blame, "text");
          };
      int status =
          switch (blame) {
            case CALLER, FUNCTION -> 400;
            case CAPACITY -> 429;
            case PLATFORM -> 500;
          };
      expect(
          send("GET", FUNCTIONS + "/x", lambda(), ""),
          status,
          "OwnException",
          "{\"message\":\"text\"}");
    }
  }

  @Test
  void aBugIsReportedAndHidden() {
    faultsExpected = true;
    getFunction =
        request -> {
          throw new IllegalStateException("secret detail");
        };
    expect(
        send("GET", FUNCTIONS + "/x", lambda(), ""),
        500,
        "ServiceException",
        "{\"Type\":\"Service\",\"Message\":\"Service encountered an internal error\"}");
    assertThat(faults).singleElement().isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatIsNotBuiltSaysSo() {
    expect(
        send("GET", "/2018-10-31/layers", lambda(), ""),
        501,
        "NotImplementedException",
        "{\"message\":\"Lambic does not implement lambda:ListLayers yet.\"}");
    expect(
        send("GET", "/v2/apis", scope("A", "us-east-1", "apigateway"), ""),
        501,
        "NotImplementedException",
        "{\"message\":\"Lambic does not offer the service 'apigateway' yet.\"}");
    Answer json =
        send(
            "POST",
            "/",
            scope("A", "us-east-1", "ssm")
                .add("X-Amz-Target", "AmazonSSM.GetParameter")
                .add("Content-Type", "application/x-amz-json-1.1"),
            "{}");
    assertThat(json.status()).isEqualTo(501);
    assertThat(Recorder.text(json))
        .isEqualTo(
            "{\"__type\":\"NotImplementedException\",\"message\":\"Lambic does not offer the service"
                + " 'ssm' yet.\"}");
    Answer query =
        send(
            "POST",
            "/",
            scope("A", "us-east-1", "sts").add("Content-Type", "application/x-www-form-urlencoded"),
            "Action=GetCallerIdentity");
    assertThat(query.status()).isEqualTo(501);
    assertThat(Recorder.text(query)).contains("<Code>NotImplemented</Code>");
    expect(
        send(
            "GET",
            "/2018-10-31/layers",
            lambda().add("Content-Type", "application/x-www-form-urlencoded"),
            ""),
        501,
        "NotImplementedException",
        "{\"message\":\"Lambic does not implement lambda:ListLayers yet.\"}");
  }

  @Test
  void whatIsNoOperationIsUnknown() {
    expect(
        send("GET", "/2015-03-31/nothing?x=y", lambda(), ""),
        404,
        "UnknownOperationException",
        "{\"Message\":\"No operation is addressed by GET /2015-03-31/nothing\"}");
    assertThat(send("GET", "/favicon.ico", Headers.empty(), "").status()).isEqualTo(404);
    Answer target = send("POST", "/", Headers.of("X-Amz-Target", "Nothing.At_All"), "{}");
    assertThat(target.status()).isEqualTo(400);
    assertThat(Recorder.text(target))
        .startsWith("{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {              | Unexpected token received from parser
          {} x           | Unexpected token received from parser
          'nonsense'     | Unexpected token received from parser
          []             | Start of list found where not expected.
          1              | Unexpected value type in payload
          {"Role":true}  | class java.lang.Boolean can not be converted to an String
          {"Role":5}     | class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String
          {"Role":{}}    | Start of structure or map found where not expected.
          {"Role":[]}    | Start of list found where not expected.
          {"Code":"x"}   | Unexpected value type in payload
          {"Layers":{}}  | Start of structure or map found where not expected.
          {"Timeout":"1"}| class java.lang.String can not be converted to an Integer
          {"Timeout":1e99}| class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an Integer
          {"Timeout":99999999999999999999}| class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an Integer
          {"Code":{"ZipFile":"@"}}| class java.lang.String can not be converted to an Blob
          """)
  void whatCannotBeReadIsRefused(String body, String message) {
    expect(
        send("POST", FUNCTIONS, lambda(), body),
        400,
        "SerializationException",
        "{\"Message\":\"" + message + "\"}");
  }

  @Test
  void deepNestingIsRefused() {
    String deep = "{\"x\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
    assertThat(send("POST", FUNCTIONS, lambda(), deep).status()).isEqualTo(400);
    assertThat(faults).isEmpty();
  }

  @Test
  void aFractionIsCutOffAndNullIsAbsent() {
    Answer answer =
        send(
            "POST",
            FUNCTIONS,
            lambda(),
            CREATE.replace("{}", "{},\"MemorySize\":256.9,\"Layers\":null,\"VpcConfig\":null"));
    assertThat(Recorder.text(answer)).contains("\"MemorySize\":256,");
  }

  @Test
  void aViolatedLimitIsAValidationException() {
    Answer answer = send("POST", FUNCTIONS, lambda(), CREATE.replace("{}", "null"));
    expect(
        answer,
        400,
        "ValidationException",
        "{\"message\":\"1 validation error detected: Value null at 'code' failed to satisfy"
            + " constraint: Member must not be null\"}");
  }

  @Test
  void aRequestThatIsTooLargeIsRefused() {
    HttpRequest request =
        new HttpRequest(
            "POST",
            FUNCTIONS,
            lambda(),
            new byte[70_167_212],
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
    expect(
        Recorder.send(endpoint, request),
        413,
        "RequestEntityTooLargeException",
        "{\"Message\":\"Request must be smaller than 70167211 bytes for the CreateFunction"
            + " operation\"}");
  }

  @Test
  void aSmallRawOperationRunsOnTheCallingThreadOnceItsServiceIsLoaded() {
    String target = FUNCTIONS + "/echo/invocations?Qualifier=a%20b";
    assertThat(Recorder.text(send("POST", target, lambda(), "{\"k\":1}"))).isEqualTo("{\"k\":1}");
    assertThat(Recorder.text(send("POST", target, lambda(), "x".repeat(100_000)))).hasSize(100_000);
    assertThat(Recorder.text(send("POST", target, lambda(), "x".repeat(65_536)))).hasSize(65_536);
    assertThat(seen).containsExactly("echo a b true", "echo a b true", "echo a b false");
    assertThat(built).hasValue(1);
  }

  @Test
  void aLargeSignedBodyIsNotHashedOnTheCallingThread() {
    Thread caller = Thread.currentThread();
    List<Thread> threads = new CopyOnWriteArrayList<>();
    AwsEndpoint watched =
        AwsEndpoint.builder(Ticker.system(), Ids.seeded(1), (where, fault) -> faults.add(fault))
            .auth(
                AuthMode.ACCEPT,
                id -> {
                  threads.add(Thread.currentThread());
                  return AccessKey.ofAccount("secret", "123456789012");
                })
            .service(
                Service.sdk("lambda", LambdaClient.class, Functions::new)
                    .raw("Invoke", this::invoke))
            .build();
    String target = FUNCTIONS + "/echo/invocations";
    Recorder.send(watched, Recorder.request("POST", target, lambda(), ""));
    threads.clear();
    Recorder.send(watched, Recorder.request("POST", target, lambda(), "small"));
    assertThat(threads).containsOnly(caller);
    threads.clear();
    Answer refused =
        Recorder.send(watched, Recorder.request("POST", target, lambda(), "x".repeat(65_537)));
    assertThat(refused.status()).isEqualTo(403);
    assertThat(threads.getLast()).isNotEqualTo(caller);
  }

  @Test
  void anOperationThatTheInterfaceLacksIsTakenRaw() {
    AwsEndpoint streaming =
        AwsEndpoint.builder(Ticker.system(), Ids.secure(), (where, fault) -> faults.add(fault))
            .service(
                Service.sdk("lambda", LambdaClient.class, Functions::new)
                    .raw(
                        "InvokeWithResponseStream",
                        call -> {
                          String name =
                              call.typed(InvokeWithResponseStreamRequest.class).functionName();
                          call.responder().send(200, call.answerHeaders(), utf8("for " + name));
                        }))
            .build();
    String target = "/2021-11-15/functions/f/response-streaming-invocations";
    assertThat(
            Recorder.text(Recorder.send(streaming, Recorder.request("POST", target, lambda(), ""))))
        .isEqualTo("for f");
    Headers wrong = lambda().add("X-Amz-Invocation-Type", "Event");
    Answer refused = Recorder.send(streaming, Recorder.request("POST", target, wrong, ""));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(Recorder.text(refused)).contains("[DryRun, RequestResponse]");
  }

  @Test
  void aRawOperationFailsLikeAnyOther() {
    faultsExpected = true;
    for (int round = 0; round < 2; round++) {
      expect(
          send("POST", FUNCTIONS + "/throw/invocations", lambda(), ""),
          404,
          "ResourceNotFoundException",
          "{\"Type\":\"User\",\"Message\":\"no\"}");
      assertThat(send("POST", FUNCTIONS + "/fail/invocations", lambda(), "").status())
          .isEqualTo(429);
      assertThat(faults).hasSize(round);
      assertThat(Recorder.text(send("POST", FUNCTIONS + "/bug/invocations", lambda(), "")))
          .doesNotContain("secret detail");
    }
    faults.clear();
    assertThat(send("POST", FUNCTIONS + "/twice/invocations", lambda(), "").status())
        .isEqualTo(200);
    assertThat(faults).isNotEmpty();
  }

  @Test
  void aRawOperationCanAskForItsTypedForm() {
    assertThat(Recorder.text(send("POST", FUNCTIONS + "/a:b:c/invocations", lambda(), "")))
        .contains("at 'functionName' failed to satisfy constraint");
    Headers type = lambda().add("X-Amz-Invocation-Type", "Maybe");
    assertThat(Recorder.text(send("POST", FUNCTIONS + "/g/invocations", type, "")))
        .contains("Value 'Maybe' at 'invocationType'");
    assertThat(Recorder.text(send("POST", FUNCTIONS + "/g/invocations", lambda(), "{}")))
        .isEqualTo("g");
  }

  @Test
  void aPassThroughSeesTheRequestAndItsCaller() {
    Headers signed =
        scope("123456789012", "us-east-1", "dynamodb")
            .add("X-Amz-Target", "DynamoDB_20120810.GetItem");
    assertThat(Recorder.text(send("POST", "/", signed, "{raw"))).isEqualTo("{raw");
    Headers unsigned = Headers.of("X-Amz-Target", "DynamoDB_20120810.ListTables");
    assertThat(send("POST", "/", unsigned, "{}").status()).isEqualTo(200);
    assertThat(seen).containsExactly("GetItem 123456789012 true", "ListTables 000000000000 true");
    Headers failing = Headers.of("X-Amz-Target", "DynamoDB_20120810.Fail");
    Answer failed = send("POST", "/", failing, "{}");
    assertThat(failed.status()).isEqualTo(500);
    assertThat(Recorder.text(failed)).contains("InternalServerError").contains("down");
  }

  @Test
  void aPrefixComesBeforeEverythingElse() {
    Answer answer = send("GET", "/_lambic/health", Headers.empty(), "");
    assertThat(Recorder.text(answer)).isEqualTo("ok");
    assertThat(built).hasValue(0);
    endpoint.load("dynamodb");
    endpoint.load("nothing");
    assertThat(built).hasValue(0);
    endpoint.load("lambda");
    assertThat(built).hasValue(1);
  }

  @Test
  void whoMustSignIsToldSoInTheProtocolOfTheRequest() {
    AwsEndpoint strict = builder().auth(AuthMode.ENFORCE, id -> null).build();
    expect(
        Recorder.send(strict, Recorder.request("GET", FUNCTIONS, Headers.empty(), "")),
        403,
        "MissingAuthenticationTokenException",
        "{\"message\":\"Missing Authentication Token\"}");
    expect(
        Recorder.send(strict, Recorder.request("GET", "/nothing", Headers.empty(), "")),
        403,
        "MissingAuthenticationTokenException",
        "{\"message\":\"Missing Authentication Token\"}");
    expect(
        Recorder.send(strict, Recorder.request("GET", FUNCTIONS, lambda(), "")),
        403,
        "UnrecognizedClientException",
        "{\"message\":\"The security token included in the request is invalid.\"}");
    Answer dynamo =
        Recorder.send(
            strict,
            Recorder.request(
                "POST",
                "/",
                scope("A", "us-east-1", "dynamodb")
                    .add("Content-Type", "application/x-amz-json-1.0")
                    .add("X-Amz-Target", "DynamoDB_20120810.GetItem"),
                "{}"));
    assertThat(dynamo.status()).isEqualTo(400);
    assertThat(Recorder.header(dynamo, "Content-Type")).isEqualTo("application/x-amz-json-1.0");
    assertThat(Recorder.text(dynamo))
        .isEqualTo(
            "{\"__type\":\"com.amazon.coral.service#UnrecognizedClientException\",\"message\":\"The"
                + " security token included in the request is invalid.\"}");
    assertThat(seen).isEmpty();
  }

  @Test
  void accessIsAskedBeforeTheService() {
    AwsEndpoint closed =
        builder()
            .access((caller, service, operation) -> {
              throw new LambicException(
                  "AccessDeniedException", Blame.CALLER, service + ":" + operation);
            })
            .build();
    for (int round = 0; round < 2; round++) {
      expect(
          Recorder.send(
              closed, Recorder.request("POST", FUNCTIONS + "/echo/invocations", lambda(), "")),
          403,
          "AccessDeniedException",
          "{\"Message\":\"lambda:Invoke\"}");
    }
    assertThat(seen).isEmpty();
  }

  @Test
  void accessThatIsDeniedWithoutAWordHasANullMessage() {
    AwsErrorDetails details = AwsErrorDetails.builder().errorCode("AccessDeniedException").build();
    AwsEndpoint closed =
        builder()
            .access((caller, service, operation) -> {
              throw LambdaException.builder().statusCode(403).awsErrorDetails(details).build();
            })
            .build();
    expect(
        Recorder.send(
            closed, Recorder.request("POST", FUNCTIONS + "/echo/invocations", lambda(), "")),
        403,
        "AccessDeniedException",
        "{\"Message\":null}");
  }

  @Test
  void whatNeverBecameARequestIsAnsweredInJson() {
    Recorder recorder = new Recorder();
    endpoint.refuse(413, "the body is too \"long\"", recorder);
    expect(
        recorder.await(),
        413,
        "RequestEntityTooLargeException",
        "{\"Message\":\"the body is too \\\"long\\\"\"}");
  }

  @Test
  void hostileTargetsAreAnswered() {
    for (String target :
        new String[] {
          "",
          "*",
          "/%",
          "/%zz/%",
          "//",
          "/?",
          "/?&=&&",
          "http://h/x",
          "/2015-03-31/functions/%00",
          "/2015-03-31/functions/" + "%C3".repeat(1_000),
          "/?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        }) {
      Answer answer = send("GET", target, lambda().remove("Authorization"), "");
      assertThat(answer.status()).as(target).isBetween(200, 499);
    }
    for (String authorization :
        new String[] {
          "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ,,,", "AWS4-HMAC-SHA256 ==", "AWS a:b"
        }) {
      Headers headers = Headers.of("Authorization", authorization);
      assertThat(send("GET", "/x", headers, "").status()).isBetween(400, 499);
    }
  }
}
