package dev.lambic.runtime;

import java.util.Arrays;

/**
 * How many cells of a kind should be ready, by how many were taken lately.
 *
 * <p>As many as were taken in the busiest quarter of a second of the last minute, where what is
 * longer past counts for less; and a few while there is a function that could need one. Time is an
 * argument, in nanoseconds on any clock that never jumps. Used under the lock of its owner.
 */
final class Demand {
  /** About what it takes to make one. */
  private static final long SLOT_NANOS = 250_000_000L;

  private static final int SLOTS = 240;

  /** For so long a slot counts fully. */
  private static final int FRESH_SLOTS = 60;

  private final int base;
  private final int most;
  private final int[] taken = new int[SLOTS];
  private final long[] when = new long[SLOTS];

  /**
   * No demand yet.
   *
   * @param base how many are ready while a function could need one
   * @param most how many are ready at most
   */
  Demand(int base, int most) {
    this.base = base;
    this.most = most;
  }

  /** Somebody wanted one, whether there was one or not. */
  void took(long now) {
    long slot = Math.floorDiv(now, SLOT_NANOS);
    int place = (int) Math.floorMod(slot, (long) SLOTS);
    if (when[place] != slot) {
      when[place] = slot;
      taken[place] = 0;
    }
    taken[place]++;
  }

  /**
   * How many should be ready.
   *
   * @param expected whether there is a function that could need one
   */
  int wanted(long now, boolean expected) {
    long slot = Math.floorDiv(now, SLOT_NANOS);
    int peak = 0;
    for (int i = 0; i < SLOTS; i++) {
      long age = slot - when[i];
      if (taken[i] > 0 && age >= 0 && age < SLOTS) {
        peak = Math.max(peak, faded(taken[i], age));
      }
    }
    int least = expected || peak > 0 ? base : 0;
    return Math.clamp(peak, least, most);
  }

  private static int faded(int count, long age) {
    if (age <= FRESH_SLOTS) {
      return count;
    }
    return (int) Math.ceilDiv(count * (SLOTS - age), SLOTS - FRESH_SLOTS);
  }

  /** Nothing was taken yet. */
  void forget() {
    Arrays.fill(taken, 0);
  }
}
