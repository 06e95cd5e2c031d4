package dev.lambic.invocation;

import org.jspecify.annotations.Nullable;

/** What the dispatcher knows of an environment; guarded by its lock. */
final class Place {
  /** The pool that it belongs to. */
  final String pool;

  /** Whether it lies in its pool. */
  boolean pooled;

  /** Whether it was given a call that is not over; kept only where it matters. */
  boolean busy;

  /** What it was made ahead for, and counts for. */
  @Nullable Provision provision;

  /** Whether it has a slot of the {@link Ledger}, until its end; its calls need none then. */
  boolean slot;

  /** How long the initialisation took of which no invocation has told yet, in nanoseconds. */
  long untoldInit;

  Place(String pool) {
    this.pool = pool;
  }
}
