package dev.lambic.invocation;

import org.jspecify.annotations.Nullable;

/**
 * What became of an invocation that reached its function.
 *
 * @param payload the handler's result, empty if it was given in pieces; or the JSON of the error
 * @param functionError {@code Unhandled} if the function failed, else null
 * @param errorType what it failed by, such as {@code Runtime.ExitError}; null if it did not fail
 * @param logTail the last 4 KiB of the log if they were asked for, else null
 */
// Never compared, and a copy of every answer would be paid on the hot path.
@SuppressWarnings("ArrayRecordComponent")
public record Outcome(
    byte[] payload,
    @Nullable String functionError,
    @Nullable String errorType,
    byte @Nullable [] logTail) {
  /** A result. */
  static Outcome success(byte[] result) {
    return new Outcome(result, null, null, null);
  }

  /** An error of the function, or by it. */
  static Outcome failure(String type, byte[] error) {
    return new Outcome(error, "Unhandled", type, null);
  }

  Outcome withLogTail(byte[] tail) {
    return new Outcome(payload, functionError, errorType, tail);
  }
}
