package dev.lambic.invocation;

import java.time.Duration;

/**
 * The limits of running functions.
 *
 * @param accountConcurrency invocations that may run at one time, of an account in a region
 * @param maxEnvironments environments that may exist at one time; the longest idle one makes room
 * @param parallelStarts environments that are started at one time
 * @param idleFor how long an environment is kept without an invocation
 * @param initTimeout how long an initialisation may take before it is begun anew
 */
public record InvocationConfig(
    int accountConcurrency,
    int maxEnvironments,
    int parallelStarts,
    Duration idleFor,
    Duration initTimeout) {
  /** Checks the values and their relations. */
  public InvocationConfig {
    if (accountConcurrency < 1 || parallelStarts < 1 || idleFor.isNegative()) {
      throw new IllegalArgumentException("limits must be positive");
    }
    if (maxEnvironments < accountConcurrency) {
      throw new IllegalArgumentException("each running invocation needs an environment");
    }
  }

  /** How many of the starts may be of environments that no invocation waits for. */
  int parallelProvisions() {
    return Math.max(1, parallelStarts / 2);
  }

  /** How many idle environments are taken down at one time while no start waits for a place. */
  int parallelEnds() {
    return Math.max(1, parallelStarts / 4);
  }

  /** AWS's quotas, and ten minutes of idleness. */
  public static InvocationConfig standard() {
    int cores = Runtime.getRuntime().availableProcessors();
    return new InvocationConfig(
        1000, 1000, Math.max(4, 2 * cores), Duration.ofMinutes(10), Duration.ofSeconds(10));
  }
}
