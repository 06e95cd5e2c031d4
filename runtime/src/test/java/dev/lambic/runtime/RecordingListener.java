package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Keeps what a Runtime API tells, in its order. */
final class RecordingListener implements EnvironmentListener {
  /** One thing that was told; the parts that a kind of event lacks are empty. */
  record Event(String kind, String id, String type, String body) {}

  private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();

  /** The flows of the results in pieces, in their order. */
  final ConcurrentLinkedQueue<ResultFlow> flows = new ConcurrentLinkedQueue<>();

  /** The bytes of all results in pieces, and the pieces that came while they were to pause. */
  final AtomicLong streamedBytes = new AtomicLong();

  final AtomicInteger pausedPieces = new AtomicInteger();

  /** Whether pieces are only counted. */
  volatile boolean forgetPieces;

  /** Whether each piece pauses the stream. */
  volatile boolean pauseStreams;

  /** The next event, waited for. */
  Event next() {
    try {
      Event event = events.poll(20, TimeUnit.SECONDS);
      if (event == null) {
        throw new AssertionError("nothing happened; the output was: " + output());
      }
      return event;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits for the next event, which must be of the kind. */
  Event next(String kind) {
    Event event = next();
    assertThat(event.kind()).as("%s", event).isEqualTo(kind);
    return event;
  }

  /** The next event if there is one already. */
  @Nullable Event peek() {
    return events.peek();
  }

  String output() {
    synchronized (output) {
      return output.toString(StandardCharsets.UTF_8);
    }
  }

  private void add(String kind, String id, String type, byte[] body) {
    events.add(new Event(kind, id, type, new String(body, StandardCharsets.UTF_8)));
  }

  @Override
  public void ready() {
    add("ready", "", "", new byte[0]);
  }

  @Override
  public void checkpointable() {
    add("checkpointable", "", "", new byte[0]);
  }

  @Override
  public void restoreFailed(String errorType, byte[] body) {
    add("restoreFailed", "", errorType, body);
  }

  @Override
  public void responded(String requestId, byte[] body) {
    add("responded", requestId, "", body);
  }

  @Override
  public void streaming(String requestId, String contentType, ResultFlow flow) {
    flows.add(flow);
    add("streaming", requestId, contentType, new byte[0]);
  }

  @Override
  public void streamed(String requestId, byte[] piece) {
    streamedBytes.addAndGet(piece.length);
    if (pauseStreams) {
      pausedPieces.incrementAndGet();
      flows.element().pause();
    }
    if (!forgetPieces) {
      add("streamed", requestId, "", piece);
    }
  }

  @Override
  public void streamEnded(String requestId) {
    add("streamEnded", requestId, "", new byte[0]);
  }

  @Override
  public void failed(String requestId, String errorType, byte[] body) {
    add("failed", requestId, errorType, body);
  }

  @Override
  public void initFailed(String errorType, byte[] body) {
    add("initFailed", "", errorType, body);
  }

  @Override
  public void output(byte[] bytes, int length) {
    synchronized (output) {
      output.write(bytes, 0, length);
    }
  }

  @Override
  public void broken(String errorType, String message) {
    events.add(new Event("broken", "", errorType, message));
  }

  @Override
  public void extensionLine(String line) {
    events.add(new Event("extensionLine", "", "", line));
  }

  @Override
  public void extensions(List<PlatformEvent.Extension> states) {
    states.forEach(
        state -> events.add(new Event("extension", state.name(), state.state(), state.toString())));
  }

  @Override
  public void subscribed(PlatformEvent.Subscription subscription) {
    events.add(
        new Event(
            "subscribed", subscription.name(), subscription.state(), subscription.toString()));
  }

  @Override
  public void exited(int code, int signal) {
    events.add(new Event("exited", "", "", String.valueOf(code)));
  }
}
