package dev.lambic.server;

import dev.lambic.functions.FunctionListener;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.EnvironmentFactory;
import dev.lambic.runtime.RuntimeTarget;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Tells which functions there are, so that environments are kept ready for them. Safe for use by
 * many threads.
 */
final class Forecast implements FunctionListener {
  private final HostRuntimes runtimes;
  private final EnvironmentFactory environments;
  private final FaultHandler faults;

  /** One change after the other, for finding an interpreter may take a while. */
  private final ExecutorService changes =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("forecast").factory());

  Forecast(HostRuntimes runtimes, EnvironmentFactory environments, FaultHandler faults) {
    this.runtimes = runtimes;
    this.environments = environments;
    this.faults = faults;
  }

  @Override
  public void updated(FunctionVersion now) {
    changes.execute(() -> tell(() -> expect(now)));
  }

  @Override
  public void deleted(FunctionVersion was) {
    changes.execute(() -> tell(() -> forget(was)));
  }

  private void expect(FunctionVersion now) {
    if (now.container().isPresent()) {
      forget(now);
      return;
    }
    try {
      RuntimeTarget target = runtimes.target(now.runtime());
      environments.expectCode(now.account(), target, now.codeId(), now.layersId());
      environments.expect(
          now.account(),
          now.region(),
          now.functionName(),
          now.version(),
          target,
          now.memoryMb(),
          now.ephemeralMb(),
          now.variables());
    } catch (LambicException e) {
      // This host cannot run it now; a call will be told so.
      forget(now);
    }
  }

  private void forget(FunctionVersion was) {
    environments.forget(was.account(), was.region(), was.functionName(), was.version());
  }

  private void tell(Runnable change) {
    try {
      change.run();
    } catch (RuntimeException | Error e) {
      faults.fault("looking ahead", e);
    }
  }
}
