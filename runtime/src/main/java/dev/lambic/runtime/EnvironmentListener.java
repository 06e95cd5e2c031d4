package dev.lambic.runtime;

/**
 * Learns what happens inside one environment.
 *
 * <p>Called on whatever thread saw it happen; it must not block and must not throw.
 */
public interface EnvironmentListener {
  /** The runtime asks for an event: after its initialisation, and after each invocation. */
  void ready();

  /** The handler gave a result. */
  void responded(String requestId, byte[] body);

  /** The handler, or the runtime on its behalf, gave an error. */
  void failed(String requestId, String errorType, byte[] body);

  /** The runtime could not be initialised; it is about to end. */
  void initFailed(String errorType, byte[] body);

  /**
   * The processes of the environment wrote to their standard output or standard error.
   *
   * @param bytes valid only during the call
   * @param length how many of the bytes count, from the first
   */
  void output(byte[] bytes, int length);

  /**
   * The runtime's process ended, on its own or killed.
   *
   * @param code exit code; 0 when a signal ended it
   * @param signal number of the signal that ended it; 0 when it exited by itself
   */
  void exited(int code, int signal);
}
