package dev.lambic.invocation;

/** Where log streams are kept. Safe for use by many threads. */
public interface Logs extends AutoCloseable {
  /**
   * Begins a stream in the log group of a function; it shows up with its first event.
   *
   * @param function whose log group, account and region it is
   * @param stream name of the stream
   */
  Stream open(FunctionImage function, String stream);

  /** Writes down what is still in memory, within a bounded time. */
  @Override
  void close();

  /** One log stream. */
  interface Stream {
    /**
     * Adds an event; never blocks. If events come faster than they can be kept, some are left out
     * and their number is noted.
     *
     * @param timestamp milliseconds since the epoch
     * @param text without the line end that closes it; it may have others
     */
    void append(long timestamp, String text);
  }
}
