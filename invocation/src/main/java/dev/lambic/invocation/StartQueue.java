package dev.lambic.invocation;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The starts of environments that wait for their turn.
 *
 * <p>Bounds how many are started at one time, and how many exist until nothing of them is left, so
 * that environments are not made faster than they can be torn down. First come, first served. Safe
 * for use by many threads.
 */
final class StartQueue {
  private final int parallel;
  private final int places;
  private final Executor background;
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private int starting;
  private int existing;
  private boolean unbounded;

  StartQueue(int parallel, int places, Executor background) {
    this.parallel = parallel;
    this.places = places;
    this.background = background;
  }

  /**
   * Runs the start when it is its turn; it then has to call both {@link #started} and {@link
   * #gone}.
   */
  void submit(Runnable start) {
    synchronized (this) {
      waiting.addLast(start);
    }
    runDue();
  }

  /** A start is over, well or not. */
  void started() {
    synchronized (this) {
      starting--;
    }
    runDue();
  }

  /** Nothing is left of what a start has made. */
  void gone() {
    synchronized (this) {
      existing--;
    }
    runDue();
  }

  /** Runs what waits, for at the end every start fails at once. */
  void letAllFail() {
    synchronized (this) {
      unbounded = true;
    }
    runDue();
  }

  /** Whether starts wait until nothing is left of what others have made. */
  synchronized boolean isFull() {
    return existing >= places && !waiting.isEmpty();
  }

  synchronized int existing() {
    return existing;
  }

  private void runDue() {
    for (Runnable start = due(); start != null; start = due()) {
      background.execute(start);
    }
  }

  private synchronized @Nullable Runnable due() {
    if (!unbounded && (starting >= parallel || existing >= places)) {
      return null;
    }
    Runnable start = waiting.pollFirst();
    if (start != null) {
      starting++;
      existing++;
    }
    return start;
  }
}
