package dev.lambic.runtime;

import java.util.concurrent.CompletableFuture;

/**
 * A running execution environment: a sandbox, a runtime process in it, and its Runtime API.
 *
 * <p>Knows how to hand over events and how to end; when to do so is decided elsewhere. Safe for use
 * by many threads.
 */
public interface Environment {
  /** The name from its specification. */
  String name();

  /**
   * Hands an event to the runtime; it is given as soon as the runtime asks for one.
   *
   * @throws IllegalStateException if an event is on its way or running already
   */
  void deliver(Work work);

  /**
   * Applies the CPU share of the function's memory size, which its initialisation need not obey.
   */
  void limitCpu();

  /** The most memory that the environment has used so far, in bytes. */
  long peakMemory();

  /** Returns when all output written before the call was given to the output listener. */
  void drainOutput();

  /** Ends everything in the environment. Returns at once; idempotent. */
  void kill();

  /** Completes when nothing of the environment is left. */
  CompletableFuture<Void> gone();
}
