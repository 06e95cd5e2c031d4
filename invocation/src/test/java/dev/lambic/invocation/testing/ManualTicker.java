package dev.lambic.invocation.testing;

import dev.lambic.kernel.Ticker;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** Clocks that stand still until they are told to go on. */
public final class ManualTicker implements Ticker {
  private static final Instant START = Instant.parse("2026-01-02T03:04:05.678Z");

  private final AtomicLong nanos = new AtomicLong();

  /** Lets time pass. */
  public void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Override
  public long nanos() {
    return nanos.get();
  }

  @Override
  public Instant instant() {
    return START.plusNanos(nanos.get());
  }
}
