package dev.lambic.runtime;

import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An environment whose process was started. */
final class Running implements Environment {
  /** Starts the runtime in the sandbox. */
  @FunctionalInterface
  interface Starter {
    /** Starts it; the generation is complete when this returns. */
    void start(Generation generation);
  }

  /** Memory that buys one virtual CPU, and the most that can be had; AWS's figures. */
  static final double MB_PER_CPU = 1769;

  private static final long MIB = 1L << 20;

  private final EnvironmentSpec spec;
  private final Sandbox sandbox;
  private final HttpServer.Listener aws;
  private final EnvironmentListener listener;
  private final Starter starter;
  private final Services services;
  private volatile Generation generation;
  private final SnapStart.@Nullable Mode mode;
  private volatile boolean killed;

  /**
   * Starts the runtime for the first time.
   *
   * @param mode of an environment of a version with snapshots; null of any other
   * @param first starts it now
   * @param starter starts it each time that it has ended
   */
  Running(
      EnvironmentSpec spec,
      Sandbox sandbox,
      HttpServer.Listener aws,
      EnvironmentListener listener,
      SnapStart.@Nullable Mode mode,
      Starter first,
      Starter starter,
      Services services) {
    this.spec = spec;
    this.sandbox = sandbox;
    this.aws = aws;
    this.listener = listener;
    this.starter = starter;
    this.services = services;
    this.mode = mode;
    this.generation = new Generation(listener, spec, sandbox, services, mode);
    first.start(generation);
  }

  @Override
  public boolean isRestored() {
    return mode != null && mode.isCopy() && generation.isFirst();
  }

  /** See {@link SnapStart.Mode#token}. */
  String token() {
    return mode == null ? "" : mode.token();
  }

  @Override
  public void checkpoint(SnapshotStore.Writing to) {
    if (!(mode instanceof SnapStart.Template)) {
      throw new IllegalStateException("not a template");
    }
    if (hasExtensions()) {
      throw new LambicException(
          "SnapshotRefused",
          Blame.FUNCTION,
          "There are no snapshots of functions with extensions.");
    }
    // Nothing of its end is anybody's failure.
    generation.crew().expectEnds();
    to.checkpoint(sandbox::checkpoint);
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public void deliver(Work work) {
    generation.deliver(work);
  }

  @Override
  public void limitCpu() {
    try {
      sandbox.limit(new Limits(spec.memoryMb() * MIB, spec.memoryMb() / MB_PER_CPU, 1024));
    } catch (SandboxException e) {
      // What has ended needs no limit; the listener is told of the end.
      if (!e.step().equals(SandboxException.DEAD)) {
        throw e;
      }
    }
  }

  @Override
  public long peakMemory() {
    return sandbox.peakMemory();
  }

  @Override
  public void drainOutput() {
    generation.drain();
  }

  @Override
  public boolean drainOutputNow() {
    return generation.drainNow();
  }

  @Override
  public void freeze() {
    Crew crew = generation.crew();
    crew.settleBeforeFreeze();
    sandbox.freeze();
    if (crew.isShuttingDown()) {
      // The shutdown may have thawed it before: extensions need their time to end.
      sandbox.thaw();
    }
  }

  @Override
  public void thaw() {
    sandbox.thaw();
  }

  @Override
  public void stop() {
    generation.end();
    sandbox.clear();
  }

  @Override
  public void restart(Runnable begins) {
    SnapStart.@Nullable Mode again = mode == null ? null : mode.again();
    Generation next = new Generation(listener, spec, sandbox, services, again);
    generation = next;
    try {
      begins.run();
      starter.start(next);
    } finally {
      if (killed) {
        next.close();
      }
    }
  }

  @Override
  public void telemetry(PlatformEvent event) {
    generation.crew().publish(event);
  }

  @Override
  public Parts parts(String requestId) {
    return generation.crew().parts(requestId);
  }

  @Override
  public boolean hasExtensions() {
    return generation.crew().hasExtensions();
  }

  @Override
  public CompletableFuture<Void> shutdown(ShutdownReason reason) {
    Generation of = generation;
    CompletableFuture<Void> over = new CompletableFuture<>();
    if (!of.crew().hasExtensions() || killed) {
      over.complete(null);
      return over;
    }
    of.crew().expectEnds();
    Thread.startVirtualThread(() -> {
      try {
        sandbox.thaw();
        of.shutdown(reason);
      } catch (SandboxException e) {
        // It has ended in another way.
      } catch (RuntimeException | Error e) {
        services.faults().fault("shutting extensions down", e);
      } finally {
        over.complete(null);
      }
    });
    return over;
  }

  @Override
  public void kill() {
    killed = true;
    aws.close();
    generation.close();
    sandbox.kill();
  }

  /** Serves what runs no more and hears nothing of it; it is ended by somebody else. */
  void abandon() {
    killed = true;
    aws.close();
    generation.crew().expectEnds();
    generation.close();
  }

  @Override
  public CompletableFuture<Void> gone() {
    return sandbox.gone();
  }
}
