package dev.lambic.invocation;

import org.jspecify.annotations.Nullable;

/**
 * What an environment failed at.
 *
 * @param task its invocation; null if it had none
 * @param answered whether the caller has, or is about to get, the function's own answer
 * @param line what Lambda's log says about it; null if nothing
 * @param restart the initialisation that failed; null if it was not that
 */
record Fall(
    @Nullable Task task,
    boolean answered,
    @Nullable PlatformLine line,
    Init.@Nullable Unfit restart) {}
