package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * The way of one environment that is made ahead of invocations, until it is initialised.
 *
 * <p>Nothing here waits. An initialisation that fails ends the environment; whether another one is
 * made is decided elsewhere.
 */
final class ProvisionedStart {
  /** AWS's word for an initialisation that fails. */
  static final String INIT_FAILURE = "FUNCTION_ERROR_INIT_FAILURE";

  /** How long an initialisation may take at least, as on Lambda. */
  private static final Duration MIN_TIMEOUT = Duration.ofSeconds(130);

  /** Who asked for it. */
  interface Home {
    /** Whether the environment is still wanted. */
    boolean isWanted(Provision of);

    /** Makes an environment; its start leaves the queue when it is gone, or by throwing. */
    Worker make(ProvisionedStart start);

    /** There is an environment now, or there will be none. */
    void launched(ProvisionedStart start);

    /** None was made, for it is not wanted any more. */
    void dropped(ProvisionedStart start);

    /** None was made, though it was tried. */
    void notMade(ProvisionedStart start, String why);

    /** The environment is initialised. */
    void ready(Worker worker);

    /** The environment is of no use; returns whether it was wanted until now. */
    boolean unfit(Worker worker, String why);

    /** Takes note of a bug. */
    void fault(String where, Throwable fault);
  }

  private final Provision of;
  private final Home home;
  private final StartQueue queue;
  private final Timers timers;
  private final Executor background;

  /** Whether the environment counts for itself; guarded by the dispatcher's lock. */
  boolean known;

  ProvisionedStart(Provision of, Home home, StartQueue queue, Timers timers, Executor background) {
    this.of = of;
    this.home = home;
    this.queue = queue;
    this.timers = timers;
    this.background = background;
  }

  Provision of() {
    return of;
  }

  /** Waits for its turn. */
  void begin() {
    queue.submit(this::launch);
  }

  private void launch() {
    if (!home.isWanted(of)) {
      queue.started();
      queue.gone();
      home.dropped(this);
      home.launched(this);
      return;
    }
    Worker worker;
    try {
      worker = home.make(this);
    } catch (LambicException e) {
      if (e.blame() == Blame.PLATFORM) {
        home.fault("starting an environment of " + of.image.name(), e);
      }
      boolean ofFunction = e.blame() == Blame.FUNCTION;
      home.notMade(this, ofFunction ? INIT_FAILURE : String.valueOf(e.getMessage()));
      return;
    } catch (RuntimeException | Error e) {
      home.fault("starting an environment", e);
      home.notMade(this, "An environment failed to start.");
      return;
    } finally {
      queue.started();
      home.launched(this);
    }
    long seconds = Math.max(MIN_TIMEOUT.toSeconds(), of.image.timeoutSeconds());
    Timers.Timer limit = timers.after(Duration.ofSeconds(seconds).toNanos(), worker::initTimedOut);
    var _ =
        worker
            .init()
            .whenComplete((init, never) -> {
              limit.cancel();
              background.execute(() -> settle(worker, init));
            });
  }

  private void settle(Worker worker, Init init) {
    switch (init) {
      case Init.Ready ready -> {
        try {
          worker.limitCpu();
        } catch (RuntimeException e) {
          // It may have ended meanwhile; then others know.
          if (home.unfit(worker, "An environment could not be limited.")) {
            home.fault("limiting an environment", e);
            worker.end();
          }
          return;
        }
        worker.logInit(ready);
        worker.place().untoldInit = ready.nanos();
        home.ready(worker);
      }
      case Init.Unfit unfit -> {
        if (home.unfit(worker, INIT_FAILURE)) {
          worker.endUnfit(unfit);
        } else {
          worker.end();
        }
      }
    }
  }
}
