package dev.lambic.http;

/**
 * The body of an answer as it is made; pieces are sent at once, in the order of the calls.
 *
 * <p>Safe for use by one thread at a time. Whoever may block uses {@link #write}; who may not uses
 * {@link #offer} and {@link #onReady}.
 */
public interface BodySink {
  /**
   * Sends a piece; blocks while the client's side is full, unless called on a thread of the server
   * itself. The array must not be changed afterwards.
   *
   * @throws java.io.IOException if the client is gone, or has read nothing for too long
   */
  void write(byte[] piece) throws java.io.IOException;

  /**
   * Sends a piece and never blocks; what cannot be sent yet is kept in memory. The array must not
   * be changed afterwards. If the client is gone the piece is dropped.
   *
   * @return whether there is room for more; if not, the next piece should wait for {@link #onReady}
   */
  boolean offer(byte[] piece);

  /**
   * Calls the action once, as soon as there is room for more pieces or the client is gone: now, or
   * later on a thread of the server. It must not block. A later call replaces the action.
   */
  void onReady(Runnable action);

  /** Ends the body; trailers may be empty. */
  void end(Headers trailers);

  /** Breaks the connection off, so that the client sees a truncated body. */
  void abort();
}
