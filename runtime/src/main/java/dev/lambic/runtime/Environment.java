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
   * Hands an event to the runtime and to extensions that are registered for it; the runtime gets it
   * as soon as it asks for one.
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

  /**
   * As {@link #drainOutput}, if that takes but a moment, and without waiting.
   *
   * @return false if it does not; then anything between nothing and all was given
   */
  boolean drainOutputNow();

  /**
   * Stops all processes where they are, until {@link #thaw}; waits for a bounded time.
   *
   * @throws dev.lambic.kernel.LambicException if the host refuses it; the environment is dead then
   */
  void freeze();

  /**
   * Lets all processes go on.
   *
   * @throws dev.lambic.kernel.LambicException if the host refuses it; the environment is dead then
   */
  void thaw();

  /**
   * Ends every process of the environment, frozen or not, and returns when none is left, after a
   * bounded time; {@code /tmp} stays as it is. From its return on, the listener hears nothing of
   * them but late output.
   *
   * @throws dev.lambic.kernel.LambicException if the host refuses it; the environment is dead then
   */
  void stop();

  /**
   * Starts the runtime anew after {@link #stop}, and returns while it initialises.
   *
   * @param begins run before any process is started, when extensions will hear of telemetry again
   * @throws dev.lambic.kernel.LambicException as the first start does; the environment may be dead
   *     then
   */
  void restart(Runnable begins);

  /**
   * Tells extensions that subscribed to telemetry; returns at once. What the environment knows
   * first by itself, that the runtime is done, is told once, and with what was measured.
   */
  void telemetry(PlatformEvent event);

  /** Whether what runs was started from a snapshot. */
  default boolean isRestored() {
    return false;
  }

  /**
   * Writes a template down, once it is {@linkplain EnvironmentListener#checkpointable
   * checkpointable}; its processes end. Waits for a bounded time.
   *
   * @throws dev.lambic.kernel.LambicException if it has something that cannot be written down
   */
  default void checkpoint(SnapshotStore.Writing to) {
    throw new IllegalStateException("not a template");
  }

  /** What was measured of an invocation, if it is the latest that was handed over. */
  Parts parts(String requestId);

  /** Whether there are extensions, to which a {@link #shutdown} gives time. */
  boolean hasExtensions();

  /**
   * Gives extensions the time to end in peace, as AWS limits it: two seconds if there are external
   * ones, half a second if there are only internal ones, none if there are none. Frozen processes
   * go on for it. Returns at once; {@link #stop} or {@link #kill} comes after it.
   *
   * @return completes when it is over; never exceptionally
   */
  CompletableFuture<Void> shutdown(ShutdownReason reason);

  /** Ends everything in the environment. Returns at once; idempotent. */
  void kill();

  /** Completes when nothing of the environment is left. */
  CompletableFuture<Void> gone();
}
