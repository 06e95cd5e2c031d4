package dev.lambic.http;

import java.util.concurrent.atomic.AtomicLong;

/** An amount of bytes that many may hold parts of. Safe for use by many threads. */
final class Budget {
  private final AtomicLong left;

  Budget(long bytes) {
    this.left = new AtomicLong(bytes);
  }

  /** Takes the bytes, or nothing and false if they are not there. */
  boolean take(long bytes) {
    if (left.addAndGet(-bytes) < 0) {
      left.addAndGet(bytes);
      return false;
    }
    return true;
  }

  void giveBack(long bytes) {
    left.addAndGet(bytes);
  }
}
