package dev.lambic.invocation;

import dev.lambic.runtime.ShutdownReason;
import org.jspecify.annotations.Nullable;

/** What became of an initialisation. */
sealed interface Init {
  /** The runtime waits for events. */
  record Ready(long nanos) implements Init {}

  /** It was not, and why. */
  sealed interface Unfit extends Init {
    /** How long it took. */
    long nanos();

    /** What Lambda's figures say about it. */
    Ending ending();

    /** What extensions are told. */
    default ShutdownReason reason() {
      return this instanceof TimedOut ? ShutdownReason.TIMEOUT : ShutdownReason.FAILURE;
    }
  }

  /** It took longer than it may. */
  record TimedOut(long nanos) implements Unfit {
    @Override
    public Ending ending() {
      return Ending.timeout();
    }
  }

  /** What the function has to do after it was restored from a snapshot has failed. */
  record RestoreFailed(long nanos, String type) implements Unfit {
    @Override
    public Ending ending() {
      return Ending.error(type);
    }
  }

  /**
   * The runtime gave up.
   *
   * @param body the JSON of its error; null if it just ended
   * @param exit how it ended, in words; empty if it gave a body
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Failed(long nanos, String type, byte @Nullable [] body, String exit) implements Unfit {
    @Override
    public Ending ending() {
      return Ending.error(type);
    }
  }
}
