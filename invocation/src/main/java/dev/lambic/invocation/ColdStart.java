package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The way of one invocation through an environment that is made for it.
 *
 * <p>Nothing here waits: each step is run by what the one before it leads to. An initialisation
 * that takes too long is begun anew in another environment, then within the invocation's own time,
 * as Lambda does.
 */
final class ColdStart {
  /** How long a start may wait for its turn. */
  private static final Duration MAX_QUEUED = Duration.ofSeconds(30);

  /** What the invocations of one dispatcher share. */
  interface Home {
    /** Makes an environment; its start leaves the queue when it is gone, or by throwing. */
    Worker make(FunctionImage image);

    /** The invocation has an environment, or will have none. */
    void settled(Invocation invocation);

    /** The invocation does not count as running any more. */
    void over();

    /** Takes note of a bug. */
    void fault(String where, Throwable fault);
  }

  private final Invocation invocation;
  private final Invoker.Answer answer;
  private final Home home;
  private final StartQueue queue;
  private final Timers timers;
  private final Executor background;
  private final Ticker ticker;
  private final Duration initTimeout;

  ColdStart(
      Invocation invocation,
      Invoker.Answer answer,
      Home home,
      StartQueue queue,
      Timers timers,
      Executor background,
      Ticker ticker,
      Duration initTimeout) {
    this.invocation = invocation;
    this.answer = answer;
    this.home = home;
    this.queue = queue;
    this.timers = timers;
    this.background = background;
    this.ticker = ticker;
    this.initTimeout = initTimeout;
  }

  void begin() {
    queue(new Attempt(false, ticker.nanos(), initTimeout.toNanos()));
  }

  /** Whether the invocation has its environment or its answer; after that others look after it. */
  private volatile boolean settled;

  /** One try to have an initialised environment. */
  private record Attempt(boolean second, long began, long limit) {}

  private void queue(Attempt attempt) {
    AtomicBoolean taken = new AtomicBoolean();
    AtomicReference<Timers.Timer> patience = new AtomicReference<>(() -> {});
    queue.submit(() -> {
      if (taken.compareAndSet(false, true)) {
        patience.get().cancel();
        launch(attempt);
      } else {
        queue.started();
        queue.gone();
      }
    });
    Timers.Timer due =
        timers.after(
            MAX_QUEUED.toNanos(),
            () -> {
              if (taken.compareAndSet(false, true)) {
                refuse(
                    new LambicException(
                        "ServiceException",
                        Blame.CAPACITY,
                        "Too many environments are being started."));
              }
            });
    patience.set(due);
    if (taken.get()) {
      due.cancel();
    }
  }

  private void launch(Attempt attempt) {
    Worker worker;
    try {
      worker = home.make(invocation.image());
    } catch (LambicException e) {
      notMade(e);
      return;
    } catch (RuntimeException | Error e) {
      home.fault("starting an environment", e);
      refuse(failure("An environment failed to start.", e));
      return;
    } finally {
      queue.started();
    }
    long left = Math.max(0, attempt.limit - (attempt.second ? ticker.nanos() - attempt.began : 0));
    Timers.Timer limit = timers.after(left, worker::initTimedOut);
    var _ =
        worker
            .init()
            .whenComplete((init, never) -> {
              limit.cancel();
              background.execute(() -> settle(worker, init, attempt));
            });
  }

  private void notMade(LambicException e) {
    switch (e.blame()) {
      case FUNCTION -> {
        String id = invocation.requestId();
        byte[] body = InvocationErrors.body(e.code(), id, String.valueOf(e.getMessage()));
        finish(new Outcome(body, "Unhandled", invocation.wantLog() ? new byte[0] : null));
      }
      case CALLER, CAPACITY -> refuse(e);
      case PLATFORM -> {
        home.fault("starting an environment of " + invocation.image().name(), e);
        refuse(failure("An environment could not be started: " + e.getMessage(), e));
      }
    }
  }

  private static LambicException failure(String message, Throwable cause) {
    return new LambicException("ServiceException", Blame.PLATFORM, message, cause);
  }

  private void settle(Worker worker, Worker.Init init, Attempt attempt) {
    try {
      initialized(worker, init, attempt);
    } catch (RuntimeException | Error e) {
      home.fault("initialising an environment", e);
      worker.endIfIdle();
      if (!settled) {
        refuse(failure("An environment failed to start.", e));
      }
    }
  }

  private void initialized(Worker worker, Worker.Init init, Attempt attempt) {
    switch (init) {
      case Worker.Init.Ready ready -> run(worker, ready.nanos(), attempt);
      case Worker.Init.Failed failed -> {
        worker.endIfIdle();
        finish(initFailed(worker, failed));
      }
      case Worker.Init.TimedOut late -> {
        worker.endIfIdle();
        if (attempt.second) {
          finish(timedOut(worker, attempt));
        } else {
          long timeout = TimeUnit.SECONDS.toNanos(invocation.image().timeoutSeconds());
          queue(new Attempt(true, ticker.nanos(), timeout));
          worker.logInit(late.nanos(), LogLines.TIMEOUT);
        }
      }
    }
  }

  private void run(Worker worker, long initNanos, Attempt attempt) {
    try {
      worker.limitCpu();
    } catch (RuntimeException e) {
      // It may have ended meanwhile; then that is what the caller is told.
      if (worker.endIfIdle()) {
        home.fault("limiting an environment", e);
        refuse(failure("An environment could not be limited.", e));
        return;
      }
    }
    long used = attempt.second ? ticker.nanos() - attempt.began : 0;
    settled = true;
    home.settled(invocation);
    if (!worker.run(invocation, answer, attempt.second ? 0 : initNanos, used)) {
      over(initFailed(worker, worker.howItEnded()));
    }
  }

  private Outcome initFailed(Worker worker, Worker.Init.Failed failed) {
    String id = invocation.requestId();
    byte[] body = failed.body();
    worker.logFailedInit(id, failed);
    byte[] shown = body != null ? body : InvocationErrors.body(failed.type(), id, failed.exit());
    return new Outcome(shown, "Unhandled", logTail(worker));
  }

  private Outcome timedOut(Worker worker, Attempt attempt) {
    String id = invocation.requestId();
    String message = InvocationErrors.timedOut(invocation.image().timeoutSeconds());
    worker.logTimedOutInit(id, message, ticker.nanos() - attempt.began);
    byte[] body = InvocationErrors.body("Sandbox.Timedout", id, message);
    return new Outcome(body, "Unhandled", logTail(worker));
  }

  private byte @Nullable [] logTail(Worker worker) {
    return invocation.wantLog() ? worker.logTail() : null;
  }

  private void finish(Outcome outcome) {
    settled = true;
    home.settled(invocation);
    over(outcome);
  }

  private void over(Outcome outcome) {
    home.over();
    answer.outcome(outcome);
  }

  private void refuse(LambicException why) {
    settled = true;
    home.settled(invocation);
    home.over();
    answer.refused(why);
  }
}
