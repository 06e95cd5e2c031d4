package dev.lambic.kernel;

/**
 * Receives what must not happen: a throwable that no code path expects.
 *
 * <p>A server logs it and goes on; a test fails. May be called from any thread and must not throw.
 */
@FunctionalInterface
public interface FaultHandler {
  /**
   * Takes note of a bug.
   *
   * @param where the activity that failed, for a person
   * @param fault what was thrown
   */
  void fault(String where, Throwable fault);
}
