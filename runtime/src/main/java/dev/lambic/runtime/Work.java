package dev.lambic.runtime;

import org.jspecify.annotations.Nullable;

/**
 * One event on its way to a runtime.
 *
 * @param requestId the invocation's id
 * @param payload the event; never changed after it was handed over
 * @param invokedArn the ARN as it was invoked, with its qualifier if there was one
 * @param deadlineMillis wall-clock time at which the invocation times out
 * @param traceId for {@code X-Amzn-Trace-Id}; null if there is none
 * @param clientContext JSON of the caller's client context; null if there is none
 * @param streamed whether a result that the runtime streams is wanted in pieces
 * @param tenantId whose event it is; null unless the function tells tenants apart
 */
// Never compared, and a copy of every event would be paid on the hot path.
@SuppressWarnings("ArrayRecordComponent")
public record Work(
    String requestId,
    byte[] payload,
    String invokedArn,
    long deadlineMillis,
    @Nullable String traceId,
    @Nullable String clientContext,
    boolean streamed,
    @Nullable String tenantId) {
  /** An event of a function that does not tell tenants apart. */
  public Work(
      String requestId,
      byte[] payload,
      String invokedArn,
      long deadlineMillis,
      @Nullable String traceId,
      @Nullable String clientContext,
      boolean streamed) {
    this(requestId, payload, invokedArn, deadlineMillis, traceId, clientContext, streamed, null);
  }
}
