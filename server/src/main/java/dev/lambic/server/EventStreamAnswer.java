package dev.lambic.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.invocation.Invoker;
import dev.lambic.invocation.Outcome;
import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.ResultFlow;
import dev.lambic.wire.Call;
import dev.lambic.wire.EventStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Turns a result into the events of InvokeWithResponseStream: a PayloadChunk for each piece, and
 * InvokeComplete with what became of the invocation.
 *
 * <p>The head goes out with the first event. A client that reads slowly stops the function's
 * pieces; one that has left is forgotten, and the function runs to its end. Safe for use by many
 * threads, although pieces come from one at a time.
 */
final class EventStreamAnswer implements Invoker.StreamedAnswer {
  /** The parts in which a whole result is sent. */
  private static final int PART_BYTES = 256 << 10;

  private static final JsonFactory JSON = new JsonFactory();

  private final Call call;
  private final String version;
  private final String trace;
  private @Nullable BodySink sink;
  private @Nullable ResultFlow flow;
  private boolean over;

  EventStreamAnswer(Call call, String version, String trace) {
    this.call = call;
    this.version = version;
    this.trace = trace;
  }

  @Override
  public synchronized void begin(String contentType, ResultFlow control) {
    flow = control;
  }

  @Override
  public synchronized void piece(byte[] bytes) {
    if (over) {
      return;
    }
    BodySink to = open();
    ResultFlow control = flow;
    if (!to.offer(chunk(bytes)) && control != null) {
      control.pause();
      to.onReady(control::resume);
    }
  }

  /** Sends the head if that was not done, with the lock held. */
  private BodySink open() {
    BodySink opened = sink;
    if (opened == null) {
      Headers headers =
          call.answerHeaders()
              .set("Content-Type", EventStream.CONTENT_TYPE)
              .add("X-Amz-Executed-Version", version)
              .add("X-Amzn-Trace-Id", trace);
      opened = call.responder().begin(200, headers);
      sink = opened;
    }
    return opened;
  }

  private static byte[] chunk(byte[] bytes) {
    return EventStream.event("PayloadChunk", "application/octet-stream", bytes);
  }

  @Override
  public synchronized void outcome(Outcome outcome) {
    if (over) {
      return;
    }
    over = true;
    BodySink to = open();
    byte[] complete = EventStream.event("InvokeComplete", "application/json", complete(outcome));
    byte[] whole = outcome.functionError() == null ? outcome.payload() : new byte[0];
    send(to, whole, 0, complete);
  }

  /** Sends what is left of a whole result, as fast as the client reads, and then the end. */
  private static void send(BodySink to, byte[] whole, int from, byte[] complete) {
    int at = from;
    while (at < whole.length) {
      int next = Math.min(whole.length, at + PART_BYTES);
      boolean room = to.offer(chunk(Arrays.copyOfRange(whole, at, next)));
      at = next;
      if (!room && at < whole.length) {
        int rest = at;
        to.onReady(() -> send(to, whole, rest, complete));
        return;
      }
    }
    to.offer(complete);
    to.end(Headers.empty());
  }

  private static byte[] complete(Outcome outcome) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      String type = outcome.errorType();
      if (type != null) {
        json.writeStringField("ErrorCode", type);
        json.writeStringField(
            "ErrorDetails", new String(outcome.payload(), StandardCharsets.UTF_8));
      }
      byte[] tail = outcome.logTail();
      if (tail != null) {
        json.writeStringField("LogResult", Base64.getEncoder().encodeToString(tail));
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory can always be written", e);
    }
    return bytes.toByteArray();
  }

  @Override
  public void refused(LambicException why) {
    call.fail(why);
  }
}
