package dev.lambic.functions;

import org.jspecify.annotations.Nullable;

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

  /**
   * Another share of the concurrency is the function's own; also told at first, of every function
   * that has one.
   *
   * @param functionArn without a qualifier
   * @param count null for none
   */
  default void reserved(
      String account, String region, String functionArn, @Nullable Integer count) {}

  /**
   * Another number of environments of a version is to be made ahead and kept; also told at first.
   * Not told of a version of which it was told that it is gone or was replaced.
   *
   * @param count 0 for none any more
   */
  default void provisioned(FunctionVersion version, int count) {}
}
