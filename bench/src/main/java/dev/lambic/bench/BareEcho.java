package dev.lambic.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The floor: a thread per connection, blocking reads and writes, no more of HTTP than needed. */
final class BareEcho implements EchoServer {
  private final Thread.Builder threads;
  private final List<ServerSocketChannel> channels = new CopyOnWriteArrayList<>();
  private final int port;

  /** Serves each connection on a thread of the kind. */
  BareEcho(Thread.Builder threads) throws IOException {
    this.threads = threads;
    this.port = listen();
  }

  private int listen() throws IOException {
    ServerSocketChannel channel = Candidate.openChannel();
    channels.add(channel);
    Thread.ofPlatform().daemon().start(() -> accept(channel));
    return ((InetSocketAddress) channel.getLocalAddress()).getPort();
  }

  private void accept(ServerSocketChannel channel) {
    try {
      while (true) {
        SocketChannel connection = channel.accept();
        connection.socket().setTcpNoDelay(true);
        threads.start(() -> serve(connection));
      }
    } catch (IOException closed) {
      // The end of the server.
      return;
    }
  }

  private static void serve(SocketChannel connection) {
    try (connection) {
      HttpMessages requests = new HttpMessages(connection.socket().getInputStream());
      OutputStream out = connection.socket().getOutputStream();
      for (HttpMessage request = requests.next(); request != null; request = requests.next()) {
        byte[] head =
            ("HTTP/1.1 200 OK\r\nContent-Length: " + request.body().length + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] answer = new byte[head.length + request.body().length];
        System.arraycopy(head, 0, answer, 0, head.length);
        System.arraycopy(request.body(), 0, answer, head.length, request.body().length);
        out.write(answer);
      }
    } catch (IOException gone) {
      // So is its connection.
      return;
    }
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public void listenMore() throws IOException {
    listen();
  }

  @Override
  public void close() {
    for (ServerSocketChannel channel : channels) {
      try {
        channel.close();
      } catch (IOException e) {
        throw new IllegalStateException("a listening channel can always be closed", e);
      }
    }
  }
}
