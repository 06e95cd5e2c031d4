package dev.lambic.server;

import dev.lambic.functions.FunctionListener;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.invocation.Dispatcher;

/** Has the environments made that are to be made ahead. Safe for use by many threads. */
final class Provisioning implements FunctionListener {
  private final Dispatcher dispatcher;
  private final Images images;

  /**
   * Hears of changes after the images do.
   *
   * @param images hears of every change before this does
   */
  Provisioning(Dispatcher dispatcher, Images images) {
    this.dispatcher = dispatcher;
    this.images = images;
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
  public void provisioned(FunctionVersion version, int count) {
    dispatcher.provision(images.of(version), count);
  }
}
