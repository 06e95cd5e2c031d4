package dev.lambic.sandbox;

import dev.lambic.kernel.FaultHandler;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Sees dead sandboxes off until nothing of them is left; on a virtual thread for each.
 *
 * <p>A process can hang in the kernel where no signal reaches it. Then its sandbox is reported and
 * keeps its name and its place, but holds up nobody else.
 */
final class Undertaker {
  private static final int PATIENCE_SECONDS = 60;

  /** After which the program of a sandbox's template is suspected of keeping it. */
  private static final long TEMPLATE_MILLIS = 10_000;

  private static final int TEMPLATE_TRIES = 6;

  /** Most have ended by then; who has not may lack the processor to do so. */
  private static final long HURRY_MILLIS = 30;

  private static final long FIRST_PAUSE_NANOS = 200_000;
  private static final long LAST_PAUSE_NANOS = 100_000_000;
  private static final int TRIES = 700;

  private final FaultHandler faults;

  Undertaker(FaultHandler faults) {
    this.faults = faults;
  }

  /** Returns at once; runs {@code after} when nothing is left. */
  void bury(LinuxSandbox sandbox, Runnable after) {
    Thread.ofVirtual()
        .name("lambic-undertaker-" + sandbox.name())
        .start(() -> {
          try {
            if (awaitEnd(sandbox) && removeGroup(sandbox)) {
              after.run();
            }
          } catch (RuntimeException | Error e) {
            faults.fault("undertaker", e);
          }
        });
  }

  /** Kills what is in a group that no living server knows, and removes it. */
  boolean removeLeftover(Cgroup cgroup) {
    return remove(cgroup);
  }

  private boolean awaitEnd(LinuxSandbox sandbox) {
    if (!ends(sandbox, HURRY_MILLIS)) {
      sandbox.cgroup().hurry();
    }
    LinuxTemplate template = sandbox.template();
    // More than once: what the program forked meanwhile may hold it again.
    for (int i = 0;
        template != null && i < TEMPLATE_TRIES && !ends(sandbox, TEMPLATE_MILLIS);
        i++) {
      template.hinders();
      sandbox.cgroup().killAll();
    }
    while (true) {
      try {
        sandbox.shellGone().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return true;
      } catch (TimeoutException e) {
        if (sandbox.cgroup().processes().isEmpty()) {
          // Only the launcher can have lost the news. It is of no use any more.
          faults.fault("launcher", new IllegalStateException("the launcher does not answer", e));
          sandbox.launcher().stop();
        } else {
          faults.fault("sandbox " + sandbox.name(), new IllegalStateException("does not end", e));
          sandbox.cgroup().killAll();
        }
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  private static boolean ends(LinuxSandbox sandbox, long millis) {
    try {
      sandbox.shellGone().get(millis, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private boolean removeGroup(LinuxSandbox sandbox) {
    sandbox.rememberMemory();
    while (!remove(sandbox.cgroup())) {
      if (Thread.currentThread().isInterrupted()) {
        return false;
      }
      faults.fault(
          "sandbox " + sandbox.name(), new IllegalStateException("cannot remove its group"));
    }
    return true;
  }

  /** A group can be removed a moment after its last process ended. */
  private static boolean remove(Cgroup cgroup) {
    long pause = FIRST_PAUSE_NANOS;
    for (int i = 0; i < TRIES; i++) {
      if (cgroup.remove()) {
        return true;
      }
      if (i > 0) {
        cgroup.killAll();
      }
      LockSupport.parkNanos(pause);
      pause = Math.min(2 * pause, LAST_PAUSE_NANOS);
    }
    return false;
  }
}
