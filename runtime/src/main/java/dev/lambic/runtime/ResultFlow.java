package dev.lambic.runtime;

/**
 * Stops and starts the pieces of a result that is streamed. While they are stopped, a handler that
 * goes on writing finds its connection full. Safe for use by many threads; calls may repeat.
 */
public interface ResultFlow {
  /** Lets no further piece come; from another thread than the listener's, one more may. */
  void pause();

  /** Lets pieces come again, on a thread of the server. */
  void resume();
}
