package dev.lambic.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bodies that are taken and given in pieces, over real sockets. */
final class BodyPiecesTest {
  private static final HttpConfig LIMITS =
      new HttpConfig(1000, 2000, 4096, 8, Duration.ofSeconds(60));

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final AtomicLong received = new AtomicLong();
  private final AtomicInteger pieces = new AtomicInteger();
  private final LinkedBlockingQueue<BodyFlow> flows = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<Responder> held = new LinkedBlockingQueue<>();
  private HttpServer server;
  private HttpServer.Listener listener;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.start(2, (where, fault) -> faults.add(fault));
    listener = listen(LIMITS);
  }

  @AfterEach
  void stop() {
    listener.close();
    server.close();
  }

  private HttpServer.Listener listen(HttpConfig config) throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return server.listen(any, config, new Handler());
  }

  /** Takes everything below /pieces in pieces and the rest whole. */
  private final class Handler implements HttpHandler {
    @Override
    public void handle(HttpRequest request, Responder responder) {
      if (request.rawPath().equals("/hold")) {
        held.add(responder);
      } else {
        answer(responder, 200, request.target() + " " + request.body().length);
      }
    }

    @Override
    public boolean wantsPieces(HttpRequest head) {
      return head.rawPath().startsWith("/pieces");
    }

    @Override
    public BodyReceiver receive(HttpRequest head, BodyFlow flow, Responder responder) {
      assertThat(head.body()).isEmpty();
      flows.add(flow);
      heard.add("begin " + head.rawQuery());
      return new Taker(head.rawQuery(), flow, responder);
    }
  }

  private static void answer(Responder responder, int status, String text) {
    responder.send(status, Headers.empty(), text.getBytes(StandardCharsets.UTF_8));
  }

  private final class Taker implements BodyReceiver {
    private final String how;
    private final BodyFlow flow;
    private final Responder responder;
    private long length;

    Taker(String how, BodyFlow flow, Responder responder) {
      this.how = how;
      this.flow = flow;
      this.responder = responder;
    }

    @Override
    public void piece(byte[] bytes) {
      length += bytes.length;
      received.addAndGet(bytes.length);
      pieces.incrementAndGet();
      switch (how) {
        case "pause" -> flow.pause();
        case "refuse" -> answer(responder, 413, "enough");
        case "throw" -> throw new IllegalStateException("on purpose");
        default -> heard.add("piece " + new String(bytes, StandardCharsets.UTF_8));
      }
    }

    @Override
    public void end(Headers trailers) {
      heard.add(("end " + trailers).strip());
      answer(responder, 200, how + " " + length);
    }

    @Override
    public void broken(String reason) {
      heard.add("broken");
      answer(responder, 400, reason);
    }
  }

  private String next() throws InterruptedException {
    String event = heard.poll(30, TimeUnit.SECONDS);
    assertThat(event).isNotNull();
    return event == null ? "" : event;
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.connect(listener.address());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String readAll(Socket socket) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    socket.getInputStream().transferTo(all);
    return all.toString(StandardCharsets.ISO_8859_1);
  }

  /** Reads one answer with a Content-Length. */
  private static String readOne(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      assertThat(c).as("after: %s", head).isNotNegative();
      head.append((char) c);
    }
    String lower = head.toString().toLowerCase(Locale.ROOT);
    int at = lower.indexOf("content-length: ");
    int length = at < 0 ? 0 : Integer.parseInt(lower.substring(at + 16).split("\r\n", 2)[0]);
    return head + new String(in.readNBytes(length), StandardCharsets.UTF_8);
  }

  private static String sized(String query, long length) {
    return "POST /pieces?"
        + query
        + " HTTP/1.1\r\nHost: x\r\nContent-Length: "
        + length
        + "\r\n\r\n";
  }

  private static String chunked(String query) {
    return "POST /pieces?" + query + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  }

  private static final String LAST = "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

  @Test
  void givesAPieceBeforeTheBodyIsWholeAndKeepsTheConnection() throws Exception {
    try (Socket socket = connect()) {
      send(socket, sized("a", 6) + "abc");
      assertThat(next()).isEqualTo("begin a");
      assertThat(next()).isEqualTo("piece abc");
      send(socket, "def" + LAST);
      assertThat(next()).isEqualTo("piece def");
      assertThat(next()).isEqualTo("end");
      assertThat(readAll(socket)).contains("200 OK", "a 6", "/last 0");
    }
  }

  @Test
  void givesChunksAndTrailers() throws Exception {
    try (Socket socket = connect()) {
      send(socket, chunked("a") + "3\r\nabc\r\n");
      assertThat(next()).isEqualTo("begin a");
      assertThat(next()).isEqualTo("piece abc");
      send(socket, "2\r\nde\r\n0\r\nX-One: 1\r\nX-Two: 2\r\n\r\n" + LAST);
      assertThat(next()).isEqualTo("piece de");
      assertThat(next()).isEqualTo("end x-one: 1\nx-two: 2");
      assertThat(readAll(socket)).contains("a 5", "/last 0");
    }
  }

  @Test
  void givesAnEmptyBody() throws Exception {
    try (Socket socket = connect()) {
      send(socket, sized("a", 0) + chunked("b") + "0\r\n\r\n" + LAST);
      assertThat(next()).isEqualTo("begin a");
      assertThat(next()).isEqualTo("end");
      assertThat(next()).isEqualTo("begin b");
      assertThat(next()).isEqualTo("end");
      assertThat(readAll(socket)).contains("a 0", "b 0", "/last 0");
    }
  }

  @Test
  void beginsOnlyWhenEarlierRequestsAreAnswered() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n" + chunked("a") + "3\r\nabc\r\n");
      Responder first = held.poll(30, TimeUnit.SECONDS);
      assertThat(first).isNotNull();
      assertThat(heard).isEmpty();
      if (first != null) {
        answer(first, 200, "first");
      }
      assertThat(next()).isEqualTo("begin a");
      assertThat(next()).isEqualTo("piece abc");
      send(socket, "0\r\n\r\n" + LAST);
      String all = readAll(socket);
      assertThat(all.indexOf("first")).isPositive().isLessThan(all.indexOf("a 3"));
    }
  }

  @Test
  void takesALongBodyWholeWithinTheListenersLimits() throws Exception {
    byte[] megabyte = new byte[1 << 20];
    try (Socket socket = connect()) {
      send(socket, sized("refuse-nothing", 30L << 20));
      Thread eater = Thread.ofVirtual().start(this::forgetPieces);
      for (int i = 0; i < 30; i++) {
        socket.getOutputStream().write(megabyte);
      }
      assertThat(readOne(socket.getInputStream())).contains("refuse-nothing " + (30 << 20));
      eater.interrupt();
    }
  }

  private void forgetPieces() {
    try {
      while (true) {
        heard.take();
      }
    } catch (InterruptedException done) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whoeverIsNotReadFromCannotGoOnSending() throws Exception {
    byte[] part = new byte[1 << 20];
    AtomicInteger sent = new AtomicInteger();
    try (Socket socket = connect()) {
      send(socket, sized("pause", 100L << 20));
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  for (int i = 0; i < 100; i++) {
                    socket.getOutputStream().write(part);
                    sent.incrementAndGet();
                  }
                } catch (IOException e) {
                  sent.set(-1);
                }
              });
      assertThat(next()).isEqualTo("begin pause");
      int last = -1;
      for (int same = 0; same < 100; same = last == sent.get() ? same + 1 : 0) {
        last = sent.get();
        assertStillServing();
      }
      // What the buffers of both ends hold.
      assertThat(last).isBetween(0, 50);
      assertThat(pieces).hasValue(1);
      BodyFlow flow = flows.take();
      long before = received.get();
      resumeUntilTheEnd(flow);
      assertThat(before).isLessThan(1 << 20);
      assertThat(received).hasValue(100L << 20);
      assertThat(writer.join(Duration.ofSeconds(30))).isTrue();
      assertThat(readOne(socket.getInputStream())).contains("pause " + (100 << 20));
    }
  }

  private void assertStillServing() throws IOException {
    try (Socket other = connect()) {
      send(other, LAST);
      assertThat(readAll(other)).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void tellsOfAClientThatLeaves() throws Exception {
    try (Socket socket = connect()) {
      send(socket, chunked("a") + "3\r\nabc\r\n");
      assertThat(next()).isEqualTo("begin a");
      assertThat(next()).isEqualTo("piece abc");
    }
    assertThat(next()).isEqualTo("broken");
    assertThat(faults).isEmpty();
  }

  @Test
  void givesAllThatCameBeforeAClientLeft() throws Exception {
    try (Socket socket = connect()) {
      send(socket, sized("pause", 9) + "abc");
      assertThat(next()).isEqualTo("begin pause");
      while (pieces.get() == 0) {
        Thread.onSpinWait();
      }
      send(socket, "defghi");
    }
    resumeUntilTheEnd(flows.take());
    assertThat(received).hasValue(9);
  }

  /** Lets the pieces come one by one until all are there. */
  private void resumeUntilTheEnd(BodyFlow flow) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (heard.isEmpty()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      flow.resume();
      Thread.onSpinWait();
    }
    assertThat(next()).isEqualTo("end");
  }

  @Test
  void tellsOfABodyThatIsNotHttp() throws Exception {
    try (Socket socket = connect()) {
      send(socket, chunked("a") + "3\r\nabc\r\nzz\r\n");
      assertThat(next()).isEqualTo("begin a");
      assertThat(next()).isEqualTo("piece abc");
      assertThat(next()).isEqualTo("broken");
      assertThat(readAll(socket)).startsWith("HTTP/1.1 400");
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void anEarlyAnswerReachesAClientThatIsStillSending() throws Exception {
    try (Socket socket = connect()) {
      send(socket, sized("refuse", 20_000_000) + "x".repeat(20_000_000));
      assertThat(readAll(socket)).startsWith("HTTP/1.1 413").contains("enough");
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void aThrowingReceiverIsAFaultAndAPlain500() throws Exception {
    try (Socket socket = connect()) {
      send(socket, sized("throw", 10) + "abc");
      assertThat(readAll(socket)).startsWith("HTTP/1.1 500");
    }
    assertThat(faults).hasSize(1);
  }

  @Test
  void asksForABodyThatWaitsToBeAskedFor() throws Exception {
    try (Socket socket = connect()) {
      send(
          socket,
          "POST /pieces?a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
              + "Expect: 100-continue\r\n\r\n");
      assertThat(readOne(socket.getInputStream())).startsWith("HTTP/1.1 100");
      send(socket, "ab");
      assertThat(readOne(socket.getInputStream())).contains("a 2");
    }
  }

  @Test
  void aClientThatStallsHalfWayIsCutOff() throws Exception {
    HttpServer.Listener impatient =
        listen(new HttpConfig(1000, 2000, 4096, 4, Duration.ofMillis(300)));
    try (Socket socket = new Socket()) {
      socket.connect(impatient.address());
      socket.setSoTimeout(30_000);
      send(socket, sized("a", 6) + "abc");
      assertThat(next()).isEqualTo("begin a");
      assertThat(next()).isEqualTo("piece abc");
      assertThat(next()).isEqualTo("broken");
      assertThat(readAll(socket)).isEmpty();
    }
    impatient.close();
  }

  @Test
  void offersWithoutBlockingAndGoesOnWhenThereIsRoom() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
      Source source = new Source(held.take(), 2000);
      source.pump();
      int last = -1;
      for (int same = 0; same < 100; same = last == source.offered.get() ? same + 1 : 0) {
        last = source.offered.get();
        assertStillServing();
      }
      // What the buffers of both ends hold, and not all 100,000,000 bytes.
      assertThat(last).isBetween(1, 1000);
      long length = 0;
      byte[] buffer = new byte[64 << 10];
      while (length < 2000L * 50_000) {
        int n = socket.getInputStream().read(buffer);
        assertThat(n).isPositive();
        length += n;
      }
    }
  }

  @Test
  void whatIsOfferedToAClientThatLeftIsDropped() throws Exception {
    Source source;
    try (Socket socket = connect()) {
      send(socket, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
      source = new Source(held.take(), 10_000);
      source.pump();
    }
    assertThat(source.done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(faults).isEmpty();
  }

  /** Offers pieces of 50,000 bytes as long as there is room. */
  private static final class Source {
    final AtomicInteger offered = new AtomicInteger();
    final CountDownLatch done = new CountDownLatch(1);
    private final BodySink sink;
    private final int count;

    Source(Responder responder, int count) {
      this.sink = responder.begin(200, Headers.empty());
      this.count = count;
    }

    void pump() {
      while (offered.get() < count) {
        offered.incrementAndGet();
        if (!sink.offer(new byte[50_000])) {
          sink.onReady(this::pump);
          return;
        }
      }
      sink.end(Headers.empty());
      done.countDown();
    }
  }
}
