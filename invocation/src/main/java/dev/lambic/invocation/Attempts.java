package dev.lambic.invocation;

import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.ShutdownReason;
import org.jspecify.annotations.Nullable;

/** What is asked of an environment that may be dead, or not there yet. May block for a while. */
record Attempts(WorkerOwner owner) {
  /**
   * Gives extensions their time to end, then ends the processes; returns whether the environment
   * can be used on.
   */
  boolean stop(@Nullable Environment of, ShutdownReason reason) {
    if (of == null) {
      return false;
    }
    try {
      of.shutdown(reason).join();
      of.stop();
      return true;
    } catch (LambicException e) {
      // It is dead already, by itself or for the host could not end its processes.
      return false;
    } catch (RuntimeException e) {
      owner.fault("ending processes", e);
      return false;
    }
  }

  /** Waits until all that was written has been read. */
  void drain(@Nullable Environment of) {
    if (of == null) {
      return;
    }
    try {
      of.drainOutput();
    } catch (RuntimeException e) {
      owner.fault("reading an environment's output", e);
    }
  }

  /** The same, if it takes but a moment; false if it does not. */
  boolean drainNow(Environment of) {
    try {
      return of.drainOutputNow();
    } catch (RuntimeException e) {
      owner.fault("reading an environment's output", e);
      return true;
    }
  }

  /** The most memory that was used, in bytes; 0 if nobody knows. */
  long peakMemory(@Nullable Environment of) {
    if (of == null) {
      return 0;
    }
    try {
      return of.peakMemory();
    } catch (RuntimeException e) {
      owner.fault("reading an environment's memory", e);
      return 0;
    }
  }
}
