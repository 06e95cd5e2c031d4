package dev.lambic.wire;

/**
 * An operation that takes its request as bytes and answers in bytes.
 *
 * <p>Called after authentication, mostly on a thread of the server, so it must not block. What it
 * throws becomes the error answer, as for any other operation.
 */
@FunctionalInterface
public interface RawOperation {
  /** Answers the call, now or later. */
  void handle(Call call);
}
