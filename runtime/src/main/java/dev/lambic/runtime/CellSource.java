package dev.lambic.runtime;

import org.jspecify.annotations.Nullable;

/**
 * Where environments get a {@link Cell} from that is ready sooner than a new one would be. Safe for
 * use by many threads.
 */
@FunctionalInterface
interface CellSource {
  /**
   * A cell for an environment, which is the caller's from now on and nobody else's before or after;
   * returns at once or after a moment.
   *
   * @param extensions whether external extensions run before the runtime is bound
   * @return null if there is none that would serve; whoever asked tries the next source then
   */
  @Nullable Cell take(EnvironmentSpec spec, boolean extensions);
}
