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

  /** Why it is not run; null if it is. */
  @Nullable LambicException refusal;

  Call(Invocation invocation, Invoker.Answer answer) {
    this.invocation = invocation;
    this.answer = answer;
    this.pool = Pool.key(invocation.image(), invocation.tenantId());
  }

  FunctionImage image() {
    return invocation.image();
  }
}
