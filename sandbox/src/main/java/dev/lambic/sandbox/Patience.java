package dev.lambic.sandbox;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Pauses between looks at something that the kernel does soon: short ones first, longer ones when
 * the processors are busy with others, so that looking does not keep them busy, too. For one wait
 * of one thread.
 */
final class Patience {
  private static final long FIRST_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
  private static final long LAST_NANOS = TimeUnit.MILLISECONDS.toNanos(4);
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final long end = System.nanoTime() + LIMIT_NANOS;
  private long pause = FIRST_NANOS;

  /** Pauses; false, at once, when the time is over. */
  boolean pause() {
    if (System.nanoTime() - end >= 0) {
      return false;
    }
    LockSupport.parkNanos(pause);
    pause = Math.min(2 * pause, LAST_NANOS);
    return true;
  }
}
