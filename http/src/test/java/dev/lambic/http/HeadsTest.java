package dev.lambic.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What heads of requests, whole and not, may cost the server. */
final class HeadsTest {
  private static final int CONNECTIONS = 24;
  private static final int LONG = 900_000;
  private static final HttpConfig LONG_HEADS =
      new HttpConfig(1000, 4 << 20, 1 << 20, CONNECTIONS, Duration.ZERO);

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private HttpServer server;
  private HttpServer.Listener listener;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.start(2, (where, fault) -> faults.add(fault));
    open.add(server);
    listener = listen(LONG_HEADS);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
    assertThat(faults).isEmpty();
  }

  private HttpServer.Listener listen(HttpConfig config) throws IOException {
    HttpServer.Listener made =
        server.listen(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), config, HeadsTest::answer);
    open.add(made);
    return made;
  }

  private static void answer(HttpRequest request, Responder responder) {
    if (!request.rawPath().equals("/hold")) {
      String text = request.headers().size() + " fields, " + request.body().length + " bytes";
      responder.send(200, Headers.empty(), text.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.connect(listener.address());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(30_000);
    open.add(socket);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String status(Socket socket) throws IOException {
    byte[] line = socket.getInputStream().readNBytes(12);
    return new String(line, StandardCharsets.ISO_8859_1);
  }

  private String exchange(String text) throws IOException {
    try (Socket socket = connect()) {
      send(socket, text);
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private static String closing(String path, String fields) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "Connection: close\r\n\r\n";
  }

  /** Repeats a request until it is answered so, for what others held is given back in time. */
  private void await(String status, String request) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    String last;
    do {
      last = exchange(request);
    } while (!last.startsWith(status) && System.nanoTime() < deadline);
    assertThat(last).startsWith(status);
  }

  @Test
  void unfinishedHeadsHoldNoMoreThanTheBudget() throws Exception {
    ConcurrentLinkedQueue<String> refused = new ConcurrentLinkedQueue<>();
    List<Socket> hostile = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      Socket socket = connect();
      hostile.add(socket);
      Thread.ofVirtual()
          .start(() -> {
            try {
              send(socket, "GET / HTTP/1.1\r\nX: " + "x".repeat(LONG));
              refused.add(status(socket));
            } catch (IOException closed) {
              refused.add("closed");
            }
          });
    }
    // Four of 900,000 bytes fit into four mebibytes.
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (refused.size() < CONNECTIONS - 4 && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertThat(refused).hasSizeGreaterThanOrEqualTo(CONNECTIONS - 4).contains("HTTP/1.1 503");
    for (Socket socket : hostile) {
      socket.close();
    }
    await("HTTP/1.1 200", closing("/", "X: " + "x".repeat(LONG) + "\r\n"));
  }

  @Test
  void headsOfRequestsThatWaitForTheirAnswerCountToo() throws Exception {
    listener = listen(new HttpConfig(1000, 9000, 4096, 8, Duration.ZERO));
    String head = "X: " + "x".repeat(2000) + "\r\n";
    for (int i = 0; i < 2; i++) {
      send(connect(), closing("/hold", head));
    }
    await("HTTP/1.1 503", closing("/", head));
    open.reversed().stream()
        .filter(Socket.class::isInstance)
        .forEach(socket -> {
          try {
            socket.close();
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
    await("HTTP/1.1 200", closing("/", head));
  }

  @Test
  void longLinesOfConnectionsThatStayAreCounted() throws Exception {
    ConcurrentLinkedQueue<String> answers = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      Socket socket = connect();
      send(socket, "GET / HTTP/1.1\r\nX: " + "x".repeat(LONG) + "\r\n\r\n");
      answers.add(status(socket));
    }
    assertThat(answers).contains("HTTP/1.1 200", "HTTP/1.1 503");
    assertThat(answers.stream().filter("HTTP/1.1 200"::equals)).hasSizeLessThanOrEqualTo(4);
  }

  @Test
  void aHeadThatIsNotWholeInTimeEndsTheConnection() throws Exception {
    listener = listen(new HttpConfig(1000, 100_000, 1 << 20, 4, Duration.ofMillis(400)));
    Socket slow = connect();
    send(slow, "GET / HTTP/1.1\r\nX: ");
    slow.setSoTimeout(20);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    boolean ended = false;
    while (!ended && System.nanoTime() < deadline) {
      try {
        send(slow, "x");
        ended = slow.getInputStream().read() < 0;
      } catch (SocketTimeoutException stillThere) {
        ended = false;
      } catch (IOException reset) {
        ended = true;
      }
    }
    assertThat(ended).isTrue();
  }

  @Test
  void takesRequestsThatComeByteByByte() throws Exception {
    Socket socket = connect();
    String chunked =
        "\r\n\r\nPOST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n";
    String counted = "POST /b HTTP/1.1\r\nContent-Length: 2\r\nHost: x\r\n\r\nab";
    for (char each : (chunked + counted + closing("/", "")).toCharArray()) {
      send(socket, String.valueOf(each));
    }
    String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    assertThat(all).contains("2 fields, 5 bytes", "2 fields, 2 bytes", "2 fields, 0 bytes");
  }

  @Test
  void refusesTooManyFields() throws Exception {
    assertThat(exchange(closing("/", "a:\r\n".repeat(400)))).contains("402 fields, 0 bytes");
    assertThat(exchange(closing("/", "a:\r\n".repeat(600)))).startsWith("HTTP/1.1 400");
    assertThat(exchange(chunkedWith("a:b\r\n".repeat(600)))).startsWith("HTTP/1.1 400");
  }

  @Test
  void refusesFieldsOnSeveralLines() throws Exception {
    assertThat(exchange(closing("/", "a: b\r\n c\r\n"))).startsWith("HTTP/1.1 400");
    assertThat(exchange("\r\n" + closing("/", "a: b\r\n\tc\r\n"))).startsWith("HTTP/1.1 400");
    assertThat(exchange(chunkedWith("a: b\r\n" + " c\r\n".repeat(20_000))))
        .startsWith("HTTP/1.1 400");
    assertThat(exchange(chunkedWith("a: b\r\n"))).contains("3 fields, 3 bytes");
  }

  @Test
  void takesBodiesThatLookLikeFoldedLines() throws Exception {
    String chunk = "a\r\n" + " \r\n \r\n 0\r\n" + "\r\n";
    String head =
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    assertThat(exchange(head + chunk.repeat(90) + "0\r\n\r\n")).contains("3 fields, 900 bytes");
    Socket socket = connect();
    for (char each : (head + chunk + "0\r\na: b\r\n\r\n").toCharArray()) {
      send(socket, String.valueOf(each));
    }
    String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    assertThat(all).contains("3 fields, 10 bytes");
  }

  @Test
  void takesTrailersAsLongAsErrorsAre() throws Exception {
    assertThat(exchange(chunkedWith("a: " + "b".repeat(100_000) + "\r\n")))
        .contains("3 fields, 3 bytes");
  }

  @Test
  void refusesTrailersAndSizesOfChunksThatAreTooLong() throws Exception {
    assertThat(exchange(chunkedWith("a: " + "b".repeat(500_000) + "\r\n")))
        .startsWith("HTTP/1.1 400");
    String size = "3;" + "x".repeat(500_000) + "\r\nabc\r\n0\r\n\r\n";
    assertThat(exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + size))
        .startsWith("HTTP/1.1 400");
  }

  private static String chunkedWith(String trailers) {
    return "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        + "3\r\nabc\r\n0\r\n"
        + trailers
        + "\r\n";
  }
}
