package dev.lambic.invocation;

import dev.lambic.invocation.testing.ManualTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Timers and a background in the hands of one test thread: nothing runs before it is told to. */
final class ManualLater implements Timers, Executor {
  private record Due(long due, long order, Runnable task) {}

  private final ManualTicker ticker;
  private final PriorityQueue<Due> timers =
      new PriorityQueue<>(Comparator.comparingLong(Due::due).thenComparingLong(Due::order));
  private final List<Runnable> tasks = new ArrayList<>();
  private long order;
  private boolean closed;

  ManualLater(ManualTicker ticker) {
    this.ticker = ticker;
  }

  @Override
  public Timer after(long nanos, Runnable task) {
    Due due = new Due(ticker.nanos() + Math.max(0, nanos), order++, task);
    if (!closed) {
      timers.add(due);
    }
    return () -> timers.remove(due);
  }

  /** How many timers are set. */
  int timers() {
    return timers.size();
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  /** How many tasks could run now. */
  int tasks() {
    return tasks.size();
  }

  /** Runs one of the tasks that could run now. */
  void runTask(int index) {
    tasks.remove(index).run();
  }

  /** Runs the timers that are due now and every task, and what these lead to. */
  void settle() {
    while (true) {
      if (!tasks.isEmpty()) {
        runTask(0);
      } else if (!runDueTimer()) {
        return;
      }
    }
  }

  /** Runs one timer if one is due. */
  boolean runDueTimer() {
    Due first = timers.peek();
    if (first == null || first.due > ticker.nanos()) {
      return false;
    }
    timers.remove();
    first.task.run();
    return true;
  }

  /** Lets time pass, and everything happen in it at its time. */
  void advance(Duration time) {
    long end = ticker.nanos() + time.toNanos();
    settle();
    for (Due next = nextBefore(end); next != null; next = nextBefore(end)) {
      ticker.advance(Duration.ofNanos(next.due - ticker.nanos()));
      settle();
    }
    ticker.advance(Duration.ofNanos(end - ticker.nanos()));
  }

  private @Nullable Due nextBefore(long end) {
    Due first = timers.peek();
    return first == null || first.due > end ? null : first;
  }

  @Override
  public void close() {
    closed = true;
    timers.clear();
  }
}
