package dev.lambic.invocation;

import org.jspecify.annotations.Nullable;

/** An invocation that an environment was given; guarded by the lock of its {@link Worker}. */
final class Task {
  final Invocation invocation;
  final Invoker.Answer answer;

  /** How long the initialisation took that this invocation waited for; 0 if none. */
  final long initNanos;

  /** Whether its START is in the log and its event on the way. */
  boolean begun;

  /** Whether {@link #began} holds; it may before the event is on its way. */
  boolean clockRuns;

  long began;
  long ended;
  Ending ending = Ending.success();
  volatile @Nullable Outcome outcome;

  Task(Invocation invocation, Invoker.Answer answer, long initNanos) {
    this.invocation = invocation;
    this.answer = answer;
    this.initNanos = initNanos;
  }

  /** Starts the clock if it does not run yet. */
  void startClock(long now) {
    if (!clockRuns) {
      clockRuns = true;
      began = now;
    }
  }

  /** It is over without an answer of the function. */
  void lose(long now, Ending how, byte[] body) {
    startClock(now);
    ended = now;
    ending = how;
    outcome = Outcome.failure(how.type(), body);
  }

  String id() {
    return invocation.requestId();
  }
}
