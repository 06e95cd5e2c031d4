package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The way of one invocation through an environment that is made for it.
 *
 * <p>Nothing here waits: each step is run by what the one before it leads to. An initialisation
 * that fails or takes too long is begun anew, then within the invocation's own time, as Lambda
 * does. An environment that this host could not make is tried up to twice more, within the time
 * that a start may wait: the event has not been seen by anybody, and what failed may have been
 * replaced meanwhile.
 */
final class ColdStart {
  /** How long the starts for one invocation may wait for their turns, together. */
  private static final Duration MAX_QUEUED = Duration.ofSeconds(30);

  private static final int ATTEMPTS = 3;

  /** What the invocations of one dispatcher share. */
  interface Home {
    /** Makes an environment; its start leaves the queue when it is gone, or by throwing. */
    Worker make(Call call);

    /** The invocation has an environment, or will have none. */
    void settled(Call call);

    /** The invocation does not count as running any more. */
    void over(Call call);

    /** Takes note of a bug. */
    void fault(String where, Throwable fault);
  }

  private final Call call;
  private final Invocation invocation;
  private final Invoker.Answer answer;
  private final Home home;
  private final StartQueue queue;
  private final Ticker ticker;
  private final Timers timers;
  private final Executor background;
  private final Duration initTimeout;

  ColdStart(
      Call call,
      Home home,
      StartQueue queue,
      Ticker ticker,
      Timers timers,
      Executor background,
      Duration initTimeout) {
    this.call = call;
    this.invocation = call.invocation;
    this.answer = call.answer;
    this.home = home;
    this.queue = queue;
    this.ticker = ticker;
    this.timers = timers;
    this.background = background;
    this.initTimeout = initTimeout;
  }

  /** Whether the invocation has its environment or its answer; after that others look after it. */
  private volatile boolean settled;

  /** How often its environment could not be made. */
  private final AtomicInteger failures = new AtomicInteger();

  /** Waits for its turn; whatever comes of it leads to the answer. */
  void begin() {
    begin(ticker.nanos() + MAX_QUEUED.toNanos());
  }

  private void begin(long deadline) {
    AtomicBoolean taken = new AtomicBoolean();
    AtomicReference<Timers.Timer> patience = new AtomicReference<>(() -> {});
    queue.submit(() -> {
      if (taken.compareAndSet(false, true)) {
        patience.get().cancel();
        launch(deadline);
      } else {
        queue.started();
        queue.gone();
      }
    });
    Timers.Timer due =
        timers.after(
            Math.max(0, deadline - ticker.nanos()),
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

  private void launch(long deadline) {
    Worker worker;
    try {
      worker = home.make(call);
    } catch (LambicException e) {
      notMade(e, deadline);
      return;
    } catch (RuntimeException | Error e) {
      home.fault("starting an environment", e);
      refuse(failure("An environment failed to start.", e));
      return;
    } finally {
      queue.started();
    }
    Timers.Timer limit = timers.after(initTimeout.toNanos(), worker::initTimedOut);
    var _ =
        worker
            .init()
            .whenComplete((init, never) -> {
              limit.cancel();
              background.execute(() -> settle(worker, init));
            });
  }

  private void notMade(LambicException e, long deadline) {
    switch (e.blame()) {
      case FUNCTION -> {
        String id = invocation.requestId();
        byte[] body = InvocationErrors.body(e.code(), id, String.valueOf(e.getMessage()));
        Outcome failure = Outcome.failure(e.code(), body);
        finish(invocation.wantLog() ? failure.withLogTail(new byte[0]) : failure);
      }
      case CALLER, CAPACITY -> refuse(e);
      case PLATFORM -> {
        if (failures.incrementAndGet() < ATTEMPTS) {
          begin(deadline);
          return;
        }
        home.fault("starting an environment of " + invocation.image().name(), e);
        refuse(failure("An environment could not be started: " + e.getMessage(), e));
      }
    }
  }

  private static LambicException failure(String message, Throwable cause) {
    return new LambicException("ServiceException", Blame.PLATFORM, message, cause);
  }

  private void settle(Worker worker, Init init) {
    try {
      initialized(worker, init);
    } catch (RuntimeException | Error e) {
      home.fault("initialising an environment", e);
      worker.endIfIdle();
      if (!settled) {
        refuse(failure("An environment failed to start.", e));
      }
    }
  }

  private void initialized(Worker worker, Init init) {
    switch (init) {
      case Init.Ready ready -> run(worker, ready);
      case Init.Unfit unfit when worker.isRestored() -> {
        worker.endUnfit(unfit);
        refuse(InvocationErrors.notRestored(unfit));
      }
      case Init.Unfit unfit -> {
        settle();
        if (!worker.runAnew(invocation, answer, unfit) && !worker.run(invocation, answer, 0)) {
          tooLate(worker, 0);
        }
      }
    }
  }

  private void run(Worker worker, Init.Ready ready) {
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
    worker.logInit(ready);
    settle();
    if (!worker.run(invocation, answer, ready.nanos())) {
      tooLate(worker, ready.nanos());
    }
  }

  private void settle() {
    settled = true;
    home.settled(call);
  }

  private void tooLate(Worker worker, long initNanos) {
    home.over(call);
    worker.tooLate(invocation, answer, initNanos);
  }

  private void finish(Outcome outcome) {
    settle();
    home.over(call);
    answer.outcome(outcome);
  }

  private void refuse(LambicException why) {
    settle();
    home.over(call);
    answer.refused(why);
  }
}
