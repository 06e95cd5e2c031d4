package dev.lambic.http;

/**
 * Stops and starts the pieces of a request's body. Safe for use by many threads; calls may repeat.
 *
 * <p>While stopped the server reads no further than a bounded amount, so a client that goes on
 * sending finds its connection full.
 */
public interface BodyFlow {
  /** Lets no further piece come; from another thread than the receiver's, one more may. */
  void pause();

  /** Lets pieces come again, on a thread of the server. */
  void resume();
}
