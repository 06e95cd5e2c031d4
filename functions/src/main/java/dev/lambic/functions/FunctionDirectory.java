package dev.lambic.functions;

import dev.lambic.wire.Caller;
import org.jspecify.annotations.Nullable;

/**
 * Finds the version that an invocation runs.
 *
 * <p>Works in memory, without locks and without I/O, so it may be called on any thread for every
 * invocation. Safe for use by many threads.
 */
public interface FunctionDirectory {
  /**
   * The version that the caller means.
   *
   * <p>An alias with weights leads to one version or the other, by chance for each call. While an
   * update is in progress this is the version from before it.
   *
   * @param caller who invokes it; a function of another account must permit that
   * @param nameOrArn a name, a partial ARN or a full one, each with a qualifier or without
   * @param qualifier a version or alias; null if the caller gave none
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException with the error that Invoke
   *     answers: {@code ResourceNotFoundException}, {@code InvalidParameterValueException} for two
   *     different qualifiers, {@code ResourceConflictException} for a function that is not yet
   *     active, {@code AccessDeniedException} for a function of another account whose policy does
   *     not permit it
   */
  Resolved resolve(Caller caller, String nameOrArn, @Nullable String qualifier);

  /** The same for the root of an account. */
  default Resolved resolve(
      String account, String region, String nameOrArn, @Nullable String qualifier) {
    return resolve(Caller.ofAccount(account, region), nameOrArn, qualifier);
  }
}
