package dev.lambic.runtime;

import java.util.List;

/**
 * Learns what happens inside one environment.
 *
 * <p>Called on whatever thread saw it happen; it must not block and must not throw.
 */
public interface EnvironmentListener {
  /**
   * The runtime and every extension wait for an event: after the initialisation, and after each
   * invocation.
   */
  void ready();

  /**
   * An environment of a version with snapshots is about to be started.
   *
   * @param restored whether from a snapshot; if that fails, it is told once more
   */
  default void starts(boolean restored) {}

  /** The runtime is initialised and waits to be written down; only in a template of snapshots. */
  default void checkpointable() {}

  /** What the function has to do after a restore has failed; the runtime is about to end. */
  default void restoreFailed(String errorType, byte[] body) {
    initFailed(errorType, body);
  }

  /** The handler gave a result. */
  void responded(String requestId, byte[] body);

  /**
   * The handler has begun to give its result in pieces, to a caller who asked for that; the end is
   * told by {@link #streamEnded} or {@link #failed}, or the process ends before.
   *
   * @param contentType what the runtime says of the result
   * @param flow stops and starts the pieces
   */
  void streaming(String requestId, String contentType, ResultFlow flow);

  /** The next bytes of a result in pieces; at least one. The array belongs to the listener. */
  void streamed(String requestId, byte[] piece);

  /** A result in pieces is whole. */
  void streamEnded(String requestId);

  /** The handler, or the runtime on its behalf, gave an error, perhaps amid a result in pieces. */
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

  /**
   * The environment failed as a whole: an extension failed, or the runtime could not be started
   * after the extensions. Its processes are to be ended.
   *
   * @param errorType such as {@code Extension.Crash}
   * @param message for a person
   */
  void broken(String errorType, String message);

  /** An external extension wrote a line to its standard output or standard error. */
  void extensionLine(String line);

  /**
   * How far the extensions came, at the end of an initialisation, before its success or failure is
   * told. Not called when there are none.
   */
  void extensions(List<PlatformEvent.Extension> states);

  /**
   * An extension subscribed to telemetry; the environment tells those who did so only when it is
   * given the event.
   */
  void subscribed(PlatformEvent.Subscription subscription);
}
