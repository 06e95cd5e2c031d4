package dev.lambic.invocation;

import dev.lambic.kernel.LambicException;
import org.jspecify.annotations.Nullable;

/** An invocation on its way to an environment; guarded by the dispatcher's lock. */
final class Call {
  final Invocation invocation;
  final Invoker.Answer answer;

  /** The pool that its environment may come from. */
  final String pool;

  /** Whether it counts as running; if not, it may only once an environment is there. */
  boolean running;

  /** Whether it has a slot of the {@link Ledger}, rather than the environment that runs it. */
  boolean slot;

  /** Whether it waits for an environment that has answered already. */
  boolean waits;

  /** How long it waits at most, in nanoseconds. */
  long patience;

  /** Why it is not run; null if it is. */
  @Nullable LambicException refusal;

  /** Ends the waiting; of its own lock, and of no meaning when that is over. */
  private Timers.@Nullable Timer due;

  private boolean timed;

  Call(Invocation invocation, Invoker.Answer answer) {
    this.invocation = invocation;
    this.answer = answer;
    this.pool = Pool.key(invocation.image(), invocation.tenantId());
  }

  /** It begins to wait. */
  synchronized void waitsFor(long nanos) {
    patience = nanos;
    timed = true;
  }

  /** The timer that ends its waiting; may come when that is over. */
  synchronized void endsWaitingBy(Timers.Timer timer) {
    if (timed) {
      due = timer;
    } else {
      timer.cancel();
    }
  }

  /** It waits no more; else its timer would hold its event for longer than need be. */
  synchronized void waitsNoMore() {
    timed = false;
    Timers.cancel(due);
    due = null;
  }

  FunctionImage image() {
    return invocation.image();
  }
}
