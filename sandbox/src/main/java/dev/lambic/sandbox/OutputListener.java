package dev.lambic.sandbox;

/**
 * Receives what a sandboxed process writes to its standard output and standard error.
 *
 * <p>Both are one pipe, so the order is the order of the writes. Called by one thread at a time,
 * the one that reads all sandboxes' output or one that is in {@link SandboxProcess#drain}: it must
 * not block and must not throw.
 */
@FunctionalInterface
public interface OutputListener {
  /**
   * Takes the next bytes.
   *
   * @param bytes valid only during the call
   * @param length how many of the bytes count, from the first
   */
  void output(byte[] bytes, int length);
}
