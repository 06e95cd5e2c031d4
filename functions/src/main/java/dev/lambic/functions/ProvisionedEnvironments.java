package dev.lambic.functions;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyStatusEnum;

/**
 * Knows how far the environments are that {@link FunctionListener#provisioned} asked for. Safe for
 * use by many threads.
 */
@FunctionalInterface
public interface ProvisionedEnvironments {
  /** Those of a version; a version for which none were asked has none on their way. */
  State of(FunctionVersion version);

  /**
   * How far they are.
   *
   * @param available how many are initialised
   * @param failure why no more come, in AWS's words; null unless they failed
   */
  record State(int available, ProvisionedConcurrencyStatusEnum status, @Nullable String failure) {
    /** None is there yet. */
    public static final State NONE =
        new State(0, ProvisionedConcurrencyStatusEnum.IN_PROGRESS, null);
  }
}
