package dev.lambic.invocation;

import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.ResultFlow;

/** Runs functions. Safe for use by many threads. */
public interface Invoker {
  /**
   * Starts an invocation; never blocks, so it may be called on a thread that serves sockets.
   *
   * @param answer told exactly once how the invocation ended, on any thread
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

  /**
   * Receives a result in pieces, if the runtime gives it so, and then how the invocation ended.
   * Called by one thread at a time. Must not block.
   */
  interface StreamedAnswer extends Answer {
    /**
     * The result has begun; not called if it comes whole.
     *
     * @param contentType what the runtime says of the result
     * @param flow stops and starts the pieces, and with them the function
     */
    void begin(String contentType, ResultFlow flow);

    /** The next bytes; at least one. The array belongs to the receiver. */
    void piece(byte[] bytes);
  }
}
