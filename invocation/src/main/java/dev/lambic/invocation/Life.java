package dev.lambic.invocation;

import dev.lambic.kernel.Transitions;
import java.util.EnumSet;

/** The states of an execution environment. */
enum Life {
  /** The runtime was started and has not asked for an event yet. */
  INITIALIZING,
  /** Waits for an event. */
  IDLE,
  /** Has an event whose answer is due. */
  RUNNING,
  /** Has answered, and has not asked for the next event yet. */
  ANSWERED,
  /** Is being ended; nothing of it may be used any more. */
  ENDING;

  /** Which state may follow which. */
  static Transitions<Life> table() {
    return Transitions.named("environment", Life.class)
        .from(INITIALIZING, EnumSet.of(IDLE, ENDING))
        .from(IDLE, EnumSet.of(RUNNING, ENDING))
        .from(RUNNING, EnumSet.of(ANSWERED, ENDING))
        .from(ANSWERED, EnumSet.of(IDLE, ENDING))
        .build();
  }
}
