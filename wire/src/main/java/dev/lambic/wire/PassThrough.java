package dev.lambic.wire;

/**
 * A whole service that is authenticated here and speaks its protocol itself.
 *
 * <p>Called on a virtual thread, which it may block. What it throws becomes the error answer in the
 * service's protocol.
 */
@FunctionalInterface
public interface PassThrough {
  /** Answers the call, now or later. */
  void handle(Call call);
}
