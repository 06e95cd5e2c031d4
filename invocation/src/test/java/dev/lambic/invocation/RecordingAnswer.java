package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.ResultFlow;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The caller of one invocation. Safe for use by many threads. */
final class RecordingAnswer implements Invoker.StreamedAnswer {
  private final CountDownLatch come = new CountDownLatch(1);
  private final AtomicInteger times = new AtomicInteger();
  private final StringBuilder pieces = new StringBuilder();
  private @Nullable ResultFlow flow;
  private volatile @Nullable Outcome outcome;
  private volatile @Nullable LambicException refusal;

  @Override
  public synchronized void begin(String contentType, ResultFlow control) {
    flow = control;
    pieces.append(contentType).append(':');
  }

  @Override
  public synchronized void piece(byte[] bytes) {
    pieces.append(' ').append(new String(bytes, StandardCharsets.UTF_8));
  }

  /** The type of the result that came in pieces, and then these. */
  synchronized String pieces() {
    return pieces.toString();
  }

  /** What stops and starts the pieces. */
  synchronized @Nullable ResultFlow flow() {
    return flow;
  }

  @Override
  public void outcome(Outcome given) {
    outcome = given;
    times.incrementAndGet();
    come.countDown();
  }

  @Override
  public void refused(LambicException why) {
    refusal = why;
    times.incrementAndGet();
    come.countDown();
  }

  int times() {
    return times.get();
  }

  boolean hasCome() {
    return times.get() > 0;
  }

  void await() {
    try {
      assertThat(come.await(20, TimeUnit.SECONDS)).as("an answer").isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Outcome outcome() {
    assertThat(times).as("answers; refusal: %s", refusal).hasValue(1);
    Outcome given = outcome;
    if (given == null) {
      throw new AssertionError("refused: " + refusal);
    }
    return given;
  }

  /** The result of the function, which must have succeeded. */
  String result() {
    assertThat(outcome().functionError()).as(payload()).isNull();
    return payload();
  }

  /** The error of the function, which must have failed. */
  String error() {
    assertThat(outcome().functionError()).as(payload()).isEqualTo("Unhandled");
    return payload();
  }

  /** The type of that error. */
  String errorType() {
    return String.valueOf(outcome().errorType());
  }

  private String payload() {
    return new String(outcome().payload(), StandardCharsets.UTF_8);
  }

  /** The log that came with the answer. */
  String logTail() {
    byte[] tail = outcome().logTail();
    assertThat(tail).isNotNull();
    return tail == null ? "" : new String(tail, StandardCharsets.UTF_8);
  }

  boolean hasLogTail() {
    return outcome().logTail() != null;
  }

  /** Why the function was not run. */
  LambicException refusal() {
    assertThat(times).hasValue(1);
    LambicException why = refusal;
    if (why == null) {
      throw new AssertionError("not refused: " + payload());
    }
    return why;
  }
}
