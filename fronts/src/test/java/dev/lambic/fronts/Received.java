package dev.lambic.fronts;

import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.http.Responder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What a client gets. */
final class Received implements Responder, BodySink {
  volatile int status;
  Headers headers = Headers.empty();
  volatile boolean ended;
  boolean broken;

  /** Whether the client takes pieces at once. */
  boolean reads = true;

  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private @Nullable Runnable ready;

  String body() {
    return body.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void send(int newStatus, Headers newHeaders, byte[] bytes) {
    begin(newStatus, newHeaders);
    offer(bytes);
    end(Headers.empty());
  }

  @Override
  public BodySink begin(int newStatus, Headers newHeaders) {
    if (status != 0) {
      throw new IllegalStateException("answered twice");
    }
    status = newStatus;
    headers = newHeaders;
    return this;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void onAbort(Runnable action) {}

  @Override
  public void write(byte[] piece) {
    offer(piece);
  }

  @Override
  public boolean offer(byte[] piece) {
    if (ended || broken) {
      throw new IllegalStateException("a piece after the end");
    }
    body.writeBytes(piece);
    return reads;
  }

  @Override
  public void onReady(Runnable action) {
    ready = action;
  }

  /** The client has room again. */
  void drain() {
    Runnable action = ready;
    ready = null;
    if (action != null) {
      action.run();
    }
  }

  @Override
  public void end(Headers trailers) {
    ended = true;
  }

  @Override
  public void abort() {
    broken = true;
  }
}
