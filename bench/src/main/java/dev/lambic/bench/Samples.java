package dev.lambic.bench;

import java.util.Arrays;

/** Durations in nanoseconds, in the order they were taken. Not safe for use by several threads. */
final class Samples {
  private long[] nanos = new long[1024];
  private int count;

  void add(long duration) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * count);
    }
    nanos[count++] = duration;
  }

  void addAll(Samples others) {
    for (int i = 0; i < others.count; i++) {
      add(others.nanos[i]);
    }
  }

  int count() {
    return count;
  }

  /** What the samples say as a whole; at least one is needed. */
  Figures figures() {
    if (count == 0) {
      throw new IllegalStateException("nothing was measured");
    }
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    return new Figures(
        count, percentile(sorted, 500), percentile(sorted, 990), percentile(sorted, 999));
  }

  /**
   * The nearest rank: the smallest sample that so many of a thousand are not above.
   *
   * @param sorted ascending, not empty
   * @param perMille 1 to 1000
   */
  static long percentile(long[] sorted, int perMille) {
    long rank = ((long) sorted.length * perMille + 999) / 1000;
    return sorted[(int) Math.max(rank, 1) - 1];
  }
}
