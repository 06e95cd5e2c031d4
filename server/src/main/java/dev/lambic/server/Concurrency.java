package dev.lambic.server;

import dev.lambic.functions.FunctionListener;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.functions.ProvisionedEnvironments;
import dev.lambic.invocation.Dispatcher;
import dev.lambic.invocation.Provisioned;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyStatusEnum;

/** Has the concurrency that the control plane decides on enforced. Safe for use by many threads. */
final class Concurrency implements FunctionListener {
  private final Dispatcher dispatcher;

  Concurrency(Dispatcher dispatcher) {
    this.dispatcher = dispatcher;
  }

  /** How far the environments of the dispatcher are. */
  static ProvisionedEnvironments of(Dispatcher dispatcher) {
    return version ->
        dispatcher
            .provisioned(Images.key(version))
            .map(Concurrency::state)
            .orElse(ProvisionedEnvironments.State.NONE);
  }

  private static ProvisionedEnvironments.State state(Provisioned provisioned) {
    ProvisionedConcurrencyStatusEnum status =
        switch (provisioned.status()) {
          case IN_PROGRESS -> ProvisionedConcurrencyStatusEnum.IN_PROGRESS;
          case READY -> ProvisionedConcurrencyStatusEnum.READY;
          case FAILED -> ProvisionedConcurrencyStatusEnum.FAILED;
        };
    return new ProvisionedEnvironments.State(
        provisioned.available(), status, provisioned.failure());
  }

  @Override
  public void updated(FunctionVersion now) {
    // Its environments are the images' concern.
  }

  @Override
  public void deleted(FunctionVersion was) {
    // As above; no more are made ahead for what is retired.
  }

  @Override
  public void reserved(String account, String region, String functionArn, @Nullable Integer count) {
    dispatcher.reserve(account, region, functionArn, count);
  }
}
