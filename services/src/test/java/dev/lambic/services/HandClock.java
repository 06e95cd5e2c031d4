package dev.lambic.services;

import dev.lambic.kernel.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;

/** Time that passes only when the test says so. */
final class HandClock implements Ticker {
  static final Instant START = Instant.parse("2026-03-04T05:06:07.089Z");

  private final AtomicReference<Duration> passed = new AtomicReference<>(Duration.ZERO);

  void advance(Duration by) {
    passed.updateAndGet(before -> before.plus(by));
  }

  @Override
  public long nanos() {
    return passed.get().toNanos();
  }

  @Override
  public Instant instant() {
    return START.plus(passed.get());
  }
}
