package dev.lambic.invocation;

import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.PlatformEvent;
import java.util.List;

/** Writes into the environment's log what belongs there whatever the environment is made for. */
abstract class LoggedListener implements EnvironmentListener {
  final EnvironmentLog log;

  LoggedListener(EnvironmentLog log) {
    this.log = log;
  }

  @Override
  public final void output(byte[] bytes, int length) {
    log.output(bytes, length);
  }

  @Override
  public final void extensionLine(String line) {
    log.line(line);
  }

  @Override
  public final void extensions(List<PlatformEvent.Extension> states) {
    states.stream().map(LogLines::extension).forEach(log::platform);
  }

  @Override
  public final void subscribed(PlatformEvent.Subscription subscription) {
    log.platform(LogLines.subscription(subscription));
  }
}
