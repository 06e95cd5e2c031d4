package dev.lambic.invocation;

import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.RuntimeTarget;

/** What this module needs of the runtime module to start environments. */
public interface EnvironmentStarter {
  /**
   * How a runtime is started on this host.
   *
   * @throws dev.lambic.kernel.LambicException if it cannot be
   */
  RuntimeTarget target(String runtime);

  /**
   * Starts an environment and returns while its runtime initialises; waits for a bounded time.
   *
   * @throws dev.lambic.kernel.LambicException if it cannot be started
   */
  Environment start(EnvironmentSpec spec, EnvironmentListener listener);
}
