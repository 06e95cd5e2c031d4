package dev.lambic.runtime;

import java.util.concurrent.atomic.AtomicLong;

/** Memory that many share, in bytes. Safe for use by many threads. */
final class ByteBudget {
  private final AtomicLong left;

  ByteBudget(long bytes) {
    left = new AtomicLong(bytes);
  }

  /** Whether there was as much left; it is taken then. */
  boolean take(long bytes) {
    if (left.addAndGet(-bytes) >= 0) {
      return true;
    }
    left.addAndGet(bytes);
    return false;
  }

  void giveBack(long bytes) {
    left.addAndGet(bytes);
  }

  long left() {
    return left.get();
  }
}
