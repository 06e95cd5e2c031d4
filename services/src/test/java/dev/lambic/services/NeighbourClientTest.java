package dev.lambic.services;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of calls whose neighbour stands still, at each point. */
@Timeout(120)
class NeighbourClientTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofHours(1);

  private final List<Socket> accepted = new CopyOnWriteArrayList<>();
  private ServerSocket server;

  /** What a neighbour does with a connection. */
  private interface Conduct {
    void serve(Socket socket) throws IOException, InterruptedException;
  }

  @BeforeEach
  void open() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    for (Socket socket : accepted) {
      socket.close();
    }
  }

  private void serve(Conduct conduct) {
    Thread.startVirtualThread(() -> {
      try {
        Socket socket = server.accept();
        accepted.add(socket);
        conduct.serve(socket);
      } catch (IOException | InterruptedException e) {
        // The test is over, or the call was given up.
      }
    });
  }

  private HttpRequest.Builder request() {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.getLocalPort() + "/"));
  }

  private static void answer(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(US_ASCII));
    socket.getOutputStream().flush();
  }

  @Test
  void oneThatNeverAnswersIsGivenUp() {
    serve(socket -> socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream()));
    try (NeighbourClient client = new NeighbourClient(LONG, Ticker.system())) {
      assertThatThrownBy(() -> client.ask(request().build(), null, SHORT))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no progress");
    }
  }

  @Test
  void oneThatStopsWithinItsAnswerIsGivenUp() throws Exception {
    serve(socket -> answer(socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
    try (NeighbourClient client = new NeighbourClient(SHORT, Ticker.system());
        InputStream body = client.ask(request().build(), null, LONG).body()) {
      assertThat(body.readNBytes(4)).isEqualTo("half".getBytes(US_ASCII));
      assertThatThrownBy(body::read)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("nothing came");
    }
  }

  @Test
  void oneThatTakesNoMoreOfARequestIsGivenUp() {
    CountDownLatch over = new CountDownLatch(1);
    serve(socket -> assertThat(over.await(100, TimeUnit.SECONDS)).isTrue());
    try (NeighbourClient client = new NeighbourClient(SHORT, Ticker.system())) {
      NeighbourClient.Upload endless =
          client
          .new Upload(
              new InputStream() {
                @Override
                public int read() {
                  return 'x';
                }

                @Override
                public int read(byte[] to, int offset, int length) {
                  return length;
                }
              });
      assertThatThrownBy(() ->
              client.ask(
                  request().PUT(BodyPublishers.ofInputStream(() -> endless)).build(),
                  endless,
                  LONG))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no progress");
    } finally {
      over.countDown();
    }
  }

  @Test
  void aSenderAndAReceiverMayTakeTheirTime() throws Exception {
    Duration limit = Duration.ofSeconds(3);
    serve(socket -> {
      InputStream in = socket.getInputStream();
      StringBuilder heard = new StringBuilder();
      while (!heard.toString().endsWith("\r\n0\r\n\r\n")) {
        heard.append((char) in.read());
      }
      answer(socket, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
    });
    try (NeighbourClient client = new NeighbourClient(limit, Ticker.system())) {
      CountDownLatch never = new CountDownLatch(1);
      NeighbourClient.Upload slow =
          client
          .new Upload(
              new InputStream() {
                private int left = 1;

                @Override
                public int read() throws IOException {
                  try {
                    // Longer than the neighbour may take.
                    int pause = left > 0 ? 0 : 3500;
                    assertThat(never.await(pause, TimeUnit.MILLISECONDS)).isFalse();
                  } catch (InterruptedException e) {
                    throw new IOException(e);
                  }
                  return left-- > 0 ? 'x' : -1;
                }

                @Override
                public int read(byte[] to, int offset, int length) throws IOException {
                  int one = read();
                  to[offset] = (byte) one;
                  return one < 0 ? -1 : 1;
                }
              });
      NeighbourClient.Answer answer =
          client.ask(request().PUT(BodyPublishers.ofInputStream(() -> slow)).build(), slow, limit);
      try (InputStream body = answer.body()) {
        assertThat(never.await(4, TimeUnit.SECONDS)).isFalse();
        assertThat(body.readAllBytes()).isEqualTo("end".getBytes(US_ASCII));
      }
    }
  }
}
