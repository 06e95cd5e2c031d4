package dev.lambic.invocation;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
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

    /** Whether it counts as running; if not, it may only once an environment is there. */
    final boolean admitted;

    Waiting(Invocation invocation, Invoker.Answer answer, boolean admitted) {
      this.invocation = invocation;
      this.answer = answer;
      this.admitted = admitted;
    }
  }

  private final Deque<Worker> idle = new ArrayDeque<>();
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int answered;

  /** The environment that became idle last, for it is the one most likely in the caches. */
  @Nullable Worker takeIdle() {
    Worker latest = idle.pollLast();
    if (latest != null) {
      latest.pooled = false;
    }
    return latest;
  }

  /** The environment that has been idle for longest. */
  @Nullable Worker oldest() {
    return idle.peekFirst();
  }

  void remove(Worker worker) {
    if (worker.pooled) {
      worker.pooled = false;
      idle.remove(worker);
    }
  }

  Iterable<Worker> idle() {
    return idle;
  }

  /** Lets the invocation wait if an environment is about to be idle for it. */
  @Nullable Waiting await(Invocation invocation, Invoker.Answer answer, boolean admitted) {
    if (answered <= waiting.size()) {
      return null;
    }
    Waiting entry = new Waiting(invocation, answer, admitted);
    waiting.addLast(entry);
    return entry;
  }

  /** Whether the invocation still waited; it does not any more. */
  boolean giveUp(Waiting entry) {
    return waiting.remove(entry);
  }

  /** All that wait; they do not any more. */
  List<Waiting> giveUpAll() {
    List<Waiting> all = List.copyOf(waiting);
    waiting.clear();
    return all;
  }

  /** The environment will be idle soon, unless it ends. */
  void answered(Worker worker) {
    if (!worker.soonIdle) {
      worker.soonIdle = true;
      answered++;
    }
  }

  private void settled(Worker worker) {
    if (worker.soonIdle) {
      worker.soonIdle = false;
      answered--;
    }
  }

  /** An environment is idle; the invocation that it shall run at once, or null. */
  @Nullable Waiting becameIdle(Worker worker, boolean keep) {
    settled(worker);
    Waiting next = keep ? waiting.pollFirst() : null;
    if (next != null || !keep) {
      remove(worker);
    } else if (!worker.pooled) {
      // It may be here already, for its runtime ended and can be started anew.
      worker.pooled = true;
      idle.addLast(worker);
    }
    return next;
  }

  /** An environment ended; the invocation that waited for it in vain, or null. */
  @Nullable Waiting ended(Worker worker) {
    remove(worker);
    settled(worker);
    return waiting.size() > answered ? waiting.pollFirst() : null;
  }

  boolean isEmpty() {
    return idle.isEmpty() && waiting.isEmpty() && answered == 0;
  }
}
