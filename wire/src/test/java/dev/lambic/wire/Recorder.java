package dev.lambic.wire;

import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A client without a socket: hands a request to a handler and keeps the one answer. */
final class Recorder implements Responder {
  private final CompletableFuture<Answer> answer = new CompletableFuture<>();

  static HttpRequest request(String method, String target, Headers headers, String body) {
    return new HttpRequest(
        method,
        target,
        headers,
        body.getBytes(StandardCharsets.UTF_8),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
  }

  static Answer send(HttpHandler handler, HttpRequest request) {
    Recorder recorder = new Recorder();
    handler.handle(request, recorder);
    return recorder.await();
  }

  Answer await() {
    try {
      return answer.get(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("no answer", e);
    }
  }

  static String text(Answer answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  static String header(Answer answer, String name) {
    return Objects.requireNonNullElse(answer.headers().get(name), "");
  }

  @Override
  public void send(int status, Headers headers, byte[] body) {
    if (!answer.complete(new Answer(status, headers, body))) {
      throw new IllegalStateException("answered twice");
    }
  }

  @Override
  public BodySink begin(int status, Headers headers) {
    throw new UnsupportedOperationException("nothing here streams");
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void onAbort(Runnable action) {}
}
