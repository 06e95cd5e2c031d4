package dev.lambic.runtime;

import java.util.function.BooleanSupplier;

/**
 * Finds the moments in which the runtime and all extensions wait for an event.
 *
 * <p>Whoever is told "yes" is the only one: each moment is told once. Safe for use by many threads.
 */
final class Readiness {
  private final BooleanSupplier extensions;
  private boolean runtime;
  private boolean told;
  private long events;

  /**
   * Nobody is ready yet.
   *
   * @param extensions whether all of them wait for an event; takes locks of its own
   */
  Readiness(BooleanSupplier extensions) {
    this.extensions = extensions;
  }

  /**
   * The runtime waits for an event; whether that makes all of them wait.
   *
   * @param had how many events it had been given when it began to wait: if one more is on its way
   *     since, it waits no longer
   */
  synchronized boolean runtimeWaits(long had) {
    if (had < events) {
      return false;
    }
    runtime = true;
    return settle();
  }

  /** An extension waits for an event; whether that makes all of them wait. */
  synchronized boolean extensionWaits() {
    return settle();
  }

  /** All are about to be given an event; which one it is, counted from 1. */
  synchronized long working() {
    runtime = false;
    told = false;
    return ++events;
  }

  private boolean settle() {
    boolean now = runtime && !told && extensions.getAsBoolean();
    told |= now;
    return now;
  }
}
