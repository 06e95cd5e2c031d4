package dev.lambic.store;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One transaction on its way through the store's thread.
 *
 * <p>Either the store begins it or its caller gives it up, never both, so a caller that was told
 * 'too busy' can be sure that nothing was written.
 */
final class Job<T extends @Nullable Object> {
  private final Records.Work<T> work;
  private final CompletableFuture<T> done = new CompletableFuture<>();
  private final AtomicBoolean taken = new AtomicBoolean();
  private @Nullable Runnable outcome;

  Job(Records.Work<T> work) {
    this.work = work;
  }

  /** Whether the store may run it; false if the caller has given up. */
  boolean begin() {
    return taken.compareAndSet(false, true);
  }

  /** Runs the work, and keeps its outcome until the batch is committed. False if it threw. */
  boolean run(Records.Transaction in) {
    try {
      T result = work.run(in);
      outcome = () -> done.complete(result);
      return true;
    } catch (Throwable e) { // whatever it is belongs to the caller, not to the store's thread
      outcome = () -> done.completeExceptionally(e);
      return false;
    }
  }

  /** Tells the caller the outcome, which is durable now. */
  void complete() {
    if (outcome != null) {
      outcome.run();
    }
  }

  /** Tells the caller that nothing was written. */
  void fail(StoreException failure) {
    done.completeExceptionally(failure);
  }

  /** Ends a job that the store will not begin any more. */
  void abandon() {
    if (begin()) {
      fail(new StoreException("The store is closed.", null));
    }
  }

  /** Waits for the outcome, in spite of interrupts, for it cannot be taken back. */
  T await(Duration deadline) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return done.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw rethrown(e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
          if (begin()) {
            throw new StoreException("The store is too slow; nothing was written.", e);
          }
          throw new StoreException("The disk does not answer; the change may be lost.", e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException rethrown(Throwable cause) {
    if (cause instanceof RuntimeException e) {
      return e;
    }
    if (cause instanceof Error e) {
      throw e;
    }
    return new IllegalStateException("a transaction threw a checked exception", cause);
  }
}
