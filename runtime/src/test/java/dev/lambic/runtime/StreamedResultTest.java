package dev.lambic.runtime;

import static dev.lambic.runtime.RawConnection.nextRequest;
import static dev.lambic.runtime.RawConnection.post;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpServer;
import dev.lambic.runtime.RawConnection.Reply;
import dev.lambic.runtime.RecordingListener.Event;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Results that runtimes stream, as they should and as they should not. */
final class StreamedResultTest {
  private static final HttpConfig LIMITS =
      new HttpConfig(RuntimeApi.MAX_RESPONSE_BYTES + 4096, 16 << 20, 64 << 10, 64, Duration.ZERO);
  private static final String ERROR = "{\"errorType\":\"Late\",\"errorMessage\":\"no ü\"}";
  private static final String TRAILERS =
      "Lambda-Runtime-Function-Error-Type: Late\r\nLambda-Runtime-Function-Error-Body: "
          + Base64.getEncoder().encodeToString(ERROR.getBytes(StandardCharsets.UTF_8))
          + "\r\n";

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
    runtime = new RawConnection(listener.address());
  }

  @AfterEach
  void stop() throws IOException {
    runtime.close();
    listener.close();
    server.close();
    assertThat(faults).isEmpty();
  }

  private static String head(String id) {
    return "POST /2018-06-01/runtime/invocation/"
        + id
        + "/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: text/x\r\n"
        + "Lambda-Runtime-Function-Response-Mode: streaming\r\nTrailer: "
        + "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n";
  }

  private static String chunk(String text) {
    return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
  }

  private static String last(String trailers) {
    return "0\r\n" + trailers + "\r\n";
  }

  private void running(String id, boolean streamed) throws IOException {
    runtime.send(nextRequest());
    heard.next("ready");
    byte[] payload = "1".getBytes(StandardCharsets.UTF_8);
    api.deliver(new Work(id, payload, "arn", 99, null, null, streamed));
    assertThat(runtime.receive().status()).isEqualTo(200);
  }

  private Event piece(String text) {
    return new Event("streamed", "id-1", "", text);
  }

  @Test
  void tellsOfEachPieceBeforeTheNextIsWritten() throws IOException {
    running("id-1", true);
    runtime.send(head("id-1"));
    assertThat(heard.next()).isEqualTo(new Event("streaming", "id-1", "text/x", ""));
    for (String text : new String[] {"one", "two", "three"}) {
      runtime.send(chunk(text));
      assertThat(heard.next()).isEqualTo(piece(text));
    }
    runtime.send(last(""));
    assertThat(heard.next()).isEqualTo(new Event("streamEnded", "id-1", "", ""));
    assertThat(runtime.receive().status()).isEqualTo(202);
    running("id-2", true);
  }

  @Test
  void tellsOfAnErrorAmidTheStream() throws IOException {
    running("id-1", true);
    runtime.send(head("id-1") + chunk("one") + last(TRAILERS));
    heard.next("streaming");
    assertThat(heard.next()).isEqualTo(piece("one"));
    assertThat(heard.next()).isEqualTo(new Event("failed", "id-1", "Late", ERROR));
    assertThat(runtime.receive().status()).isEqualTo(202);
  }

  @Test
  void collectsTheStreamForACallerWhoWantsItWhole() throws IOException {
    running("id-1", false);
    runtime.send(head("id-1") + chunk("one") + chunk("two") + last(""));
    assertThat(heard.next()).isEqualTo(new Event("responded", "id-1", "", "onetwo"));
    assertThat(runtime.receive().status()).isEqualTo(202);
    running("id-2", false);
    runtime.send(head("id-2") + chunk("one") + last(TRAILERS));
    assertThat(heard.next()).isEqualTo(new Event("failed", "id-2", "Late", ERROR));
  }

  @Test
  void refusesMoreThanACallerWhoWantsItWholeMayGet() throws IOException {
    running("id-1", false);
    String megabyte = chunk("x".repeat(1 << 20));
    runtime.send(head("id-1") + megabyte.repeat(7));
    Event failed = heard.next("failed");
    assertThat(failed.type()).isEqualTo("Function.ResponseSizeTooLarge");
    assertThat(failed.body())
        .contains("size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).");
    assertThat(runtime.receive().status()).isEqualTo(413);
    RawConnection again = new RawConnection(listener.address());
    again.send(nextRequest());
    heard.next("ready");
    again.close();
  }

  @Test
  void streamsTwoHundredMebibytesAndNoMore() throws IOException {
    heard.forgetPieces = true;
    running("id-1", true);
    byte[] megabyte = chunk("x".repeat(1 << 20)).getBytes(StandardCharsets.US_ASCII);
    runtime.send(head("id-1"));
    heard.next("streaming");
    for (int i = 0; i < 200; i++) {
      runtime.send(megabyte);
    }
    runtime.send(chunk("y"));
    assertThat(heard.next("failed").body()).contains("(209715201 bytes)", "(209715200 bytes)");
    assertThat(heard.streamedBytes).hasValue(200 << 20);
    assertThat(runtime.receive().status()).isEqualTo(413);
  }

  @Test
  void readsNoFurtherThanTheListenerWants() throws Exception {
    heard.forgetPieces = true;
    heard.pauseStreams = true;
    running("id-1", true);
    runtime.send(head("id-1"));
    heard.next("streaming");
    Thread writer = Thread.ofVirtual().start(() -> sendMegabytes(30));
    while (heard.pausedPieces.get() == 0) {
      Thread.onSpinWait();
    }
    assertThat(heard.streamedBytes.get()).isLessThan(1 << 20);
    heard.pauseStreams = false;
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (heard.peek() == null) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      heard.flows.element().resume();
      Thread.onSpinWait();
    }
    heard.next("streamEnded");
    assertThat(heard.streamedBytes).hasValue(30 << 20);
    assertThat(writer.join(Duration.ofSeconds(30))).isTrue();
  }

  private void sendMegabytes(int count) {
    byte[] megabyte = chunk("x".repeat(1 << 20)).getBytes(StandardCharsets.US_ASCII);
    try {
      for (int i = 0; i < count; i++) {
        runtime.send(megabyte);
      }
      runtime.send(last(""));
    } catch (IOException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void refusesAnythingElseForTheInvocationMeanwhile() throws IOException {
    running("id-1", true);
    runtime.send(head("id-1") + chunk("one"));
    heard.next("streaming");
    heard.next("streamed");
    try (RawConnection other = new RawConnection(listener.address())) {
      assertThat(other.exchange(post("invocation/id-1/error", "{}")).status()).isEqualTo(400);
      assertThat(other.exchange(post("invocation/id-1/response", "{}")).status()).isEqualTo(400);
      assertThat(other.exchange(head("id-1") + last("")).status()).isEqualTo(400);
    }
    runtime.send(last(""));
    heard.next("streamEnded");
  }

  @Test
  void refusesAStreamForWhatIsNotRunning() throws IOException {
    running("id-1", true);
    assertThat(runtime.exchange(head("other") + chunk("one")).status()).isEqualTo(400);
    assertThat(runtime.isClosedByServer()).isTrue();
    assertThat(heard.peek()).isNull();
  }

  @Test
  void aRequestForTheNextEventWaitsForTheStreamOnAnotherConnection() throws IOException {
    running("id-1", true);
    runtime.send(head("id-1") + chunk("one"));
    heard.next("streaming");
    heard.next("streamed");
    try (RawConnection other = new RawConnection(listener.address())) {
      other.send(nextRequest());
      other.send("");
      runtime.send(last(""));
      heard.next("streamEnded");
      heard.next("ready");
      api.deliver(new Work("id-2", new byte[] {'1'}, "arn", 99, null, null, true));
      assertThat(other.receive().status()).isEqualTo(200);
    }
  }

  @Test
  void aStreamThatBreaksOffIsTruncatedOnceTheRuntimeGoesOn() throws IOException {
    running("id-1", true);
    runtime.send(head("id-1") + chunk("one"));
    heard.next("streaming");
    heard.next("streamed");
    runtime.close();
    try (RawConnection other = new RawConnection(listener.address())) {
      other.send(nextRequest());
      Event failed = heard.next("failed");
      assertThat(failed.type()).isEqualTo("Runtime.TruncatedResponse");
      assertThat(failed.body()).contains("RequestId: id-1 Error: HTTP request detected as");
      heard.next("ready");
    }
  }

  @Test
  void anErrorAfterAStreamThatBrokeOffCounts() throws IOException {
    running("id-1", false);
    Reply reply = runtime.exchange(head("id-1") + chunk("one") + "zz\r\n");
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body()).contains("TruncatedHTTPRequest");
    try (RawConnection other = new RawConnection(listener.address())) {
      other.exchange(post("invocation/id-1/error", "{}", "Lambda-Runtime-Function-Error-Type: E"));
      assertThat(heard.next()).isEqualTo(new Event("failed", "id-1", "E", "{}"));
      other.send(nextRequest());
      heard.next("ready");
    }
  }

  @Test
  void refusesAnUnknownMode() throws IOException {
    running("id-1", true);
    String mode = "Lambda-Runtime-Function-Response-Mode: other";
    Reply reply = runtime.exchange(post("invocation/id-1/response", "1", mode));
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body()).contains("InvalidFunctionResponseMode");
    assertThat(heard.next("failed").type()).isEqualTo("Runtime.InvalidResponseModeHeader");
  }
}
