package dev.lambic.http;

/**
 * The way back to the client of one request; exactly one of {@link #send}, {@link #sendWithNext}
 * and {@link #begin} is called, once, from any thread.
 *
 * <p>Neither blocks nor throws: if the client is gone the answer is dropped.
 */
public interface Responder {
  /** Sends a whole answer. The array must not be changed afterwards. */
  void send(int status, Headers headers, byte[] body);

  /**
   * As {@link #send}, but the answer may wait for that to the connection's next request if this has
   * come already, so that both are one write. For those only whose client does nothing before it
   * has the second.
   */
  default void sendWithNext(int status, Headers headers, byte[] body) {
    send(status, headers, body);
  }

  /**
   * Starts an answer whose body follows in pieces.
   *
   * @param headers a {@code Content-Length} among them is kept; without one the body is chunked
   */
  BodySink begin(int status, Headers headers);

  /** Whether the client's connection is still there. */
  boolean isOpen();

  /** Runs the action once when the client's connection ends before the answer was complete. */
  void onAbort(Runnable action);
}
