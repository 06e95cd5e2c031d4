package dev.lambic.functions;

/** Knows which runtimes this host can run. */
@FunctionalInterface
public interface RuntimeSupport {
  /**
   * Returns if functions with the runtime can run here.
   *
   * @param identifier one of AWS's, such as {@code python3.12}
   * @throws dev.lambic.kernel.LambicException for the caller, if they cannot
   */
  void require(String identifier);
}
