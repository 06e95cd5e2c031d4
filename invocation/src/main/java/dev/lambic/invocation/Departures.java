package dev.lambic.invocation;

import dev.lambic.runtime.Environment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Frozen environments that nobody needs any more, on their way out.
 *
 * <p>What the kernel does to take down processes, mounts and networks it does on the processors
 * that calls need, so only few go at a time, the first come first, each when the one before has
 * left nothing; more of them where calls wait for the places that they hold. One that does not go
 * holds up the others for a bounded time. Safe for use by many threads.
 */
final class Departures {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final IntSupplier parallel;
  private final Timers timers;
  private final Executor background;
  private final ArrayDeque<Environment> waiting = new ArrayDeque<>();
  private int going;
  private boolean unbounded;

  /**
   * None yet.
   *
   * @param parallel how many may go at one time, asked for whenever one has left
   */
  Departures(IntSupplier parallel, Timers timers, Executor background) {
    this.parallel = parallel;
    this.timers = timers;
    this.background = background;
  }

  /** Ends an environment when it is its turn. Returns at once. */
  void add(Environment environment) {
    synchronized (this) {
      waiting.addLast(environment);
    }
    goOn();
  }

  /** Ends all that wait and all that come, for the server ends. */
  void endAll() {
    synchronized (this) {
      unbounded = true;
    }
    goOn();
  }

  /** How many wait for their turn. */
  synchronized int waiting() {
    return waiting.size();
  }

  private void goOn() {
    for (Environment next = due(); next != null; next = due()) {
      AtomicBoolean over = new AtomicBoolean();
      Runnable gone =
          () -> {
            if (over.compareAndSet(false, true)) {
              left();
            }
          };
      Timers.Timer patience = timers.after(PATIENCE.toNanos(), gone);
      next.kill();
      var _ =
          next.gone()
              .whenComplete((done, never) -> {
                Timers.cancel(patience);
                gone.run();
              });
    }
  }

  private @Nullable Environment due() {
    return due(parallel.getAsInt());
  }

  private synchronized @Nullable Environment due(int most) {
    if (!unbounded && going >= most) {
      return null;
    }
    Environment next = waiting.pollFirst();
    if (next != null) {
      going++;
    }
    return next;
  }

  private void left() {
    synchronized (this) {
      going--;
    }
    // What is gone tells so on a thread that has others to tell.
    background.execute(this::goOn);
  }
}
