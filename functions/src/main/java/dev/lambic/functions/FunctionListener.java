package dev.lambic.functions;

/**
 * Learns what becomes of functions, so that environments of older code can be retired at once.
 *
 * <p>Called after the change is durable and visible to {@link FunctionDirectory}, for one function
 * in the order of its changes. Must return quickly and must not throw.
 */
public interface FunctionListener {
  /** A version became ready to run, for the first time or instead of what it was before. */
  void updated(FunctionVersion now);

  /** A version is gone. Deleting a function says so for {@code $LATEST} and every version. */
  void deleted(FunctionVersion was);
}
