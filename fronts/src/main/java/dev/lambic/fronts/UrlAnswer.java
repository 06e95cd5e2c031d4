package dev.lambic.fronts;

import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.invocation.Invoker;
import dev.lambic.invocation.Outcome;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.ResultFlow;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Turns an outcome, or a result as it is made, into the HTTP answer of a function URL.
 *
 * <p>A streamed result of the type for HTTP begins with a JSON object of status and headers, then
 * eight zeros; any other is a body. A client that reads slowly stops the function's pieces. Safe
 * for use by many threads, although pieces come from one at a time.
 */
final class UrlAnswer implements Invoker.StreamedAnswer {
  private static final String WITH_PRELUDE = "application/vnd.awslambda.http-integration-response";
  private static final int ZEROS = 8;
  private static final int MAX_PRELUDE_BYTES = 64 << 10;

  /** Above it, going through a result would hold up the connections of the calling thread. */
  private static final int READ_IN_PLACE = 64 << 10;

  private final UrlExchange exchange;
  private final boolean streamed;
  private ByteArrayOutputStream prelude = new ByteArrayOutputStream();
  private boolean inPrelude;

  /** With how many zeros the prelude ends until now. */
  private int zeros;

  private String contentType = "application/octet-stream";
  private @Nullable BodySink sink;
  private @Nullable ResultFlow flow;
  private boolean over;

  UrlAnswer(UrlExchange exchange, boolean streamed) {
    this.exchange = exchange;
    this.streamed = streamed;
  }

  @Override
  public synchronized void begin(String type, ResultFlow control) {
    flow = control;
    inPrelude = type.equals(WITH_PRELUDE);
    if (!type.isEmpty()) {
      contentType = type;
    }
  }

  @Override
  public synchronized void piece(byte[] bytes) {
    if (over) {
      return;
    }
    if (!inPrelude) {
      pass(bytes);
      return;
    }
    int rest = 0;
    for (; rest < bytes.length && zeros < ZEROS; rest++) {
      zeros = bytes[rest] == 0 ? zeros + 1 : 0;
    }
    prelude.write(bytes, 0, rest);
    if (zeros < ZEROS) {
      if (prelude.size() > MAX_PRELUDE_BYTES) {
        fail();
      }
      return;
    }
    inPrelude = false;
    byte[] whole = prelude.toByteArray();
    prelude = new ByteArrayOutputStream();
    try {
      UrlReply reply = UrlReply.ofPrelude(Arrays.copyOf(whole, whole.length - ZEROS));
      sink = exchange.begin(reply.status(), reply.headers());
    } catch (UrlReply.Malformed _) {
      fail();
      return;
    }
    if (rest < bytes.length) {
      pass(Arrays.copyOfRange(bytes, rest, bytes.length));
    }
  }

  /** Where the eight zeros begin, or -1. */
  static int endOfPrelude(byte[] bytes) {
    int run = 0;
    for (int i = 0; i < bytes.length; i++) {
      run = bytes[i] == 0 ? run + 1 : 0;
      if (run == ZEROS) {
        return i + 1 - ZEROS;
      }
    }
    return -1;
  }

  /** With the lock held. */
  private void pass(byte[] bytes) {
    BodySink to = open();
    ResultFlow control = flow;
    if (!to.offer(bytes) && control != null) {
      control.pause();
      to.onReady(control::resume);
    }
  }

  private BodySink open() {
    BodySink opened = sink;
    if (opened == null) {
      opened = exchange.begin(200, Headers.of("Content-Type", contentType));
      sink = opened;
    }
    return opened;
  }

  /** Says that the function's answer cannot be used, as long as nothing else was said. */
  private void fail() {
    over = true;
    BodySink begun = sink;
    if (begun == null) {
      exchange.broken();
    } else {
      begun.abort();
    }
  }

  @Override
  public synchronized void outcome(Outcome outcome) {
    if (over) {
      return;
    }
    String error = outcome.errorType();
    if (outcome.functionError() != null) {
      boolean late = error != null && error.equals("Sandbox.Timedout");
      if (sink == null && late) {
        over = true;
        exchange.refuse(504, "Message", "Gateway Timeout");
      } else {
        fail();
      }
      return;
    }
    if (inPrelude) {
      fail();
      return;
    }
    over = true;
    BodySink begun = sink;
    if (begun != null) {
      begun.end(Headers.empty());
    } else if (flow != null) {
      open().end(Headers.empty());
    } else if (outcome.payload().length <= READ_IN_PLACE) {
      whole(outcome.payload());
    } else {
      Thread.startVirtualThread(() -> whole(outcome.payload()));
    }
  }

  /** Sends a result that came in one. */
  private void whole(byte[] payload) {
    if (streamed) {
      exchange.send(200, Headers.of("Content-Type", "application/json"), payload);
      return;
    }
    try {
      int end = endOfPrelude(payload);
      if (end < 0) {
        UrlReply reply = UrlReply.of(payload);
        exchange.send(reply.status(), reply.headers(), reply.body());
        return;
      }
      UrlReply reply = UrlReply.ofPrelude(Arrays.copyOf(payload, end));
      exchange.send(
          reply.status(),
          reply.headers(),
          Arrays.copyOfRange(payload, end + ZEROS, payload.length));
    } catch (UrlReply.Malformed _) {
      exchange.broken();
    }
  }

  @Override
  public void refused(LambicException why) {
    refuse(exchange, why);
  }

  /** Answers why nothing was run. */
  static void refuse(UrlExchange exchange, LambicException why) {
    if (why.code().equals("TooManyRequestsException")) {
      exchange.refuse(429, "Message", "Too Many Requests");
    } else if (why.blame() == Blame.CAPACITY) {
      exchange.refuse(503, "Message", "Service Unavailable");
    } else {
      exchange.broken();
    }
  }
}
