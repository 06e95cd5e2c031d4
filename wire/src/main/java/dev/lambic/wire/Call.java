package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkRequest;

/**
 * One authenticated request on its way to a {@link RawOperation} or a {@link PassThrough}.
 *
 * <p>Answered exactly once, by {@link #responder} or by {@link #fail}. May be handed to another
 * thread, but used by one at a time.
 */
public interface Call {
  /** Who calls. */
  Caller caller();

  /** The id of the request, which every answer carries as {@code x-amzn-RequestId}. */
  String requestId();

  /** The operation, such as {@code Invoke}; empty where the request names none. */
  String operation();

  /** The request as it came; of a chunk-signed one, the body is decoded already. */
  HttpRequest request();

  /** The way back. */
  Responder responder();

  /** The decoded value of a path label, such as {@code FunctionName}, or null. */
  @Nullable String label(String name);

  /** The decoded value of a query parameter, or null. */
  @Nullable String query(String name);

  /** New headers for an answer, with the request id in them. */
  Headers answerHeaders();

  /**
   * The request in its typed form, parsed and checked as for an operation that is not raw.
   *
   * <p>For the rare paths of a raw operation: it gives AWS's own error for whatever is wrong.
   *
   * @throws dev.lambic.kernel.LambicException if the request is malformed or violates a constraint
   */
  <T extends SdkRequest> T typed(Class<T> type);

  /**
   * Answers with an error in the service's protocol.
   *
   * @param error an AWS SDK service exception or a LambicException; anything else is a bug, is
   *     reported as one and answered with 500
   */
  void fail(Throwable error);
}
