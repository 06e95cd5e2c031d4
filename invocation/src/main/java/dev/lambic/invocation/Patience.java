package dev.lambic.invocation;

import java.util.concurrent.TimeUnit;

/**
 * How long a call is let wait for an environment that has answered and not asked for more yet.
 *
 * <p>Most ask within a fraction of a millisecond. One that is late was not given the CPU, and a new
 * environment would not be given it any sooner: so the call waits, and a caller that sends one call
 * after the other stays with one environment. One that was busy for 50 ms and for longer than its
 * start took, twice in a row, is kept so by something, its extensions say, and is not waited for.
 * Guarded by the lock of its {@link Worker}.
 */
final class Patience {
  /** The runtime has its chance to ask for more in any case. */
  static final long LEAST = TimeUnit.MILLISECONDS.toNanos(3);

  /** Nobody likes to wait in vain for longer. */
  static final long MOST = TimeUnit.MILLISECONDS.toNanos(100);

  /** Less than this is a matter of the machine's load. */
  private static final long BUSY = TimeUnit.MILLISECONDS.toNanos(50);

  private long start = MOST;
  private long last;
  private long before;

  /** The environment took so long to be there, in nanoseconds. */
  void started(long nanos) {
    start = Math.clamp(nanos, BUSY, MOST);
  }

  /** From its answer until it was idle, it took so long. */
  void wasIdleAfter(long nanos) {
    before = last;
    last = nanos;
  }

  /** How long to wait from its answer on, in nanoseconds. */
  long nanos() {
    return Math.min(last, before) > start ? LEAST : MOST;
  }
}
