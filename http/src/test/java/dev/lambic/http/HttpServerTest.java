package dev.lambic.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Drives the server with raw bytes, as a client that knows no mercy would. */
final class HttpServerTest {
  private static final HttpConfig SMALL =
      new HttpConfig(1000, 200_000, 4096, 4, Duration.ofMillis(400));

  private static final HttpConfig LARGE =
      new HttpConfig(80 << 20, 200 << 20, 4096, 4, Duration.ofSeconds(10));

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private HttpServer server;
  private HttpServer.Listener listener;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.start(2, (where, fault) -> faults.add(fault));
    listener = server.listen(loopback(), SMALL, HttpServerTest::echo);
  }

  @AfterEach
  void stop() {
    listener.close();
    server.close();
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static void echo(HttpRequest request, Responder responder) {
    switch (request.rawPath()) {
      case "/throw" -> throw new IllegalStateException("on purpose");
      case "/hold" -> assertThat(responder.isOpen()).isTrue();
      case "/later" -> Thread.ofVirtual().start(() -> answer(request, responder));
      case "/split" -> responder.send(200, Headers.of("X", "a\r\nb"), new byte[0]);
      case "/split-later" ->
          Thread.ofVirtual()
              .start(() -> responder.send(200, Headers.of("X", "a\r\nb"), new byte[0]));
      case "/stream" -> Thread.ofVirtual().start(() -> stream(responder));
      default -> answer(request, responder);
    }
  }

  private static void answer(HttpRequest request, Responder responder) {
    String text = request.method() + " " + request.target() + " " + request.body().length;
    responder.send(200, Headers.of("X-Echo", "yes"), text.getBytes(StandardCharsets.UTF_8));
  }

  private static void stream(Responder responder) {
    BodySink sink = responder.begin(200, Headers.empty());
    try {
      for (int i = 0; i < 100; i++) {
        sink.write(new byte[10_000]);
      }
      sink.end(Headers.of("X-Trailer", "end"));
    } catch (IOException e) {
      sink.abort();
    }
  }

  /** Sends the bytes and returns everything that comes back until the server closes. */
  private String exchange(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return readAll(socket.getInputStream());
    }
  }

  private String exchangeWith(HttpConfig config, String request) throws IOException {
    HttpServer.Listener other = server.listen(loopback(), config, HttpServerTest::echo);
    try (Socket socket = new Socket()) {
      socket.connect(other.address());
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return readAll(socket.getInputStream());
    } finally {
      other.close();
    }
  }

  /** Sends the bytes, ends the sending side, and returns everything that comes back. */
  private String truncated(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      return readAll(socket.getInputStream());
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.connect(listener.address());
    socket.setSoTimeout(5000);
    return socket;
  }

  private static String readAll(InputStream in) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    in.transferTo(all);
    return all.toString(StandardCharsets.ISO_8859_1);
  }

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }

  private static String closing(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  }

  @Test
  void answersAndKeepsTheTargetRaw() throws IOException {
    assertThat(exchange(closing("/a%2Fb?c=%20"))).contains("200 OK", "GET /a%2Fb?c=%20 0");
  }

  @Test
  void answersPipelinedRequestsInTheirOrder() throws IOException {
    String all = exchange(get("/later?1") + get("/2") + get("/later?3") + closing("/4"));
    assertThat(
            List.of(
                all.indexOf("/later?1"),
                all.indexOf("/2 "),
                all.indexOf("/later?3"),
                all.indexOf("/4")))
        .isSorted()
        .doesNotContain(-1);
  }

  @Test
  void answersMorePipelinedRequestsThanMayWait() throws IOException {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      many.append(get("/later?n" + i + "n"));
    }
    String all = exchange(many + closing("/last"));
    assertThat(all).contains("/later?n199n", "/last");
  }

  @Test
  void whoAsksWithoutReadingIsNotServedOn() throws Exception {
    AtomicInteger served = new AtomicInteger();
    HttpServer.Listener other =
        server.listen(
            loopback(),
            SMALL,
            (request, responder) -> {
              served.incrementAndGet();
              responder.send(200, Headers.empty(), new byte[10_000]);
            });
    byte[] many = get("/").repeat(2000).getBytes(StandardCharsets.US_ASCII);
    try (Socket greedy = new Socket()) {
      greedy.connect(other.address());
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  for (int i = 0; i < 50; i++) {
                    greedy.getOutputStream().write(many);
                  }
                } catch (IOException closed) {
                  assertThat(served.get()).isPositive();
                }
              });
      int last = -1;
      for (int same = 0; same < 100; same = last == served.get() ? same + 1 : 0) {
        last = served.get();
        assertThat(exchange(closing("/still-there"))).startsWith("HTTP/1.1 200");
      }
      other.close();
      assertThat(writer.join(Duration.ofSeconds(5))).isTrue();
      // What the two ends of the connection hold in their buffers, and not all 100,000.
      assertThat(last).isBetween(1, 5000);
    }
  }

  @Test
  void takesChunkedBodies() throws IOException {
    String all =
        exchange(
            "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assertThat(all).contains("POST /c 5");
  }

  @Test
  void asksForABodyThatWaitsToBeAskedFor() throws IOException {
    try (Socket socket = connect()) {
      socket
          .getOutputStream()
          .write(
              "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      byte[] line = socket.getInputStream().readNBytes(25);
      assertThat(new String(line, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 100 Continue");
      socket.getOutputStream().write("ab".getBytes(StandardCharsets.US_ASCII));
      assertThat(readAll(socket.getInputStream())).contains("POST /c 2");
    }
  }

  @Test
  void refusesWhatIsNotHttp() throws IOException {
    assertThat(exchange("\u0016\u0003\u0001 not http\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(exchange("GET / HTTP/1.1\r\nHo st\u0000: x\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(exchange(get("/" + "a".repeat(9000)))).startsWith("HTTP/1.1 400");
    assertThat(exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"))
        .startsWith("HTTP/1.1 400");
    assertThat(exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"))
        .startsWith("HTTP/1.1 400");
    assertThat(faults).isEmpty();
  }

  @Test
  void aTargetThatIsNoPathReachesNoHandler() throws IOException {
    for (String target :
        new String[] {"@127.0.0.1:1/a", "a", "*", "?a", "http://x/a", "127.0.0.1:1", "%2fa"}) {
      assertThat(exchange("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"))
          .as(target)
          .startsWith("HTTP/1.1 400")
          .contains("The request target is not a path.");
      assertThat(
              exchange(
                  "POST "
                      + target
                      + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                      + closing("/next")))
          .as(target)
          .startsWith("HTTP/1.1 400")
          .doesNotContain("/next");
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void refusesBodiesOverTheLimit() throws IOException {
    assertThat(exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"))
        .startsWith("HTTP/1.1 413");
    assertThat(
            exchange(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"
                    + "x".repeat(1001)
                    + "\r\n0\r\n\r\n"))
        .startsWith("HTTP/1.1 413");
  }

  @Test
  void refusesBodiesOverTheBudgetAndGivesItBack() throws IOException {
    listener.close();
    HttpConfig tight = new HttpConfig(1000, 3000, 4096, 4, Duration.ofMillis(400));
    listener = server.listen(loopback(), tight, HttpServerTest::echo);
    String upload = " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + "x".repeat(1000);
    try (Socket one = connect();
        Socket two = connect()) {
      for (Socket socket : List.of(one, two)) {
        socket.getOutputStream().write(("POST /hold" + upload).getBytes(StandardCharsets.US_ASCII));
      }
      awaitRefusal("POST /" + upload);
    }
    awaitSuccess("POST /" + upload);
  }

  @Test
  void answersManyWaitingRequestsWithoutGoingDeeperForEach() throws IOException {
    // A large body makes the server read in large pieces, so that all the rest comes in one.
    String body = "x".repeat(4 << 20);
    String large =
        "POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    String all =
        exchangeWith(LARGE, large + get("/later?1") + get("/2").repeat(3000) + closing("/z"));
    assertThat(all).contains("/later?1", "GET /z 0");
    assertThat(faults).isEmpty();
  }

  @Test
  void takesALargeChunkedBodyWithoutCopyingItForEachPiece() throws IOException {
    String piece = "2000\r\n" + "x".repeat(0x2000) + "\r\n";
    String request =
        "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + piece.repeat(10_000)
            + "0\r\n\r\n";
    long before = allocatedBytes();
    assertThat(exchangeWith(LARGE, request)).contains("POST /c 81920000");
    assertThat(allocatedBytes() - before).isLessThan(2L << 30);
  }

  /** What all threads together have ever allocated. */
  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getTotalThreadAllocatedBytes();
  }

  @Test
  void aClientThatIsStillSendingLearnsWhyItIsRefused() throws IOException {
    String all =
        exchange(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n"
                + "x".repeat(20_000_000));
    assertThat(all).startsWith("HTTP/1.1 413");
  }

  @Test
  void anAnswerThatCannotBeWrittenEndsTheConnection() throws IOException {
    assertThat(exchange(get("/split"))).isEmpty();
    assertThat(exchange(get("/split-later"))).isEmpty();
    assertThat(faults).hasSize(2);
  }

  @Test
  void aClientThatDoesNotReadHoldsNobodyForEver() throws Exception {
    CountDownLatch given = new CountDownLatch(1);
    HttpServer.Listener other =
        server.listen(
            loopback(),
            SMALL,
            (request, responder) ->
                Thread.ofVirtual().start(() -> streamForEver(responder, given)));
    try (Socket socket = new Socket()) {
      socket.connect(other.address());
      socket.getOutputStream().write(get("/").getBytes(StandardCharsets.US_ASCII));
      assertThat(given.await(10, TimeUnit.SECONDS)).isTrue();
    }
    other.close();
  }

  private static void streamForEver(Responder responder, CountDownLatch given) {
    BodySink sink = responder.begin(200, Headers.empty());
    try {
      while (true) {
        sink.write(new byte[10_000]);
      }
    } catch (IOException e) {
      given.countDown();
    }
  }

  private void awaitRefusal(String request) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    String last;
    do {
      last = exchange(request);
    } while (!last.startsWith("HTTP/1.1 503") && System.nanoTime() < end);
    assertThat(last).startsWith("HTTP/1.1 503");
  }

  private void awaitSuccess(String request) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    String last;
    do {
      last = exchange(request);
    } while (!last.startsWith("HTTP/1.1 200") && System.nanoTime() < end);
    assertThat(last).startsWith("HTTP/1.1 200");
  }

  @Test
  void aTruncatedRequestIsNeverHandled() throws IOException {
    assertThat(truncated("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")).isEmpty();
    assertThat(truncated("GET / HT")).isEmpty();
    assertThat(faults).isEmpty();
  }

  @Test
  void aThrowingHandlerIsAFaultAndAPlain500() throws IOException {
    assertThat(exchange(closing("/throw"))).startsWith("HTTP/1.1 500");
    assertThat(faults).hasSize(1);
  }

  @Test
  void streamsWithTrailers() throws IOException {
    String all = exchange(closing("/stream"));
    assertThat(all).containsIgnoringCase("transfer-encoding: chunked").contains("X-Trailer: end");
    assertThat(all.length()).isGreaterThan(1_000_000);
  }

  @Test
  void nothingFollowsTheFieldsOfAStreamedAnswerToHead() throws IOException {
    for (String path : List.of("/stream", "/")) {
      String[] parts =
          exchange(get(path).replace("GET", "HEAD").repeat(2) + closing("/after"))
              .split("\r\n\r\n", -1);
      assertThat(parts).hasSize(4);
      assertThat(parts[0]).startsWith("HTTP/1.1 200 OK").doesNotContain("chunked");
      assertThat(parts[1]).isEqualTo(parts[0]);
      assertThat(parts[2]).startsWith("HTTP/1.1 200 OK");
      assertThat(parts[3]).isEqualTo("GET /after 0");
    }
    assertThat(exchange(closing("/stream").replace("GET", "HEAD")))
        .containsIgnoringCase("connection: close")
        .endsWith("\r\n\r\n")
        .doesNotContain("X-Trailer");
    assertThat(faults).isEmpty();
  }

  @Test
  void anAnswerToAClientThatLeftEndsWithAnAbort() throws Exception {
    CountDownLatch aborted = new CountDownLatch(1);
    HttpServer.Listener other =
        server.listen(
            loopback(), SMALL, (request, responder) -> responder.onAbort(aborted::countDown));
    try (Socket socket = new Socket()) {
      socket.connect(other.address());
      socket.getOutputStream().write(get("/").getBytes(StandardCharsets.US_ASCII));
    }
    assertThat(aborted.await(5, TimeUnit.SECONDS)).isTrue();
    other.close();
  }

  @Test
  void closesIdleConnectionsAndThoseOverTheLimit() throws IOException {
    try (Socket idle = connect()) {
      assertThat(idle.getInputStream().read()).isEqualTo(-1);
    }
    try (Socket one = connect();
        Socket two = connect();
        Socket three = connect();
        Socket four = connect();
        Socket five = connect()) {
      List<Socket> all = List.of(one, two, three, four, five);
      for (Socket socket : all) {
        try {
          socket.getOutputStream().write(get("/").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException closedAlready) {
          assertThat(endOf(socket)).isTrue();
        }
      }
      assertThat(all.stream().filter(HttpServerTest::endOf)).hasSize(1);
    }
  }

  private static boolean endOf(Socket socket) {
    try {
      return socket.getInputStream().read() == -1;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void servesAChannelThatSomebodyElseOpened() throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    channel.bind(loopback());
    HttpServer.Listener other = server.listen(channel, SMALL, HttpServerTest::echo);
    try (Socket socket = new Socket()) {
      socket.connect(other.address());
      socket.getOutputStream().write(closing("/own").getBytes(StandardCharsets.US_ASCII));
      assertThat(readAll(socket.getInputStream())).contains("GET /own 0");
    }
    other.close();
  }
}
