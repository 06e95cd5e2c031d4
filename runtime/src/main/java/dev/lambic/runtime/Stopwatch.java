package dev.lambic.runtime;

import dev.lambic.kernel.Ticker;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes the times of one invocation after the other within an environment.
 *
 * <p>Spans are named and bounded as by AWS's runtime interface emulator: the latency lasts until
 * the head of a result comes, its duration until the last byte, the runtime's overhead until it
 * asks for the next event, that of extensions until all of them do. An invocation that ends by an
 * error has none. Safe for use by many threads.
 */
final class Stopwatch {
  private final Ticker ticker;

  // Guarded by this object's lock; a time is 0 as long as it has not come.
  private @Nullable Work work;
  private long number;
  private long begun;
  private long begunMillis;
  private long head;
  private long answered;
  private long waits;
  private long settled;
  private long bytes;
  private @Nullable String errorType;

  Stopwatch(Ticker ticker) {
    this.ticker = ticker;
  }

  /**
   * An invocation is handed over.
   *
   * @param count of those that were handed over, with this one
   */
  synchronized void begin(Work given, long count) {
    work = given;
    number = count;
    begun = ticker.nanos();
    begunMillis = ticker.millis();
    head = 0;
    answered = 0;
    waits = 0;
    settled = 0;
    bytes = 0;
    errorType = null;
  }

  /** The head of a result came. */
  synchronized void head() {
    if (answered == 0) {
      head = ticker.nanos();
    }
  }

  /** A part of a result in pieces came; its first is of no size. */
  synchronized void produced(long more) {
    bytes += more;
  }

  /** The answer is whole; the type of its error, or null. */
  synchronized void answered(long size, @Nullable String type) {
    if (answered == 0) {
      answered = ticker.nanos();
      bytes += size;
      errorType = type;
    }
  }

  /** The invocation failed in another way than by an answer; of no effect after an error. */
  synchronized void failed(String type) {
    if (errorType == null) {
      errorType = type;
    }
  }

  /** The runtime waits, and had been given so many events when it began to. */
  synchronized void waits(long had) {
    if (waits == 0 && number <= had) {
      waits = ticker.nanos();
    }
  }

  /** Extensions wait as well. */
  synchronized void settled() {
    if (settled == 0) {
      settled = ticker.nanos();
    }
  }

  /** The invocation; null before the first. */
  synchronized @Nullable Work work() {
    return work;
  }

  /** Whether the event had been given when so many had been. */
  synchronized boolean isAmong(long had) {
    return work != null && number <= had;
  }

  /** What it failed by so far, or null. */
  synchronized @Nullable String errorType() {
    return errorType;
  }

  /** Milliseconds from the event until the runtime waited, or until now. */
  synchronized double millis() {
    return ((waits == 0 ? ticker.nanos() : waits) - begun) / 1e6;
  }

  /** What is known by now of the invocation, if it is the latest. */
  synchronized Parts parts(String requestId, boolean withExtensions) {
    if (work == null || !work.requestId().equals(requestId)) {
      return Parts.NONE;
    }
    List<PlatformEvent.Span> runtime = new ArrayList<>();
    if (head != 0 && answered != 0 && errorType == null) {
      runtime.add(span("responseLatency", begun, head));
      runtime.add(span("responseDuration", head, answered));
      if (waits != 0) {
        runtime.add(span("runtimeOverhead", answered, waits));
      }
    }
    List<PlatformEvent.Span> extensions = new ArrayList<>();
    if (withExtensions && waits != 0 && settled != 0) {
      extensions.add(span("extensionOverhead", waits, Math.max(waits, settled)));
    }
    return new Parts(runtime, extensions, errorType == null ? bytes : 0);
  }

  private PlatformEvent.Span span(String name, long from, long to) {
    long start = begunMillis + Math.round((from - begun) / 1e6);
    return new PlatformEvent.Span(name, start, (to - from) / 1e6);
  }
}
