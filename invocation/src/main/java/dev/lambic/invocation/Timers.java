package dev.lambic.invocation;

import dev.lambic.kernel.FaultHandler;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs tasks at a later time. Safe for use by many threads. */
interface Timers extends AutoCloseable {
  /** A task that was asked for. */
  @FunctionalInterface
  interface Timer {
    /** Forgets the task, and with it all that the task refers to, if it has not begun yet. */
    void cancel();
  }

  /** Runs the task after the time, on a thread that it must not block; never after the close. */
  Timer after(long nanos, Runnable task);

  @Override
  void close();

  /** Forgets a task, if there is one. */
  static void cancel(@Nullable Timer due) {
    if (due != null) {
      due.cancel();
    }
  }

  /** Timers of real time, with a thread of their own; what tasks throw is a fault. */
  static Timers system(FaultHandler faults) {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("invocation-timers").daemon().factory());
    executor.setRemoveOnCancelPolicy(true);
    return new Timers() {
      @Override
      public Timer after(long nanos, Runnable task) {
        try {
          Future<?> due = executor.schedule(() -> run(task), nanos, TimeUnit.NANOSECONDS);
          return () -> due.cancel(false);
        } catch (RejectedExecutionException closed) {
          // What the task would look after is being ended.
          return () -> {};
        }
      }

      private void run(Runnable task) {
        try {
          task.run();
        } catch (RuntimeException | Error e) {
          faults.fault("a timer of invocations", e);
        }
      }

      @Override
      public void close() {
        executor.shutdownNow();
      }
    };
  }
}
