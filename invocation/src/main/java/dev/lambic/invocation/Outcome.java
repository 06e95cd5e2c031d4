package dev.lambic.invocation;

import org.jspecify.annotations.Nullable;

/**
 * What became of an invocation that reached its function.
 *
 * @param payload the handler's result, or the JSON of the error
 * @param functionError {@code Unhandled} if the function failed, else null
 * @param logTail the last 4 KiB of the log if they were asked for, else null
 */
// Never compared, and a copy of every answer would be paid on the hot path.
@SuppressWarnings("ArrayRecordComponent")
public record Outcome(byte[] payload, @Nullable String functionError, byte @Nullable [] logTail) {}
