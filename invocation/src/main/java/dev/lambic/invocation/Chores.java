package dev.lambic.invocation;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * What has to be done with one environment off the path of its callers, one after the other in the
 * order of its coming: completing logs, freezing, ending and starting its processes. Safe for use
 * by many threads.
 */
final class Chores {
  private final Executor background;
  private final Consumer<Throwable> faults;
  private final ArrayDeque<Runnable> due = new ArrayDeque<>();
  private boolean working;

  Chores(Executor background, Consumer<Throwable> faults) {
    this.background = background;
    this.faults = faults;
  }

  /** Whether everything that was asked for is done. */
  synchronized boolean areDone() {
    return !working;
  }

  /** Does it after all that was asked for before. Returns at once. */
  void add(Runnable chore) {
    synchronized (this) {
      due.addLast(chore);
      if (working) {
        return;
      }
      working = true;
    }
    background.execute(this::work);
  }

  private void work() {
    Runnable next;
    synchronized (this) {
      next = due.pollFirst();
    }
    try {
      if (next != null) {
        next.run();
      }
    } catch (RuntimeException | Error e) {
      faults.accept(e);
    } finally {
      goOn();
    }
  }

  private void goOn() {
    synchronized (this) {
      if (due.isEmpty()) {
        working = false;
        return;
      }
    }
    background.execute(this::work);
  }
}
