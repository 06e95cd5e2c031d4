package dev.lambic.kernel;

import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Source of identifiers.
 *
 * <p>Passed in wherever ids are made, so that a test can repeat them. Implementations are safe for
 * use by many threads.
 */
public interface Ids {
  /** Sixteen random bytes. */
  byte[] bytes16();

  /** A random UUID of version 4, in lower case with dashes, as AWS's request ids. */
  default String uuid() {
    byte[] b = bytes16();
    long high = 0;
    long low = 0;
    for (int i = 0; i < 8; i++) {
      high = (high << 8) | (b[i] & 0xff);
      low = (low << 8) | (b[i + 8] & 0xff);
    }
    high = (high & ~0xf000L) | 0x4000L;
    low = (low & 0x3fffffffffffffffL) | 0x8000000000000000L;
    return new UUID(high, low).toString();
  }

  /** Thirty-two random hexadecimal digits in lower case, as at the end of log stream names. */
  default String hex32() {
    return HexFormat.of().formatHex(bytes16());
  }

  /** Ids that nobody can predict. */
  static Ids secure() {
    java.security.SecureRandom random = new java.security.SecureRandom();
    return () -> {
      byte[] b = new byte[16];
      random.nextBytes(b);
      return b;
    };
  }

  /** The same ids for the same seed; for tests and simulations. */
  static Ids seeded(long seed) {
    RandomGenerator random = new SplittableRandom(seed);
    return () -> {
      byte[] b = new byte[16];
      synchronized (random) {
        random.nextBytes(b);
      }
      return b;
    };
  }
}
