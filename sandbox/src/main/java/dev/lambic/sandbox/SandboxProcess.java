package dev.lambic.sandbox;

import java.util.concurrent.CompletableFuture;

/** A program started inside a sandbox. Safe for use by many threads. */
public interface SandboxProcess {
  /**
   * Completes when the process ended; also when its sandbox is killed or lost (then as killed by
   * {@link ProcessExit#SIGKILL}). Never completes exceptionally.
   */
  CompletableFuture<ProcessExit> exit();

  /**
   * Returns when every byte that was written before the call has been delivered to the listener.
   * Works as well after the process ended. Waits for a bounded time only.
   */
  void drain();

  /**
   * As {@link #drain}, if that takes but a moment, and without waiting.
   *
   * @return false if it does not; then anything between nothing and all has been delivered
   */
  boolean drainNow();

  /**
   * Sends a signal such as 15 (SIGTERM); nothing happens when the process has ended.
   *
   * @throws SandboxException if the sandbox is dead
   */
  void signal(int signal);
}
