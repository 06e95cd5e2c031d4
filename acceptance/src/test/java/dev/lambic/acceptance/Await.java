package dev.lambic.acceptance;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what another process or thread brings about. */
final class Await {
  private static final long POLL_NANOS = 10_000_000;

  private Await() {}

  /** Returns as soon as the condition holds, and fails when it does not in time. */
  static void until(Duration limit, Supplier<String> what, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("not within " + limit.toSeconds() + " s: " + what.get());
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  static void until(Duration limit, String what, BooleanSupplier condition) {
    until(limit, () -> what, condition);
  }
}
