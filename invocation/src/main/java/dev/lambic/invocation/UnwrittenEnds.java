package dev.lambic.invocation;

/**
 * The memory of what follows from events that are over, until that is on the disk; guarded by the
 * queue's lock.
 *
 * <p>How much a result takes is known when it is there, so being full only means that nothing more
 * is begun. What runs by then may still end; when that has taken four times as much, an end that
 * would have to be kept is not, and its event comes again.
 */
final class UnwrittenEnds {
  private final long limit;
  private long bytes;
  private boolean full;

  UnwrittenEnds(long limit) {
    this.limit = limit;
  }

  /** Whether nothing more is to be begun. */
  boolean isFull() {
    return full;
  }

  /** Takes memory for an end; false if there is none. */
  boolean take(long cost) {
    if (bytes > 0 && bytes + cost > 4 * limit) {
      return false;
    }
    change(cost);
    return true;
  }

  /** More or less is taken than before. */
  void change(long by) {
    bytes += by;
    // Not full again at each event that is written.
    full = bytes >= limit || (full && bytes > limit / 2);
  }

  long bytes() {
    return bytes;
  }
}
