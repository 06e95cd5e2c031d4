package dev.lambic.kernel;

import java.time.Instant;
import java.time.InstantSource;

/**
 * The two clocks: wall time for people and records, monotonic nanoseconds for durations.
 *
 * <p>Nothing below the server module reads a clock in any other way.
 */
public interface Ticker extends InstantSource {
  /** Nanoseconds that never jump; only differences have a meaning. */
  long nanos();

  /** The clocks of this machine. */
  static Ticker system() {
    return new Ticker() {
      @Override
      public long nanos() {
        return System.nanoTime();
      }

      @Override
      public Instant instant() {
        return Instant.now();
      }

      @Override
      public long millis() {
        return System.currentTimeMillis();
      }
    };
  }
}
