package dev.lambic.invocation;

import dev.lambic.runtime.Environment;

/** What the owner of all environments does when one is free or of no more use. */
interface WorkerOwner {
  /** The invocation is answered; the environment will soon ask for the next, or end. */
  void answered(Worker worker);

  /** The environment waits for an invocation. */
  void idle(Worker worker);

  /** An invocation is over, in whatever way. */
  void invocationOver(Worker worker);

  /** The environment is being ended. */
  void ended(Worker worker);

  /** Ends a frozen environment when that disturbs nobody. */
  void depart(Environment environment);

  /** Takes note of a bug. */
  void fault(String where, Throwable fault);
}
