package dev.lambic.runtime;

/**
 * Why an environment is initialised.
 *
 * <p>Follows {@code AWS_LAMBDA_INITIALIZATION_TYPE} in "Defined runtime environment variables" of
 * the Lambda Developer Guide.
 */
public enum Initialization {
  /** An invocation waits for it. */
  ON_DEMAND("on-demand"),
  /** It is made ahead of invocations. */
  PROVISIONED("provisioned-concurrency"),
  /** Of a version that is started from a snapshot of itself, where there is one. */
  SNAP_START("snap-start");

  private final String name;

  Initialization(String name) {
    this.name = name;
  }

  /** AWS's name of it. */
  String awsName() {
    return name;
  }
}
