package dev.lambic.http;

/**
 * The way back to the client of one request; exactly one of {@link #send} and {@link #begin} is
 * called, once, from any thread.
 *
 * <p>Neither blocks nor throws: if the client is gone the answer is dropped.
 */
public interface Responder {
  /** Sends a whole answer. The array must not be changed afterwards. */
  void send(int status, Headers headers, byte[] body);

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
