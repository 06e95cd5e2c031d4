package dev.lambic.invocation.testing;

import dev.lambic.invocation.EnvironmentStarter;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.RuntimeTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Starts environments that a test plays the runtime of. Safe for use by many threads. */
public final class FakeStarter implements EnvironmentStarter {
  private final List<FakeEnvironment> started = new ArrayList<>();
  private final AtomicInteger misuses = new AtomicInteger();
  private @Nullable RuntimeException failing;
  private @Nullable RuntimeException noTarget;
  private Optional<String> warning = Optional.empty();
  private boolean goesAtOnce = true;
  private int failuresLeft = Integer.MAX_VALUE;

  /** Lets the next starts fail; null lets them succeed again. */
  public synchronized void failWith(@Nullable RuntimeException e) {
    failing = e;
    failuresLeft = Integer.MAX_VALUE;
  }

  /** Lets so many starts fail and then succeed again. */
  public synchronized void failTimes(int times, RuntimeException e) {
    failing = e;
    failuresLeft = times;
  }

  /** Lets no runtime be found. */
  public synchronized void findNoTarget(RuntimeException e) {
    noTarget = e;
  }

  /** Lets targets come with a warning. */
  public synchronized void warn(String text) {
    warning = Optional.of(text);
  }

  /** Whether something is left of killed environments until they are told to vanish. */
  public synchronized void keepKilled() {
    goesAtOnce = false;
  }

  @Override
  public synchronized RuntimeTarget target(String runtime) {
    if (noTarget != null) {
      throw noTarget;
    }
    return new RuntimeTarget(runtime, true, List.of(), List.of("/bin/true"), Map.of(), warning);
  }

  @Override
  public synchronized Environment start(EnvironmentSpec spec, EnvironmentListener listener) {
    RuntimeException now = failing;
    if (now != null) {
      failing = --failuresLeft == 0 ? null : now;
      throw now;
    }
    FakeEnvironment environment =
        new FakeEnvironment(spec, listener, goesAtOnce, misuses::incrementAndGet);
    started.add(environment);
    return environment;
  }

  /** Every environment that was started, in order. */
  public synchronized List<FakeEnvironment> started() {
    return List.copyOf(started);
  }

  /** How often an environment was given an event while it had one. */
  public int misuses() {
    return misuses.get();
  }
}
