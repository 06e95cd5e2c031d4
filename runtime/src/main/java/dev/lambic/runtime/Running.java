package dev.lambic.runtime;

import dev.lambic.http.HttpServer;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SandboxProcess;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** An environment whose process was started. */
final class Running implements Environment {
  /** Memory that buys one virtual CPU, and the most that can be had; AWS's figures. */
  private static final double MB_PER_CPU = 1769;

  private static final long MIB = 1L << 20;

  private final EnvironmentSpec spec;
  private final Sandbox sandbox;
  private final SandboxProcess process;
  private final RuntimeApi api;
  private final List<HttpServer.Listener> listeners;

  Running(
      EnvironmentSpec spec,
      Sandbox sandbox,
      SandboxProcess process,
      RuntimeApi api,
      List<HttpServer.Listener> listeners) {
    this.spec = spec;
    this.sandbox = sandbox;
    this.process = process;
    this.api = api;
    this.listeners = List.copyOf(listeners);
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public void deliver(Work work) {
    api.deliver(work);
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
    return sandbox.memory().peakBytes();
  }

  @Override
  public void drainOutput() {
    process.drain();
  }

  @Override
  public void kill() {
    listeners.forEach(HttpServer.Listener::close);
    api.close();
    sandbox.kill();
  }

  @Override
  public CompletableFuture<Void> gone() {
    return sandbox.gone();
  }
}
