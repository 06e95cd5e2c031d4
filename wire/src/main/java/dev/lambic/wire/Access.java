package dev.lambic.wire;

/**
 * Decides whether an authenticated caller may use an operation at all.
 *
 * <p>Asked before the request is parsed, on threads that must not block; what depends on the
 * resource is the service's own decision.
 */
@FunctionalInterface
public interface Access {
  /**
   * Returns if the call may go on.
   *
   * @param service signing name, such as {@code lambda}
   * @param operation such as {@code CreateFunction}; empty where the service finds out itself
   * @throws dev.lambic.kernel.LambicException with code {@code AccessDeniedException} if it may not
   */
  void check(Caller caller, String service, String operation);

  /** Everybody may do everything. */
  static Access all() {
    return (caller, service, operation) -> {};
  }
}
