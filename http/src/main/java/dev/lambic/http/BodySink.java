package dev.lambic.http;

/**
 * The body of an answer as it is made; pieces are sent at once, in the order of the calls.
 *
 * <p>Safe for use by one thread at a time.
 */
public interface BodySink {
  /**
   * Sends a piece; blocks while the client's side is full, unless called on a thread of the server
   * itself. The array must not be changed afterwards.
   *
   * @throws java.io.IOException if the client is gone, or has read nothing for too long
   */
  void write(byte[] piece) throws java.io.IOException;

  /** Ends the body; trailers may be empty. */
  void end(Headers trailers);

  /** Breaks the connection off, so that the client sees a truncated body. */
  void abort();
}
