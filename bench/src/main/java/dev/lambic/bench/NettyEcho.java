package dev.lambic.bench;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpServer;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;

/** The server that Lambic uses, on channels that others have opened. */
final class NettyEcho implements EchoServer {
  private final HttpServer server;
  private final int port;

  /** Serves with so many threads. */
  NettyEcho(int threads) throws IOException {
    server = HttpServer.start(threads, (where, fault) -> fault.printStackTrace());
    try {
      port = listen();
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private int listen() throws IOException {
    ServerSocketChannel channel = Candidate.openChannel();
    HttpServer.Listener listener =
        server.listen(
            channel,
            HttpConfig.standard(),
            (request, responder) -> responder.send(200, Headers.empty(), request.body()));
    return listener.address().getPort();
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
    server.close();
  }
}
