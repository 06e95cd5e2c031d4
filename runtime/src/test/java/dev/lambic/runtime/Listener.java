package dev.lambic.runtime;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A subscriber's HTTP server. */
final class Listener implements AutoCloseable {
  private final HttpServer server;
  private final HttpServer.Listener listener;
  private final LinkedBlockingQueue<HttpRequest> requests = new LinkedBlockingQueue<>();
  private final Deque<String> events = new ArrayDeque<>();
  private volatile int status = 200;

  Listener() throws IOException {
    server = HttpServer.start(1, (where, fault) -> {});
    listener =
        server.listen(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            HttpConfig.standard(),
            (request, responder) -> {
              responder.send(status, Headers.empty(), "thanks".getBytes(StandardCharsets.UTF_8));
              requests.add(request);
            });
  }

  int port() {
    return listener.address().getPort();
  }

  void answer(int with) {
    status = with;
  }

  /** The next batch, waited for. */
  HttpRequest request() {
    try {
      HttpRequest request = requests.poll(30, TimeUnit.SECONDS);
      if (request == null) {
        throw new AssertionError("no batch came");
      }
      return request;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** The next event, waited for. */
  String event() throws IOException {
    while (events.isEmpty()) {
      events.addAll(Events.elements(new String(request().body(), StandardCharsets.UTF_8)));
    }
    return events.remove();
  }

  /** The next event that has the text; those before it are passed over. */
  String event(String text) throws IOException {
    String event = event();
    while (!event.contains(text)) {
      event = event();
    }
    return event;
  }

  /** The next batch if it has come already. */
  @Nullable HttpRequest poll() {
    return requests.poll();
  }

  @Override
  public void close() {
    listener.close();
    server.close();
  }
}
