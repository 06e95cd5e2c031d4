package dev.lambic.fronts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.invocation.FunctionImage;
import dev.lambic.invocation.Invocation;
import dev.lambic.invocation.Invoker;
import dev.lambic.invocation.Outcome;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.LogSettings;
import dev.lambic.runtime.ResultFlow;
import dev.lambic.wire.Caller;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Requests to function URLs, with an invoker that the test plays. */
class UrlFrontTest {
  private static final String ID = "abcdefghijklmnopqrstuvwxyz234567";
  private static final String HOST = ID + ".lambda-url.us-east-1.localhost:4566";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<Invocation> invocations = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private final List<String> passedOn = new ArrayList<>();
  private boolean signed;
  private boolean streamed;
  private @Nullable Cors cors;
  private @Nullable LambicException unusable;
  private Predicate<@Nullable Caller> permits = caller -> true;
  private Invoker invoker = (invocation, answer) -> result(answer, "null");

  /** One without signatures, buffered, that permits everybody. */
  private final UrlFront front =
      new UrlFront(
          new Urls(),
          (invocation, answer) -> {
            invocations.add(invocation);
            invoker.invoke(invocation, answer);
          },
          new FixedTime(),
          Ids.seeded(1),
          (where, fault) -> faults.add(where + ": " + fault),
          (request, responder) -> passedOn.add(request.target()));

  private static final class FixedTime implements Ticker {
    @Override
    public long nanos() {
      return 0;
    }

    @Override
    public Instant instant() {
      return Instant.parse("2026-03-04T05:06:07.089Z");
    }
  }

  private final class Urls implements FunctionUrls {
    @Override
    public @Nullable FunctionUrl find(String id) {
      return id.equals(ID)
          ? new FunctionUrl(ID, "us-east-1", signed, streamed, cors, permits, this::target)
          : null;
    }

    private FunctionUrl.Target target() {
      if (unusable != null) {
        throw unusable;
      }
      FunctionImage image =
          new FunctionImage(
              "key",
              "arn",
              "f",
              "$LATEST",
              "us-east-1",
              "000000000000",
              "role",
              "python3.13",
              "",
              "app.handler",
              128,
              3,
              512,
              Map.of(),
              "group",
              LogSettings.TEXT,
              () -> {
                throw new AssertionError("nothing is run");
              },
              false,
              List.of());
      return new FunctionUrl.Target(image, "arn:alias", true);
    }

    @Override
    public Caller authenticate(HttpRequest request) {
      String signature = request.headers().get("Authorization");
      if (signature == null) {
        throw new LambicException(
            "MissingAuthenticationTokenException", Blame.CALLER, "Missing Authentication Token");
      }
      if (!signature.equals("good")) {
        throw new LambicException("InvalidSignatureException", Blame.CALLER, "Wrong.\n\nDetails");
      }
      return new Caller(
          "222222222222", "us-east-1", "AKIA", "arn:aws:iam::222222222222:user/somebody");
    }

    @Override
    public String trace(@Nullable String received, boolean traced) {
      return traced ? "Root=1-2-3" : "none";
    }
  }

  @Test
  void aRequestIsAnEventOfFormat2() throws IOException {
    call(
        "POST",
        "/my%20path/a?x=1&y=a%26b&x=2&flag",
        Headers.of(
            "Host",
            HOST,
            "User-Agent",
            "curl/8",
            "Cookie",
            "a=1; b=2",
            "X-Many",
            "1",
            "x-many",
            "2",
            "Content-Type",
            "application/json; charset=utf-8"),
        "{\"text\":\"Grüße\"}".getBytes(StandardCharsets.UTF_8));
    assertThat(invocations.getFirst().invokedArn()).isEqualTo("arn:alias");
    JsonNode event = event();
    JsonNode http = event.path("requestContext").path("http");
    String requestId = event.path("requestContext").path("requestId").asText();
    assertThat(requestId).isEqualTo(invocations.getFirst().requestId());
    assertThat(event)
        .isEqualTo(
            JSON.readTree(
                """
                {"version":"2.0","routeKey":"$default","rawPath":"/my%20path/a",
                 "rawQueryString":"x=1&y=a%26b&x=2&flag","cookies":["a=1","b=2"],
                 "headers":{"host":"HOST:4566","user-agent":"curl/8","x-many":"1,2",
                   "content-type":"application/json; charset=utf-8",
                   "x-amzn-trace-id":"Root=1-2-3","x-forwarded-for":"127.0.0.9",
                   "x-forwarded-port":"4566","x-forwarded-proto":"http"},
                 "queryStringParameters":{"x":"1,2","y":"a&b","flag":""},
                 "requestContext":{"accountId":"anonymous","apiId":"ID","domainName":"HOST",
                   "domainPrefix":"ID",
                   "http":{"method":"POST","path":"/my path/a","protocol":"HTTP/1.1",
                     "sourceIp":"127.0.0.9","userAgent":"curl/8"},
                   "requestId":"REQUEST","routeKey":"$default","stage":"$default",
                   "time":"04/Mar/2026:05:06:07 +0000","timeEpoch":1772600767089},
                 "body":"{\\"text\\":\\"Grüße\\"}","isBase64Encoded":false}
                """
                    .replace("REQUEST", requestId)
                    .replace("HOST", HOST.replace(":4566", ""))
                    .replace("ID", ID)));
    assertThat(http.path("method").asText()).isEqualTo("POST");
  }

  @Test
  void bodiesOfOtherTypesAreInBase64() throws IOException {
    for (String type : List.of("application/x-www-form-urlencoded", "image/png")) {
      invocations.clear();
      call("POST", "/", Headers.of("Host", HOST, "Content-Type", type), new byte[] {'a', '=', '1'});
      assertThat(event().path("body").asText()).isEqualTo("YT0x");
      assertThat(event().path("isBase64Encoded").asBoolean()).isTrue();
    }
    invocations.clear();
    call("GET", "/", Headers.of("Host", HOST), new byte[0]);
    assertThat(event().has("body")).isFalse();
    assertThat(event().has("cookies")).isFalse();
    assertThat(event().has("queryStringParameters")).isFalse();
    assertThat(event().path("isBase64Encoded").asBoolean()).isFalse();
    invocations.clear();
    call(
        "POST",
        "/",
        Headers.of("Host", HOST, "Content-Type", "text/plain"),
        new byte[] {(byte) 255});
    assertThat(event().path("isBase64Encoded").asBoolean()).isTrue();
  }

  @Test
  void otherHostsAreForOthers() {
    for (String host :
        List.of("localhost:4566", "127.0.0.1:4566", "lambda-url.us-east-1.localhost")) {
      call("GET", "/" + host, Headers.of("Host", host), new byte[0]);
    }
    front.handle(request("GET", "/none", Headers.empty(), new byte[0]), new Received());
    assertThat(passedOn).hasSize(4);
    assertThat(invocations).isEmpty();
    for (String host :
        List.of(
            "none.lambda-url.us-east-1.localhost", ID + ".lambda-url.eu-west-1.localhost:4566")) {
      Received received = call("GET", "/", Headers.of("Host", host), new byte[0]);
      assertThat(received.status).isEqualTo(404);
      assertThat(received.body()).isEqualTo("{\"Message\":\"Not Found\"}");
    }
  }

  @Test
  void whoMustSignIsToldSo() throws IOException {
    signed = true;
    Received unsigned = call("GET", "/", Headers.of("Host", HOST), new byte[0]);
    assertThat(unsigned.status).isEqualTo(403);
    assertThat(unsigned.body()).isEqualTo("{\"Message\":\"Forbidden\"}");
    Received wrong =
        call("GET", "/", Headers.of("Host", HOST, "Authorization", "bad"), new byte[0]);
    assertThat(wrong.status).isEqualTo(403);
    assertThat(wrong.body()).isEqualTo("{\"message\":\"Wrong.\"}");
    assertThat(invocations).isEmpty();
    call("GET", "/", Headers.of("Host", HOST, "Authorization", "good"), new byte[0]);
    assertThat(event().path("requestContext").path("accountId").asText()).isEqualTo("222222222222");
    assertThat(event().path("requestContext").path("authorizer").path("iam"))
        .isEqualTo(
            JSON.readTree(
                """
                {"accessKey":"AKIA","accountId":"222222222222","callerId":"AKIA",
                 "cognitoIdentity":null,"principalOrgId":null,
                 "userArn":"arn:aws:iam::222222222222:user/somebody","userId":"AKIA"}
                """));
    permits = caller -> caller == null;
    assertThat(
            call("GET", "/", Headers.of("Host", HOST, "Authorization", "good"), new byte[0]).status)
        .isEqualTo(403);
  }

  @Test
  void whatTheFunctionCannotDoBecomesAStatus() {
    assertStatus(
        502, "Internal Server Error", (invocation, answer) -> failure(answer, "Runtime.ExitError"));
    assertStatus(
        504,
        "{\"Message\":\"Gateway Timeout\"}",
        (invocation, answer) -> failure(answer, "Sandbox.Timedout"));
    assertStatus(
        502,
        "Internal Server Error",
        (invocation, answer) -> result(answer, "{\"statusCode\":\"x\"}"));
    assertStatus(
        429,
        "{\"Message\":\"Too Many Requests\"}",
        (invocation, answer) ->
            answer.refused(
                new LambicException("TooManyRequestsException", Blame.CALLER, "Rate Exceeded.")));
    unusable = new LambicException("ResourceConflictException", Blame.CALLER, "Pending");
    assertStatus(502, "Internal Server Error", (invocation, answer) -> result(answer, "1"));
    Received tooLarge = call("POST", "/", Headers.of("Host", HOST), new byte[6 * 1024 * 1024 + 1]);
    awaitAnswer(tooLarge);
    assertThat(tooLarge.status).isEqualTo(413);
  }

  private void assertStatus(int status, String body, Invoker plays) {
    invoker = plays;
    Received received = call("GET", "/", Headers.of("Host", HOST), new byte[0]);
    assertThat(received.status).isEqualTo(status);
    assertThat(received.body()).isEqualTo(body);
    assertThat(received.headers.get("x-amzn-RequestId")).isNotBlank();
  }

  @Test
  void browsersAreAnsweredWithoutTheFunction() {
    cors =
        new Cors(
            true,
            List.of("x-one", "x-two"),
            List.of("GET", "PUT"),
            List.of("https://a.example"),
            List.of("x-shown"),
            60);
    Received answer =
        call(
            "OPTIONS",
            "/",
            Headers.of(
                "Host",
                HOST,
                "Origin",
                "https://a.example",
                "Access-Control-Request-Method",
                "PUT"),
            new byte[0]);
    assertThat(answer.status).isEqualTo(200);
    assertThat(answer.headers.toString())
        .isEqualTo(
            "access-control-allow-origin: https://a.example\nvary: Origin\n"
                + "access-control-allow-credentials: true\n"
                + "access-control-allow-methods: GET,PUT\n"
                + "access-control-allow-headers: x-one,x-two\naccess-control-max-age: 60\n");
    assertThat(invocations).isEmpty();
    invoker =
        (invocation, result) ->
            result(
                result,
                "{\"statusCode\":200,\"headers\":{\"Access-Control-Allow-Origin\":\"other\"}}");
    Received from = call("GET", "/", origin("https://a.example"), new byte[0]);
    assertThat(from.headers.all("Access-Control-Allow-Origin"))
        .containsExactly("https://a.example");
    assertThat(from.headers.get("Access-Control-Expose-Headers")).isEqualTo("x-shown");
    assertThat(
            call("GET", "/", origin("https://b.example"), new byte[0])
                .headers
                .get("Access-Control-Allow-Origin"))
        .isEqualTo("other");
    cors = null;
    call("OPTIONS", "/", origin("https://a.example"), new byte[0]);
    assertThat(invocations).hasSize(3);
  }

  @Test
  void aStreamedResultGoesOnAsItIsMade() {
    streamed = true;
    List<Invoker.StreamedAnswer> answers = new ArrayList<>();
    invoker = (invocation, answer) -> answers.add((Invoker.StreamedAnswer) answer);
    Received received = call("GET", "/", Headers.of("Host", HOST), new byte[0]);
    assertThat(invocations.getFirst().streamed()).isTrue();
    List<String> control = new ArrayList<>();
    Invoker.StreamedAnswer answer = answers.getFirst();
    answer.begin("application/vnd.awslambda.http-integration-response", flow(control));
    answer.piece(bytes("{\"statusCode\":206,\"headers\":{\"X-A\":\"b\"},\"cookies\":[\"c=1\"]}"));
    assertThat(received.status).isZero();
    answer.piece(new byte[5]);
    answer.piece(new byte[] {0, 0, 0, 'o', 'n', 'e'});
    assertThat(received.status).isEqualTo(206);
    assertThat(received.headers.get("X-A")).isEqualTo("b");
    assertThat(received.headers.get("Set-Cookie")).isEqualTo("c=1");
    assertThat(received.body()).isEqualTo("one");
    received.reads = false;
    answer.piece(bytes("two"));
    received.drain();
    assertThat(control).containsExactly("pause", "resume");
    assertThat(received.ended).isFalse();
    answer.outcome(new Outcome(new byte[0], null, null, null));
    assertThat(received.body()).isEqualTo("onetwo");
    assertThat(received.ended).isTrue();
  }

  @Test
  void metadataInManyPiecesCostNoMoreThanTheirLength() {
    streamed = true;
    List<Invoker.StreamedAnswer> answers = new ArrayList<>();
    invoker = (invocation, answer) -> answers.add((Invoker.StreamedAnswer) answer);
    Received received = call("GET", "/", Headers.of("Host", HOST), new byte[0]);
    Invoker.StreamedAnswer answer = answers.getFirst();
    answer.begin("application/vnd.awslambda.http-integration-response", flow(new ArrayList<>()));
    byte[] metadata = bytes("{\"statusCode\":201}" + " ".repeat(60_000) + "\0".repeat(8) + "x");
    long before = allocatedBytes();
    for (byte each : metadata) {
      answer.piece(new byte[] {each});
    }
    assertThat(allocatedBytes() - before).isLessThan(64 << 20);
    assertThat(received.status).isEqualTo(201);
    assertThat(received.body()).isEqualTo("x");
  }

  @Test
  void parametersOfOneNameCostNoMoreThanTheirLength() throws IOException {
    int count = 20_000;
    String target = "/?" + "a&".repeat(count);
    long before = allocatedBytes();
    call("GET", target, Headers.of("Host", HOST), new byte[0]);
    assertThat(allocatedBytes() - before).isLessThan(64 << 20);
    assertThat(event().path("queryStringParameters").path("a").asText())
        .isEqualTo(",".repeat(count - 1));
  }

  /** What this thread has ever allocated. */
  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  @Test
  void aStreamWithoutMetadataIsABodyAndAnErrorBreaksItOff() {
    streamed = true;
    List<Invoker.StreamedAnswer> answers = new ArrayList<>();
    invoker = (invocation, answer) -> answers.add((Invoker.StreamedAnswer) answer);
    Received received = call("GET", "/", Headers.of("Host", HOST), new byte[0]);
    answers.getFirst().begin("text/event-stream", flow(new ArrayList<>()));
    answers.getFirst().piece(bytes("data"));
    assertThat(received.headers.get("Content-Type")).isEqualTo("text/event-stream");
    failure(answers.getFirst(), "Runtime.ExitError");
    assertThat(received.broken).isTrue();
    Received early = call("GET", "/", Headers.of("Host", HOST), new byte[0]);
    answers
        .getLast()
        .begin("application/vnd.awslambda.http-integration-response", flow(new ArrayList<>()));
    answers.getLast().piece(bytes("no JSON"));
    answers.getLast().piece(new byte[8]);
    assertThat(early.status).isEqualTo(502);
  }

  private static ResultFlow flow(List<String> control) {
    return new ResultFlow() {
      @Override
      public void pause() {
        control.add("pause");
      }

      @Override
      public void resume() {
        control.add("resume");
      }
    };
  }

  private static void result(Invoker.Answer answer, String json) {
    answer.outcome(new Outcome(bytes(json), null, null, null));
  }

  private static void failure(Invoker.Answer answer, String type) {
    answer.outcome(new Outcome(bytes("{}"), "Unhandled", type, null));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Headers origin(String origin) {
    return Headers.of("Host", HOST, "Origin", origin);
  }

  private JsonNode event() throws IOException {
    return JSON.readTree(invocations.getFirst().payload());
  }

  private Received call(String method, String target, Headers headers, byte[] body) {
    Received received = new Received();
    front.handle(request(method, target, headers, body), received);
    assertThat(faults).isEmpty();
    return received;
  }

  private static HttpRequest request(String method, String target, Headers headers, byte[] body) {
    return new HttpRequest(method, target, headers, body, new InetSocketAddress("127.0.0.9", 5000));
  }

  private static void awaitAnswer(Received received) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!received.ended && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
  }
}
