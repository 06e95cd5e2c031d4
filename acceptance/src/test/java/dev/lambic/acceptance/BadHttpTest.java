package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;

/** What is no proper request is refused, changes nothing, and leaves the server serving. */
class BadHttpTest {
  private static final String FUNCTIONS = "/2015-03-31/functions";

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction counter;

  private List<FunctionConfiguration> before = List.of();

  @BeforeAll
  static void deploy() {
    counter = TestFunction.python(LAMBIC.lambda(), "counter", "probe.py");
  }

  @BeforeEach
  void remember() {
    before = LAMBIC.lambda().listFunctions().functions();
  }

  @AfterEach
  void nothingHasChangedAndTheServerServes() {
    assertThat(LAMBIC.lambda().listFunctions().functions()).isEqualTo(before);
    assertThat(counter.invoke("{\"do\":\"echo\"}").error()).isNull();
  }

  /** The head of a request with the access key that anybody may use. */
  private static String head(String method, String path, String more) {
    return method
        + " "
        + path
        + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        + "Content-Type: application/json\r\nX-Amz-Date: 20260101T000000Z\r\n"
        + "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request,"
        + " SignedHeaders=host;x-amz-date, Signature="
        + "0".repeat(64)
        + "\r\n"
        + more
        + "\r\n";
  }

  private static String exchange(String request) throws IOException {
    try (RawHttp raw = RawHttp.connect(LAMBIC.server().address())) {
      return raw.say(request).rest();
    }
  }

  private static String post(String path, String body) throws IOException {
    return exchange(head("POST", path, "Content-Length: " + body.length() + "\r\n") + body);
  }

  private static String creation(String name) {
    byte[] zip = Zip.of("app.py", "def handler(event, context): return 1");
    return String.format(
        Locale.ROOT,
        "{\"FunctionName\":\"%s\",\"Runtime\":\"python3.13\",\"Handler\":\"app.handler\","
            + "\"Role\":\"%s\",\"Code\":{\"ZipFile\":\"%s\"}}",
        name,
        TestFunction.ROLE,
        Base64.getEncoder().encodeToString(zip));
  }

  @Test
  void theRequestsOfTheseTestsAreGoodExceptForWhatIsTested() throws IOException {
    assertThat(exchange(head("GET", FUNCTIONS, ""))).startsWith("HTTP/1.1 200").contains("counter");
    assertThat(post(FUNCTIONS, creation("good"))).startsWith("HTTP/1.1 201");
    LAMBIC.lambda().deleteFunction(request -> request.functionName("good"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"FunctionName\":}",
        "[]",
        "\"text\"",
        "{\"FunctionName\":\"f\",\"Timeout\":\"soon\"}",
        "{\"FunctionName\":\"f\",\"Code\":[]}",
        "{\"FunctionName\":\"f\",\"Code\":{\"ZipFile\":\"no base64!\"}}",
        "{\"FunctionName\":{\"a\":1}}",
      })
  void bodiesThatCannotBeReadAreSerializationErrors(String body) throws IOException {
    String answer = post(FUNCTIONS, body);
    assertThat(answer).startsWith("HTTP/1.1 400");
    assertThat(answer.toLowerCase(Locale.ROOT))
        .contains("x-amzn-errortype: serializationexception");
  }

  @Test
  void deeplyNestedJsonIsRefused() throws IOException {
    String deep = "{\"FunctionName\":" + "[".repeat(200_000) + "]".repeat(200_000) + "}";
    assertThat(post(FUNCTIONS, deep)).startsWith("HTTP/1.1 400");
  }

  @Test
  void aTruncatedCreationCreatesNothing() throws IOException {
    String body = creation("truncated");
    String head = head("POST", FUNCTIONS, "Content-Length: " + body.length() + "\r\n");
    for (int sent : new int[] {0, 1, body.length() / 2, body.length() - 1}) {
      try (RawHttp raw = RawHttp.connect(LAMBIC.server().address())) {
        String answer = raw.say(head + body.substring(0, sent)).end().rest();
        assertThat(answer).doesNotContain("201 Created", "FunctionArn");
      }
    }
  }

  @Test
  void aTruncatedInvocationCallsNothing() throws IOException {
    long calls = counter.act("identity").success().path("calls").asLong();
    String body = "{\"do\":\"identity\"}";
    String head =
        head(
            "POST",
            FUNCTIONS + "/counter/invocations",
            "Content-Length: " + (body.length() + 5) + "\r\n");
    try (RawHttp raw = RawHttp.connect(LAMBIC.server().address())) {
      raw.say(head + body).end().rest();
    }
    assertThat(counter.act("identity").success().path("calls").asLong()).isEqualTo(calls + 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0000\u0001\u0002\u0003\r\n\r\n",
        "GET\r\n\r\n",
        "GET /2015-03-31/functions HTTP/1.1\r\nno colon\r\n\r\n",
        "POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        "POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      })
  void whatIsNoHttpIsABadRequest(String bytes) throws IOException {
    try (RawHttp raw = RawHttp.connect(LAMBIC.server().address())) {
      String answer = raw.say(bytes).end().rest();
      if (!answer.isEmpty()) {
        assertThat(answer).startsWith("HTTP/1.1 4").doesNotContain("\"Functions\"");
      }
    }
  }

  @Test
  void endlessHeadersAreRefused() throws IOException {
    String filler = "X-Filler: " + "a".repeat(1000) + "\r\n";
    String answer = exchange(head("GET", FUNCTIONS, filler.repeat(1000)));
    assertThat(answer).doesNotStartWith("HTTP/1.1 2");
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /2015-03-31/nothing",
    "PATCH, /2015-03-31/functions",
    "DELETE, /2015-03-31/functions",
    "GET, /../../etc/passwd",
    "GET, /_lambic/code/../../../../etc/passwd",
    "GET, /2015-03-31/functions/%2e%2e%2fcounter/nothing",
  })
  void pathsWithoutAnOperationAreRefused(String method, String path) throws IOException {
    String answer = exchange(head(method, path, ""));
    assertThat(answer).startsWith("HTTP/1.1 4").doesNotContain("root:");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: https://example.com\r\n",
        "Origin: https://127.0.0.1.example.com\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
      })
  void webPagesOfOtherHostsAreRefused(String mark) throws IOException {
    String body = creation("by-a-web-page");
    String length = "Content-Length: " + body.length() + "\r\n";
    assertThat(exchange(head("POST", FUNCTIONS, mark + length) + body)).startsWith("HTTP/1.1 403");
    assertThat(exchange(head("GET", FUNCTIONS, mark)))
        .startsWith("HTTP/1.1 403")
        .doesNotContain("counter");
    // What a page can send without asking: a plain text, signed by nobody or by a query it made up.
    String plain =
        "Host: 127.0.0.1\r\nConnection: close\r\nContent-Type: text/plain\r\n" + mark + length;
    assertThat(exchange("POST " + FUNCTIONS + " HTTP/1.1\r\n" + plain + "\r\n" + body))
        .startsWith("HTTP/1.1 403");
    String query =
        "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Flambda"
            + "%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60"
            + "&X-Amz-SignedHeaders=host&X-Amz-Signature="
            + "0".repeat(64);
    assertThat(exchange("POST " + FUNCTIONS + query + " HTTP/1.1\r\n" + plain + "\r\n" + body))
        .startsWith("HTTP/1.1 403");
  }

  @Test
  void pagesWhoseNameIsMadeToLeadHereAreRefused() throws IOException {
    String request = head("GET", FUNCTIONS, "");
    assertThat(exchange(request.replace("Host: 127.0.0.1", "Host: evil.example.com")))
        .startsWith("HTTP/1.1 403")
        .doesNotContain("counter");
    assertThat(exchange(request.replace("Host: 127.0.0.1", "Host: localhost:4566")))
        .startsWith("HTTP/1.1 200");
  }

  @Test
  void pagesOfThisMachineAreAccepted() throws IOException {
    assertThat(exchange(head("GET", FUNCTIONS, "Origin: http://localhost:3000\r\n")))
        .startsWith("HTTP/1.1 200");
    assertThat(exchange(head("GET", FUNCTIONS, "Sec-Fetch-Site: none\r\n")))
        .startsWith("HTTP/1.1 200");
  }

  @Test
  void healthIsToldToAnybody() throws IOException {
    String answer =
        exchange("GET /_lambic/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 200");
  }

  @Test
  void manyBrokenConnectionsDoNotExhaustTheServer() throws IOException {
    byte[] half =
        head("POST", FUNCTIONS, "Content-Length: 100000\r\n").getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 500; i++) {
      try (RawHttp raw = RawHttp.connect(LAMBIC.server().address())) {
        raw.say(half);
      }
    }
    assertThat(exchange(head("GET", FUNCTIONS, ""))).startsWith("HTTP/1.1 200");
  }
}
