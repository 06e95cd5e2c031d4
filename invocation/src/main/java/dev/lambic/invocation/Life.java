package dev.lambic.invocation;

import dev.lambic.kernel.Transitions;
import java.util.EnumSet;

/**
 * The states of an execution environment.
 *
 * <p>Follows "Understanding the Lambda execution environment lifecycle" of the Lambda Developer
 * Guide: what it calls the reset after a failure is STOPPING and STOPPED, and its suppressed
 * initialisation is RESTARTING.
 */
enum Life {
  /** The runtime was started and has not asked for an event yet. */
  INITIALIZING,
  /** Waits for an event. */
  IDLE,
  /** Has an event whose answer is due. */
  RUNNING,
  /** Has answered, and has not asked for the next event yet. */
  ANSWERED,
  /** After a failure; its processes are being ended. */
  STOPPING,
  /** No process runs; the next invocation starts the runtime anew. */
  STOPPED,
  /** The runtime is started anew, within the time of an invocation. */
  RESTARTING,
  /** Is being ended; nothing of it may be used any more. */
  ENDING;

  /** Which state may follow which. */
  static Transitions<Life> table() {
    return Transitions.named("environment", Life.class)
        .from(INITIALIZING, EnumSet.of(IDLE, RESTARTING, ENDING))
        .from(IDLE, EnumSet.of(RUNNING, STOPPING, ENDING))
        .from(RUNNING, EnumSet.of(ANSWERED, STOPPING, ENDING))
        .from(ANSWERED, EnumSet.of(IDLE, STOPPING, ENDING))
        .from(STOPPING, EnumSet.of(STOPPED, ENDING))
        .from(STOPPED, EnumSet.of(RESTARTING, ENDING))
        .from(RESTARTING, EnumSet.of(RUNNING, STOPPING, ENDING))
        .build();
  }
}
