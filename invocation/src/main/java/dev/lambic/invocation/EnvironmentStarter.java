package dev.lambic.invocation;

import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.LiveTemplate;
import dev.lambic.runtime.RuntimeTarget;
import java.util.Optional;

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

  /**
   * Starts an environment of which a snapshot is to be made, and returns while its runtime
   * initialises.
   *
   * @throws dev.lambic.kernel.LambicException if it cannot be started
   */
  default Environment template(EnvironmentSpec spec, EnvironmentListener listener) {
    throw new IllegalStateException("no snapshots are made here");
  }

  /**
   * Starts a process of a version of which there is a snapshot, out of which environments of it
   * will be forked, and returns while its runtime initialises.
   *
   * @return empty if there can be none, or is one
   * @throws dev.lambic.kernel.LambicException if it cannot be started
   */
  default Optional<LiveTemplate> liveTemplate(EnvironmentSpec spec, EnvironmentListener listener) {
    return Optional.empty();
  }

  /**
   * Restores the snapshot that there is, as far as to where it was made, to see that it works.
   *
   * @throws dev.lambic.kernel.LambicException if it cannot be restored
   */
  default Environment trial(EnvironmentSpec spec, EnvironmentListener listener) {
    throw new IllegalStateException("no snapshots are made here");
  }
}
