package dev.lambic.invocation;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The environments of one state of a function version that may get invocations soon.
 *
 * <p>An environment that has answered asks for its next event a moment later, often later than its
 * caller's next call comes. Such a call waits for that moment instead of paying for a cold start.
 * Guarded by the dispatcher's lock.
 */
final class Pool {
  /** An invocation that waits for an environment that has answered already. */
  static final class Waiting {
    final Invocation invocation;
    final Invoker.Answer answer;

    Waiting(Invocation invocation, Invoker.Answer answer) {
      this.invocation = invocation;
      this.answer = answer;
    }
  }

  private final Deque<Worker> idle = new ArrayDeque<>();
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int answered;

  /** The environment that became idle last, for it is the one most likely in the caches. */
  @Nullable Worker takeIdle() {
    return idle.pollLast();
  }

  /** The environment that has been idle for longest. */
  @Nullable Worker oldest() {
    return idle.peekFirst();
  }

  Iterable<Worker> idle() {
    return idle;
  }

  /** Lets the invocation wait if an environment is about to be idle for it. */
  @Nullable Waiting await(Invocation invocation, Invoker.Answer answer) {
    if (answered <= waiting.size()) {
      return null;
    }
    Waiting entry = new Waiting(invocation, answer);
    waiting.addLast(entry);
    return entry;
  }

  /** Whether the invocation still waited; it does not any more. */
  boolean giveUp(Waiting entry) {
    return waiting.remove(entry);
  }

  void answered() {
    answered++;
  }

  /**
   * An environment that had answered is idle; the invocation that it shall run at once, or null.
   */
  @Nullable Waiting becameIdle(Worker worker, boolean keep) {
    answered--;
    Waiting next = keep ? waiting.pollFirst() : null;
    if (next == null && keep) {
      idle.addLast(worker);
    }
    return next;
  }

  /** An environment ended; the invocation that waited for it in vain, or null. */
  @Nullable Waiting ended(Worker worker, boolean hadAnswered) {
    idle.remove(worker);
    if (hadAnswered) {
      answered--;
    }
    return waiting.size() > answered ? waiting.pollFirst() : null;
  }

  boolean isEmpty() {
    return idle.isEmpty() && waiting.isEmpty() && answered == 0;
  }
}
