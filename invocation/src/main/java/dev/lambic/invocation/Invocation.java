package dev.lambic.invocation;

import org.jspecify.annotations.Nullable;

/**
 * One synchronous call of a function.
 *
 * @param requestId id of the invocation, the same as of the request that asked for it
 * @param image what to run
 * @param invokedArn ARN as invoked, with its qualifier if there was one
 * @param payload the event; JSON; never changed after it was handed over
 * @param wantLog whether the last 4 KiB of the log belong into the answer
 * @param traceId value of the trace header; null if there is none
 * @param clientContext JSON; null if there is none
 * @param streamed whether the result is wanted in pieces, as it is made; the answer is an {@link
 *     Invoker.StreamedAnswer} then
 * @param tenantId whose call it is; null unless the function tells tenants apart
 */
// Never compared, and a copy of every event would be paid on the hot path.
@SuppressWarnings("ArrayRecordComponent")
public record Invocation(
    String requestId,
    FunctionImage image,
    String invokedArn,
    byte[] payload,
    boolean wantLog,
    @Nullable String traceId,
    @Nullable String clientContext,
    boolean streamed,
    @Nullable String tenantId) {
  /** A call of a function that does not tell tenants apart. */
  public Invocation(
      String requestId,
      FunctionImage image,
      String invokedArn,
      byte[] payload,
      boolean wantLog,
      @Nullable String traceId,
      @Nullable String clientContext,
      boolean streamed) {
    this(requestId, image, invokedArn, payload, wantLog, traceId, clientContext, streamed, null);
  }

  /** The same call of another state. */
  public Invocation with(FunctionImage image) {
    return new Invocation(
        requestId, image, invokedArn, payload, wantLog, traceId, clientContext, streamed, tenantId);
  }
}
