package dev.lambic.wire;

/**
 * As a {@link PassThrough}, for a service whose requests may be too large to be held in memory.
 *
 * <p>Called on a virtual thread, which it may block. What it throws becomes the error answer in the
 * service's protocol.
 */
@FunctionalInterface
public interface StreamedPassThrough {
  /**
   * Answers the call, now or later.
   *
   * @param call its request is without a body
   * @param body to be read on the thread of the call, or on another until it returns
   */
  void handle(Call call, StreamedBody body);
}
