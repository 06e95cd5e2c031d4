package dev.lambic.runtime;

import static dev.lambic.runtime.RawConnection.nextRequest;
import static dev.lambic.runtime.RawConnection.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.HttpServer;
import dev.lambic.http.Responder;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.RawConnection.Reply;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Talks to the Runtime API as runtimes do, and as no runtime should. */
final class RuntimeApiTest {
  private static final RuntimeTarget TARGET =
      new RuntimeTarget("provided.al2023", false, List.of(), List.of(), Map.of(), Optional.empty());
  private static final HttpConfig LIMITS =
      new HttpConfig(RuntimeApi.MAX_RESPONSE_BYTES + 4096, 16 << 20, 64 << 10, 64, Duration.ZERO);

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final RecordingListener heard = new RecordingListener();
  private final RuntimeApi api = new RuntimeApi(heard, had -> heard.ready());
  private HttpServer server;
  private HttpServer.Listener listener;
  private RawConnection runtime;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.start(2, (where, fault) -> faults.add(fault));
    listener =
        server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), LIMITS, api);
    runtime = connect();
  }

  @AfterEach
  void stop() throws IOException {
    runtime.close();
    listener.close();
    server.close();
    assertThat(faults).isEmpty();
  }

  private RawConnection connect() throws IOException {
    return new RawConnection(listener.address());
  }

  private static Work work(String id) {
    return work(id, "{\"n\":1}", null, null);
  }

  private static Work work(
      String id, String payload, @Nullable String trace, @Nullable String context) {
    byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
    return new Work(id, bytes, "arn:aws:lambda:us-east-1:0:function:f", 99, trace, context, false);
  }

  /** A runtime that has the event of the id. */
  private Reply running(String id) throws IOException {
    runtime.send(nextRequest());
    heard.next("ready");
    api.deliver(work(id));
    return runtime.receive();
  }

  @Test
  void givesAnEventToARuntimeThatWaits() throws IOException {
    runtime.send(nextRequest());
    heard.next("ready");
    api.deliver(work("id-1", "{\"a\":\"ü\"}", "Root=1-2-3", "{\"client\":{}}"));
    Reply reply = runtime.receive();
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.body()).isEqualTo("{\"a\":\"ü\"}");
    assertThat(reply.header("content-type")).isEqualTo("application/json");
    assertThat(reply.header("lambda-runtime-aws-request-id")).isEqualTo("id-1");
    assertThat(reply.header("lambda-runtime-deadline-ms")).isEqualTo("99");
    assertThat(reply.header("lambda-runtime-invoked-function-arn")).contains(":function:f");
    assertThat(reply.header("lambda-runtime-trace-id")).isEqualTo("Root=1-2-3");
    assertThat(reply.header("lambda-runtime-client-context")).isEqualTo("{\"client\":{}}");
  }

  @Test
  void leavesOutTheHeadersThatAnEventDoesNotHave() throws IOException {
    assertThat(running("id-1").headers())
        .doesNotContainKeys(
            "lambda-runtime-trace-id",
            "lambda-runtime-client-context",
            "lambda-runtime-aws-tenant-id");
  }

  @Test
  void tellsWhoseEventItIs() throws IOException {
    runtime.send(nextRequest());
    heard.next("ready");
    api.deliver(new Work("id-1", new byte[] {'1'}, "arn", 99, null, null, false, "blue/1 @x"));
    assertThat(runtime.receive().header("lambda-runtime-aws-tenant-id")).isEqualTo("blue/1 @x");
  }

  @Test
  void givesAnEventThatWaitsForTheRuntime() throws IOException {
    api.deliver(work("id-1"));
    assertThat(runtime.exchange(nextRequest()).header("lambda-runtime-aws-request-id"))
        .isEqualTo("id-1");
    assertThat(heard.peek()).isNull();
  }

  @Test
  void refusesASecondEvent() throws IOException {
    api.deliver(work("id-1"));
    assertThatThrownBy(() -> api.deliver(work("id-2"))).isInstanceOf(IllegalStateException.class);
    runtime.exchange(nextRequest());
    assertThatThrownBy(() -> api.deliver(work("id-2"))).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void sendsClientContextInCharactersOfAHeader() throws IOException {
    runtime.send(nextRequest());
    heard.next("ready");
    api.deliver(work("id-1", "1", null, "{\"a\":\r\n\t\"é€😀\u007f\",\r\nX-Evil: \"1\"}"));
    Reply reply = runtime.receive();
    assertThat(reply.header("lambda-runtime-client-context"))
        .isEqualTo("{\"a\":   \"\\u00e9\\u20ac\\ud83d\\ude00\\u007f\",  X-Evil: \"1\"}");
    assertThat(reply.headers()).doesNotContainKey("x-evil");
  }

  @Test
  void tellsOfTheResultAndTakesTheNextEvent() throws IOException {
    running("id-1");
    Reply reply = runtime.exchange(post("invocation/id-1/response", "\"done\""));
    assertThat(reply.status()).isEqualTo(202);
    assertThat(heard.next("responded"))
        .isEqualTo(new RecordingListener.Event("responded", "id-1", "", "\"done\""));
    assertThat(running("id-2").header("lambda-runtime-aws-request-id")).isEqualTo("id-2");
  }

  @Test
  void tellsOfTheResultBeforeItTakesAPipelinedRequest() throws IOException {
    running("id-1");
    runtime.send(post("invocation/id-1/response", "1") + nextRequest());
    heard.next("responded");
    heard.next("ready");
    assertThat(runtime.receive().status()).isEqualTo(202);
    api.deliver(work("id-2"));
    assertThat(runtime.receive().header("lambda-runtime-aws-request-id")).isEqualTo("id-2");
  }

  @Test
  void wakesARuntimeThatSaysSoOnlyForTheNextEvent() throws IOException {
    running("id-1");
    runtime.send(post("invocation/id-1/response?next", "1") + nextRequest());
    heard.next("responded");
    heard.next("ready");
    assertThat(runtime.hasReply()).isFalse();
    api.deliver(work("id-2"));
    assertThat(runtime.receive().status()).isEqualTo(202);
    assertThat(runtime.receive().header("lambda-runtime-aws-request-id")).isEqualTo("id-2");
    runtime.send(post("invocation/id-2/error?next", "{}") + nextRequest());
    heard.next("failed");
    heard.next("ready");
    api.deliver(work("id-3"));
    assertThat(runtime.receive().status()).isEqualTo(202);
    assertThat(runtime.receive().header("lambda-runtime-aws-request-id")).isEqualTo("id-3");
  }

  @Test
  void answersARuntimeAtOnceThatSaysSoAndDoesNotAsk() throws IOException {
    running("id-1");
    assertThat(runtime.exchange(post("invocation/id-1/response?next", "1")).status())
        .isEqualTo(202);
    runtime.send(post("invocation/id-1/response?next", "1") + nextRequest());
    assertThat(runtime.receive().status()).isEqualTo(400);
  }

  @Test
  void tellsInOrderWhatWasSentAheadOfItsTime() throws IOException {
    runtime.send(nextRequest() + post("invocation/id-1/response", "1") + nextRequest());
    heard.next("ready");
    api.deliver(work("id-1"));
    heard.next("responded");
    heard.next("ready");
    assertThat(runtime.receive().status()).isEqualTo(200);
    assertThat(runtime.receive().status()).isEqualTo(202);
  }

  @Test
  void tellsOfAnErrorAndItsType() throws IOException {
    running("id-1");
    String type = "Lambda-Runtime-Function-Error-Type: My.Error";
    assertThat(runtime.exchange(post("invocation/id-1/error", "{}", type)).status()).isEqualTo(202);
    assertThat(heard.next())
        .isEqualTo(new RecordingListener.Event("failed", "id-1", "My.Error", "{}"));
  }

  @Test
  void callsAnErrorWithoutATypeUnhandled() throws IOException {
    running("id-1");
    runtime.exchange(post("invocation/id-1/error", ""));
    assertThat(heard.next("failed").type()).isEqualTo("Unhandled");
  }

  @Test
  void tellsOfAFailedInitialization() throws IOException {
    String type = "Lambda-Runtime-Function-Error-Type: Runtime.Bad";
    assertThat(runtime.exchange(post("init/error", "{\"x\":1}", type)).status()).isEqualTo(202);
    assertThat(heard.next())
        .isEqualTo(new RecordingListener.Event("initFailed", "", "Runtime.Bad", "{\"x\":1}"));
  }

  @Test
  void refusesAFailedInitializationAfterTheFact() throws IOException {
    running("id-1");
    assertThat(runtime.exchange(post("init/error", "{}")).status()).isEqualTo(403);
    assertThat(heard.peek()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "invocation/other/response",
        "invocation/other/error",
        "invocation//response",
        "invocation/response",
        "invocation/id-1/id-1/error"
      })
  void refusesAnswersToWhatIsNotRunning(String path) throws IOException {
    running("id-1");
    assertThat(runtime.exchange(post(path, "1")).status()).isEqualTo(400);
    assertThat(heard.peek()).isNull();
    assertThat(runtime.exchange(post("invocation/id-1/response", "1")).status()).isEqualTo(202);
  }

  @Test
  void refusesToBeAnsweredTwice() throws IOException {
    running("id-1");
    runtime.exchange(post("invocation/id-1/response", "1"));
    heard.next("responded");
    assertThat(runtime.exchange(post("invocation/id-1/response", "2")).status()).isEqualTo(400);
    assertThat(runtime.exchange(post("invocation/id-1/error", "2")).status()).isEqualTo(400);
    assertThat(heard.peek()).isNull();
  }

  @Test
  void refusesAnAnswerBeforeTheEventWasTaken() throws IOException {
    api.deliver(work("id-1"));
    assertThat(runtime.exchange(post("invocation/id-1/response", "1")).status()).isEqualTo(400);
    assertThat(runtime.exchange(nextRequest()).status()).isEqualTo(200);
  }

  @Test
  void refusesTheNextEventWhileOneIsRunning() throws IOException {
    running("id-1");
    Reply reply = runtime.exchange(nextRequest());
    assertThat(reply.status()).isEqualTo(403);
    assertThat(reply.body()).contains("InvalidStateTransition");
    assertThat(heard.peek()).isNull();
  }

  @Test
  void refusesASecondOneThatWaits() throws IOException {
    runtime.send(nextRequest());
    heard.next("ready");
    try (RawConnection second = connect()) {
      assertThat(second.exchange(nextRequest()).status()).isEqualTo(403);
    }
    api.deliver(work("id-1"));
    assertThat(runtime.receive().status()).isEqualTo(200);
  }

  @Test
  void losesNoEventWithTheConnectionThatWaited() throws IOException {
    runtime.send(nextRequest());
    heard.next("ready");
    runtime.close();
    try (RawConnection again = connect()) {
      long deadline = System.nanoTime() + 10_000_000_000L;
      again.send(nextRequest());
      while (heard.peek() == null && System.nanoTime() < deadline) {
        if (again.hasReply()) {
          // Refused, for the server has not seen the end of the first connection yet.
          assertThat(again.receive().status()).isEqualTo(403);
          again.send(nextRequest());
        }
        Thread.onSpinWait();
      }
      heard.next("ready");
      api.deliver(work("id-1"));
      assertThat(again.receive().status()).isEqualTo(200);
    }
  }

  @Test
  void keepsAnEventThatWasOnItsWayIntoALostConnection() {
    LostResponder lost = new LostResponder();
    LostResponder second = new LostResponder();
    api.handle(next(), lost);
    api.deliver(work("id-1"));
    lost.disconnect();
    api.handle(next(), second);
    assertThat(lost.sent).isEqualTo(200);
    assertThat(second.sent).isEqualTo(200);
  }

  @Test
  void keepsAnEventWhoseTakerWentAwayAtOnce() {
    LostResponder lost = new LostResponder();
    lost.disconnect();
    api.deliver(work("id-1"));
    api.handle(next(), lost);
    LostResponder second = new LostResponder();
    api.handle(next(), second);
    assertThat(second.sent).isEqualTo(200);
  }

  @Test
  void doesNotRepeatAnEventThatWasAnswered() {
    LostResponder first = new LostResponder();
    api.handle(next(), first);
    api.deliver(work("id-1"));
    LostResponder answer = new LostResponder();
    api.handle(request("POST", "invocation/id-1/response"), answer);
    first.disconnect();
    LostResponder second = new LostResponder();
    api.handle(next(), second);
    assertThat(answer.sent).isEqualTo(202);
    assertThat(second.sent).isZero();
  }

  private Generation generation() {
    Sandbox sandbox =
        new FakeSandboxes()
            .create(
                new SandboxSpec(
                    "g", new Limits(128L << 20, 0, 16), 1 << 20, "g", Optional.empty()));
    return new Generation(
        heard,
        VariablesTest.spec(TARGET, Map.of(), Path.of("/code")),
        sandbox,
        new Services(
            Ticker.system(),
            Ids.seeded(1),
            (where, fault) -> faults.add(fault),
            new ByteBudget(1)));
  }

  @Test
  void isReadyAgainAfterAnEventThatLostItsConnection() {
    Generation generation = generation();
    LostResponder lost = new LostResponder();
    generation.api().handle(next(), lost);
    heard.next("ready");
    generation.deliver(work("id-1"));
    lost.disconnect();
    generation.api().handle(next(), new LostResponder());
    assertThat(heard.peek()).isNull();
    generation.api().handle(request("POST", "invocation/id-1/response"), new LostResponder());
    heard.next("responded");
    generation.api().handle(next(), new LostResponder());
    heard.next("ready");
  }

  @Test
  void isReadyAgainAfterAnEventThatCameWhileItSaidSo() {
    Generation generation = generation();
    LostResponder lost = new LostResponder();
    generation.api().handle(next(), lost);
    heard.next("ready");
    lost.disconnect();
    LostResponder second = new LostResponder();
    second.meanwhile = () -> generation.deliver(work("id-1"));
    generation.api().handle(next(), second);
    assertThat(second.sent).isEqualTo(200);
    assertThat(heard.peek()).isNull();
    generation.api().handle(request("POST", "invocation/id-1/response"), new LostResponder());
    heard.next("responded");
    generation.api().handle(next(), new LostResponder());
    heard.next("ready");
  }

  private static HttpRequest next() {
    return request("GET", "invocation/next");
  }

  private static HttpRequest request(String method, String path) {
    return new HttpRequest(
        method,
        "/2018-06-01/runtime/" + path,
        Headers.empty(),
        new byte[0],
        new InetSocketAddress(0));
  }

  /** A way back whose connection ends before an answer gets out. */
  private static final class LostResponder implements Responder {
    private int sent;
    private boolean open = true;
    private @Nullable Runnable abort;

    /** Happens after the API took the request and before it says so. */
    private Runnable meanwhile = () -> {};

    @Override
    public void send(int status, Headers headers, byte[] body) {
      sent = status;
    }

    @Override
    public BodySink begin(int status, Headers headers) {
      throw new AssertionError("the Runtime API answers in one piece");
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void onAbort(Runnable action) {
      if (open) {
        abort = action;
      } else {
        action.run();
      }
      meanwhile.run();
    }

    void disconnect() {
      open = false;
      if (abort != null) {
        abort.run();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PUT", "DELETE", "HEAD"})
  void refusesOtherMethods(String method) throws IOException {
    String path = "/2018-06-01/runtime/invocation/id-1/response";
    runtime.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    if (!method.equals("HEAD")) {
      assertThat(runtime.receive().status()).isEqualTo(404);
    }
    assertThat(heard.peek()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/2018-06-01/runtime/", "/2018-06-01/runtime/invocation/next/"})
  void refusesUnknownPaths(String path) throws IOException {
    assertThat(runtime.exchange("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").status())
        .isEqualTo(404);
  }

  /** AWS has them only where an environment was started from a snapshot. */
  @Test
  void knowsOfNoSnapshots() throws IOException {
    String next = "/2018-06-01/runtime/restore/next";
    assertThat(runtime.exchange("GET " + next + " HTTP/1.1\r\nHost: x\r\n\r\n").status())
        .isEqualTo(404);
    assertThat(runtime.exchange(post("restore/error", "{}")).status()).isEqualTo(404);
    assertThat(heard.peek()).isNull();
    assertThat(running("id-1").status()).isEqualTo(200);
  }

  @Test
  void refusesGarbageAndGoesOnWithOthers() throws IOException {
    assertThat(runtime.exchange("\u0000\u0001 what?\r\n\r\n").status()).isEqualTo(400);
    assertThat(runtime.isClosedByServer()).isTrue();
    api.deliver(work("id-1"));
    try (RawConnection other = connect()) {
      assertThat(other.exchange(nextRequest()).status()).isEqualTo(200);
    }
  }

  @Test
  void takesTheLargestResponse() throws IOException {
    running("id-1");
    String largest = "x".repeat(RuntimeApi.MAX_RESPONSE_BYTES);
    assertThat(runtime.exchange(post("invocation/id-1/response", largest)).status()).isEqualTo(202);
    assertThat(heard.next("responded").body()).hasSize(RuntimeApi.MAX_RESPONSE_BYTES);
  }

  @Test
  void refusesALargerResponseAndKeepsTheConnection() throws IOException {
    running("id-1");
    String larger = "x".repeat(RuntimeApi.MAX_RESPONSE_BYTES + 1);
    assertThat(runtime.exchange(post("invocation/id-1/response", larger)).status()).isEqualTo(413);
    RecordingListener.Event event = heard.next("failed");
    assertThat(event.type()).isEqualTo("Function.ResponseSizeTooLarge");
    assertThat(event.body())
        .isEqualTo(
            "{\"errorType\":\"Function.ResponseSizeTooLarge\",\"errorMessage\":\"Response payload size"
                + " (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).\"}");
    assertThat(running("id-2").status()).isEqualTo(200);
  }

  @Test
  void failsTheInvocationWhoseResponseTheServerCannotEvenHold() throws IOException {
    running("id-1");
    // Only announced: the refusal comes before the body.
    runtime.send(
        "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: x\r\n"
            + "Content-Length: 100000000\r\n\r\n");
    assertThat(runtime.receive().status()).isEqualTo(413);
    assertThat(heard.next("failed").type()).isEqualTo("Function.ResponseSizeTooLarge");
    try (RawConnection again = connect()) {
      again.send(nextRequest());
      heard.next("ready");
    }
  }

  @Test
  void failsNoInvocationByAnythingElseThatIsTooLarge() throws IOException {
    running("id-1");
    try (RawConnection other = connect()) {
      other.send(
          "POST /2020-01-01/extension/register HTTP/1.1\r\nHost: x\r\n"
              + "Content-Length: 100000000\r\n\r\n");
      assertThat(other.receive().status()).isEqualTo(413);
    }
    assertThat(heard.peek()).isNull();
    assertThat(runtime.exchange(post("invocation/id-1/response", "1")).status()).isEqualTo(202);
  }
}
