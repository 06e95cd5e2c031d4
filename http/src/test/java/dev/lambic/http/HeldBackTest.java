package dev.lambic.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers that may wait for the one after them. */
final class HeldBackTest {
  private static final byte[] NO_BODY = new byte[0];

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final LinkedBlockingQueue<Responder> due = new LinkedBlockingQueue<>();
  private HttpServer server;
  private HttpServer.Listener listener;
  private Socket client;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.start(1, (where, fault) -> faults.add(fault));
    listener =
        server.listen(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            HttpConfig.standard(),
            this::handle);
    client = new Socket();
    client.connect(listener.address());
    client.setSoTimeout(30_000);
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    listener.close();
    server.close();
    assertThat(faults).isEmpty();
  }

  private void handle(HttpRequest request, Responder responder) {
    switch (request.rawPath()) {
      case "/with-next" -> responder.sendWithNext(202, Headers.empty(), NO_BODY);
      case "/with-next-later" ->
          Thread.ofVirtual().start(() -> responder.sendWithNext(202, Headers.empty(), NO_BODY));
      default -> due.add(responder);
    }
  }

  private void send(String... paths) throws IOException {
    StringBuilder requests = new StringBuilder();
    for (String path : paths) {
      requests.append("GET ").append(path).append(" HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    client.getOutputStream().write(requests.toString().getBytes(StandardCharsets.ISO_8859_1));
  }

  private void answerTheDue() throws InterruptedException {
    Responder one = due.poll(30, TimeUnit.SECONDS);
    assertThat(one).isNotNull();
    one.send(200, Headers.empty(), NO_BODY);
  }

  private int status() throws IOException {
    InputStream in = client.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      assertThat(next).isNotNegative();
      head.append((char) next);
    }
    return Integer.parseInt(head.substring(9, 12));
  }

  @Test
  void comesWithTheNextAnswer() throws IOException, InterruptedException {
    send("/with-next", "/due");
    Responder next = due.poll(30, TimeUnit.SECONDS);
    assertThat(client.getInputStream().available()).isZero();
    due.add(next);
    answerTheDue();
    assertThat(status()).isEqualTo(202);
    assertThat(status()).isEqualTo(200);
  }

  @Test
  void comesAtOnceIfNothingElseIsDue() throws IOException {
    send("/with-next");
    assertThat(status()).isEqualTo(202);
    send("/with-next-later");
    assertThat(status()).isEqualTo(202);
    send("/with-next", "/with-next", "/with-next-later");
    assertThat(status()).isEqualTo(202);
    assertThat(status()).isEqualTo(202);
    assertThat(status()).isEqualTo(202);
  }

  @Test
  void comesAtOnceIfTheNextRequestIsNotWhole() throws IOException, InterruptedException {
    client
        .getOutputStream()
        .write(
            "GET /with-next HTTP/1.1\r\nHost: x\r\n\r\nGET /due HTTP/1.1\r\nHo"
                .getBytes(StandardCharsets.ISO_8859_1));
    assertThat(status()).isEqualTo(202);
    client.getOutputStream().write("st: x\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
    answerTheDue();
    assertThat(status()).isEqualTo(200);
  }

  @Test
  void comesWithTheNextAnswerThoughBothAreGivenLate() throws IOException, InterruptedException {
    send("/with-next-later", "/due", "/with-next", "/due");
    answerTheDue();
    assertThat(status()).isEqualTo(202);
    assertThat(status()).isEqualTo(200);
    answerTheDue();
    assertThat(status()).isEqualTo(202);
    assertThat(status()).isEqualTo(200);
  }
}
