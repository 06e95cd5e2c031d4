package dev.lambic.invocation;

import dev.lambic.runtime.ShutdownReason;
import org.jspecify.annotations.Nullable;

/**
 * What an environment failed at.
 *
 * @param task its invocation; null if it had none
 * @param answered whether the caller has, or is about to get, the function's own answer
 * @param line what Lambda's log says about it; null if nothing
 * @param restart the initialisation that failed; null if it was not that
 * @param timeout whether it took too long
 */
record Fall(
    @Nullable Task task,
    boolean answered,
    @Nullable PlatformLine line,
    Init.@Nullable Unfit restart,
    boolean timeout) {
  /** What extensions are told. */
  ShutdownReason reason() {
    return timeout ? ShutdownReason.TIMEOUT : ShutdownReason.FAILURE;
  }
}
