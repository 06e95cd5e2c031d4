package dev.lambic.wire;

import software.amazon.awssdk.core.SdkPojo;

/**
 * The limits of a service's model, for requests that come otherwise than over the wire. Safe for
 * use by many threads.
 */
public final class ModelLimits {
  private final Validator validator;

  private ModelLimits(Validator validator) {
    this.validator = validator;
  }

  /** The limits of a service of this program, such as {@code lambda}. */
  public static ModelLimits of(String service) {
    return new ModelLimits(new Validator(ConstraintData.of(service)));
  }

  /**
   * Returns if the request keeps them.
   *
   * @param operation such as {@code CreateFunction}
   * @throws dev.lambic.kernel.LambicException with the error that AWS would answer, if it does not
   */
  public void check(String operation, SdkPojo request) {
    validator.check(operation, request);
  }
}
