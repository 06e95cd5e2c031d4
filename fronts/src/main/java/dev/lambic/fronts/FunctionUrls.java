package dev.lambic.fronts;

import dev.lambic.http.HttpRequest;
import dev.lambic.wire.Caller;
import org.jspecify.annotations.Nullable;

/** What the front has to know; asked on threads that must not block, for every request. */
public interface FunctionUrls {
  /** The URL of this id, or null if there is none. */
  @Nullable FunctionUrl find(String id);

  /**
   * Who signed the request for Lambda.
   *
   * @throws dev.lambic.kernel.LambicException with AWS's error if it is not signed, or wrongly
   */
  Caller authenticate(HttpRequest request);

  /**
   * The trace header for the function.
   *
   * @param received from the client; null for none
   * @param traced whether the function wants to be traced where the client does not decide
   */
  String trace(@Nullable String received, boolean traced);
}
