package dev.lambic.invocation;

import org.jspecify.annotations.Nullable;

/**
 * How far the environments have come that are made ahead for a function version.
 *
 * @param requested how many there shall be
 * @param available how many are initialised, whether they run something or not
 * @param status ready once all were there, until another number is asked for
 * @param failure why no more are made, in AWS's words where it has some; null unless it failed
 */
public record Provisioned(int requested, int available, Status status, @Nullable String failure) {
  /** Follows {@code ProvisionedConcurrencyStatusEnum} of the Lambda API Reference. */
  public enum Status {
    /** Some are not initialised yet. */
    IN_PROGRESS,
    /** All are, or were and are being replaced. */
    READY,
    /** They cannot be made. */
    FAILED
  }
}
