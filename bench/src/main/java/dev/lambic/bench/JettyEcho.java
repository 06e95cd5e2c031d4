package dev.lambic.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Jetty: selectors, and a handler that does not block, so that no other thread is woken for it. It
 * takes channels that others have opened, each with selectors of its own.
 */
final class JettyEcho implements EchoServer {
  private static final int MAX_THREADS = 2000;

  private final HttpConfiguration http = new HttpConfiguration();
  private final Server server = new Server(new QueuedThreadPool(MAX_THREADS));
  private final ServerConnector first;

  /** Serves the first listener with so many selectors. */
  JettyEcho(int selectors) throws IOException {
    http.setSendServerVersion(false);
    http.setSendDateHeader(false);
    server.setHandler(new Echo());
    first = connector(selectors);
    try {
      server.start();
    } catch (Exception e) {
      close();
      throw new IOException("Jetty did not start", e);
    }
  }

  private ServerConnector connector(int selectors) throws IOException {
    // Without acceptors a selector does their work, which saves a thread.
    ServerConnector connector =
        new ServerConnector(server, 0, selectors, new HttpConnectionFactory(http));
    connector.open(Candidate.openChannel());
    server.addConnector(connector);
    return connector;
  }

  private static final class Echo extends Handler.Abstract.NonBlocking {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      Content.Source.asByteBuffer(
          request,
          new Promise<>() {
            @Override
            public void succeeded(ByteBuffer body) {
              response.write(true, body, callback);
            }

            @Override
            public void failed(Throwable cause) {
              callback.failed(cause);
            }
          });
      return true;
    }
  }

  @Override
  public int port() {
    return first.getLocalPort();
  }

  @Override
  public void listenMore() throws IOException {
    try {
      connector(1).start();
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("Jetty does not listen", e);
    }
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("Jetty did not stop", e);
    }
  }
}
