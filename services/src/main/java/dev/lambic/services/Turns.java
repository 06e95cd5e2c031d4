package dev.lambic.services;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Turns of which there are so many in all, and not as many for anybody alone, so that nobody keeps
 * all others from theirs. Who waits for a turn beyond his own share takes none of the rest. Safe
 * for use by many threads.
 */
final class Turns {
  private static final class Share {
    final Semaphore turns;

    /** Who has a turn of it, or waits for one. */
    int users;

    Share(int each) {
      turns = new Semaphore(each, true);
    }
  }

  private final Semaphore all;
  private final int each;
  private final Map<String, Share> shares = new HashMap<>();

  /**
   * Nobody has a turn yet.
   *
   * @param all turns at one time
   * @param each turns of one user at one time
   */
  Turns(int all, int each) {
    this.all = new Semaphore(all, true);
    this.each = each;
  }

  /**
   * Waits for a turn, to be ended by {@link #end}.
   *
   * @return whether there was one in time
   */
  boolean begin(String user, Duration patience) throws InterruptedException {
    Share share = enter(user);
    boolean own = false;
    boolean begun = false;
    try {
      long nanos = patience.toNanos();
      own = share.turns.tryAcquire(nanos, TimeUnit.NANOSECONDS);
      begun = own && all.tryAcquire(nanos, TimeUnit.NANOSECONDS);
      return begun;
    } finally {
      if (!begun) {
        if (own) {
          share.turns.release();
        }
        leave(user, share);
      }
    }
  }

  /** Ends a turn. */
  void end(String user) {
    Share share;
    synchronized (this) {
      share = shares.get(user);
    }
    if (share == null) {
      throw new IllegalStateException("a turn that nobody has");
    }
    all.release();
    share.turns.release();
    leave(user, share);
  }

  private synchronized Share enter(String user) {
    Share share = shares.computeIfAbsent(user, key -> new Share(each));
    share.users++;
    return share;
  }

  private synchronized void leave(String user, Share share) {
    if (--share.users == 0) {
      shares.remove(user);
    }
  }

  /** How many are known. */
  synchronized int users() {
    return shares.size();
  }
}
