package dev.lambic.functions;

import dev.lambic.wire.Caller;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionUrlConfig;

/**
 * Finds functions by their URLs.
 *
 * <p>Works in memory, without locks and without I/O, so it may be called on any thread for every
 * request. Safe for use by many threads.
 */
public interface UrlDirectory {
  /**
   * The URL of this id, or null if there is none.
   *
   * @param id the first part of the URL's host
   */
  @Nullable Found find(String id);

  /**
   * A URL as it is configured at a moment.
   *
   * @param account the function's
   * @param region the function's
   * @param name the function's
   * @param alias null if the URL is the function's own
   * @param config its settings, without the address
   */
  record Found(
      String account,
      String region,
      String name,
      @Nullable String alias,
      FunctionUrlConfig config,
      @Nullable FunctionPolicy policy) {
    /**
     * Whether somebody may invoke the function by the URL. Of its own account everybody who signed
     * may; others need a statement of the function's policy.
     *
     * @param caller null for somebody who did not sign
     */
    public boolean permits(@Nullable Caller caller) {
      return (caller != null && caller.account().equals(account))
          || (policy != null
              && policy.allows(caller, FunctionPolicy.INVOKE_URL, config.authTypeAsString()));
    }
  }
}
