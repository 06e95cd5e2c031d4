package dev.lambic.invocation;

import dev.lambic.runtime.Environment;
import dev.lambic.runtime.Parts;
import dev.lambic.runtime.PlatformEvent.Phase;
import org.jspecify.annotations.Nullable;

/**
 * Completes the logs of an environment's invocations, and the answers that carry or await them. May
 * block for a while, so most of it is done in chores of the environment.
 */
final class Completion {
  private final Attempts attempts;
  private final EnvironmentLog log;
  private final LogLines lines;
  private final WorkerOwner owner;
  private final Object lock;

  /**
   * Completes what one environment leaves.
   *
   * @param lock guards its invocations
   */
  Completion(
      Attempts attempts, EnvironmentLog log, LogLines lines, WorkerOwner owner, Object lock) {
    this.attempts = attempts;
    this.log = log;
    this.lines = lines;
    this.owner = owner;
    this.lock = lock;
  }

  /** Completes the log of an invocation that was lost, and its answer. */
  void settle(@Nullable Environment of, Fall fall) {
    Task lost = fall.task();
    if (lost == null) {
      return;
    }
    attempts.drain(of);
    Init.Unfit restart = fall.restart();
    if (restart != null) {
      initialized(Phase.INVOKE, restart.nanos(), restart.ending());
    }
    if (!lost.begun) {
      if (restart == null) {
        log.startTail(lost.invocation.wantLog());
      }
      log.platform(lines.start(lost));
    }
    if (fall.line() != null) {
      log.platform(fall.line());
    }
    figures(of, lost);
  }

  /** Writes down what became of an initialisation. */
  void initialized(Phase phase, long nanos, Ending ending) {
    log.platform(lines.initRuntimeDone(phase, ending));
    log.platform(lines.initReport(phase, nanos, ending));
  }

  /** Writes down what became of the first initialisation, or of the restore in its place. */
  void started(boolean restored, long nanos, Ending ending) {
    if (!restored) {
      initialized(Phase.INIT, nanos, ending);
      return;
    }
    log.platform(lines.restoreRuntimeDone(ending));
    log.platform(lines.restoreReport(nanos, ending));
  }

  /** Answers an invocation that was lost. */
  void giveLost(Fall fall) {
    Task lost = fall.task();
    if (lost == null) {
      return;
    }
    Outcome given = lost.outcome;
    if (given != null && (lost.invocation.wantLog() || !fall.answered())) {
      give(lost, given);
    }
  }

  /** Completes the log of an invocation, and its answer if that carries the log. */
  void report(@Nullable Environment of, Task finished) {
    attempts.drain(of);
    figures(of, finished);
    Outcome given = finished.outcome;
    if (finished.invocation.wantLog() && given != null) {
      give(finished, given);
    }
  }

  /**
   * The same at once, on the thread that has read that the runtime waits, which so wakes no other.
   *
   * @return false if it would take more than a moment; then nothing is completed
   */
  boolean reportNow(@Nullable Environment of, Task finished) {
    if (of == null || finished.invocation.wantLog() || !attempts.drainNow(of)) {
      return false;
    }
    figures(of, finished);
    return true;
  }

  private void figures(@Nullable Environment of, Task finished) {
    long peak = attempts.peakMemory(of);
    Parts parts = of == null ? Parts.NONE : of.parts(finished.id());
    synchronized (lock) {
      log.platform(lines.end(finished, parts));
      log.platform(lines.report(finished, peak, parts));
      Outcome given = finished.outcome;
      if (finished.invocation.wantLog() && given != null) {
        finished.outcome = given.withLogTail(log.tail());
      }
    }
  }

  /** Answers an invocation. */
  void give(Task to, Outcome given) {
    try {
      to.answer.outcome(given);
    } catch (RuntimeException e) {
      owner.fault("answering an invocation", e);
    }
  }
}
