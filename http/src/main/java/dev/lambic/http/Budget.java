package dev.lambic.http;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** An amount of bytes, part of a larger one, that many may hold parts of. Safe for many threads. */
final class Budget {
  private final AtomicLong left;
  private final @Nullable Budget whole;

  Budget(long bytes, @Nullable Budget whole) {
    this.left = new AtomicLong(bytes);
    this.whole = whole;
  }

  /** Takes the bytes, or nothing and false if they are not there. */
  boolean take(long bytes) {
    if (left.addAndGet(-bytes) < 0 || (whole != null && !whole.take(bytes))) {
      left.addAndGet(bytes);
      return false;
    }
    return true;
  }

  void giveBack(long bytes) {
    left.addAndGet(bytes);
    if (whole != null) {
      whole.giveBack(bytes);
    }
  }
}
