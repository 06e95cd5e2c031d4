package dev.lambic.invocation;

import dev.lambic.kernel.LambicException;

/** Runs functions. Safe for use by many threads. */
public interface Invoker {
  /**
   * Starts an invocation; never blocks, so it may be called on a thread that serves sockets.
   *
   * @param answer called exactly once, on any thread
   */
  void invoke(Invocation invocation, Answer answer);

  /** Receives how an invocation ended. Must not block. */
  interface Answer {
    /** The function ran, well or not. */
    void outcome(Outcome outcome);

    /**
     * The function was not run.
     *
     * @param why code, blame and message as AWS has them
     */
    void refused(LambicException why);
  }
}
