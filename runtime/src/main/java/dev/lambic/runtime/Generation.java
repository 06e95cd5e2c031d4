package dev.lambic.runtime;

import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpServer;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxProcess;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The processes of an environment from one start of its runtime to the next stop, with the Runtime
 * API that they see.
 *
 * <p>What they do late is of no more interest: once it is over, nothing of it is heard. Each start
 * has a listening socket of its own, so that no request of a process that was ended can be taken
 * for one of its successor. Safe for use by many threads.
 */
final class Generation implements EnvironmentListener {
  private final EnvironmentListener listener;
  private final RuntimeApi api;
  private final SnapStart.@Nullable Mode mode;
  private final Crew crew;
  private volatile HttpServer.@Nullable Listener address;
  private volatile @Nullable SandboxProcess process;
  private boolean over;
  private volatile boolean closed;

  /** Without snapshots. */
  Generation(
      EnvironmentListener listener, EnvironmentSpec spec, Sandbox sandbox, Services services) {
    this(listener, spec, sandbox, services, null);
  }

  @SuppressWarnings("this-escape") // the crew calls back when something happens, not before
  Generation(
      EnvironmentListener listener,
      EnvironmentSpec spec,
      Sandbox sandbox,
      Services services,
      SnapStart.@Nullable Mode mode) {
    this.listener = listener;
    this.mode = mode;
    this.api =
        new RuntimeApi(
            this,
            this::runtimeWaits,
            mode == null ? null : new SnapStart(mode, spec.credentials(), services.ticker()));
    this.crew = new Crew(this, spec, sandbox, services);
  }

  /** What is served on the port of the Runtime API. */
  HttpHandler api() {
    return crew.with(api);
  }

  Crew crew() {
    return crew;
  }

  /** Whether it is what the environment was made with, rather than a later start of its runtime. */
  boolean isFirst() {
    return mode != null && mode.isCopy();
  }

  void deliver(Work work) {
    crew.deliver(work);
    api.deliver(work);
  }

  /** See {@link Environment#shutdown}; waits. */
  void shutdown(ShutdownReason reason) {
    crew.shutdown(reason, process);
  }

  /** The address on which the API is served. */
  void servedAt(HttpServer.Listener served) {
    address = served;
  }

  /** The runtime's process. */
  void runs(SandboxProcess started) {
    process = started;
    var _ = started.exit().thenAccept(exit -> exited(exit.code(), exit.signal()));
  }

  void drain() {
    SandboxProcess of = process;
    if (of != null) {
      of.drain();
    }
    crew.drain();
  }

  boolean drainNow() {
    SandboxProcess of = process;
    return !crew.hasExtensions() && (of == null || of.drainNow());
  }

  /** From its return on, the listener hears nothing but late output, and the port is free. */
  void end() {
    crew.expectEnds();
    crew.tellStates();
    synchronized (this) {
      over = true;
    }
    HttpServer.Listener served = address;
    if (served != null) {
      served.stopAccepting();
      served.close();
    }
    api.close();
    crew.close();
  }

  /**
   * Closes the address, without waiting; the listener still hears of the process's end. Takes no
   * lock, for it may be called from within what another environment says.
   */
  void close() {
    closed = true;
    HttpServer.Listener served = address;
    if (served != null) {
      served.close();
    }
    api.close();
    crew.close();
  }

  // The lock is held while the listener is told, which does not block: so no call is under way
  // when `end` returns.

  private void runtimeWaits(long had) {
    if (crew.runtimeWaits(had)) {
      ready();
    }
  }

  /** The runtime and every extension wait for an event. */
  @Override
  public synchronized void ready() {
    if (!over) {
      listener.ready();
    }
  }

  @Override
  public synchronized void responded(String requestId, byte[] body) {
    crew.clock().answered(body.length, null);
    if (!over) {
      listener.responded(requestId, body);
    }
  }

  @Override
  public synchronized void streaming(String requestId, String contentType, ResultFlow flow) {
    if (!over) {
      listener.streaming(requestId, contentType, flow);
    }
  }

  @Override
  public synchronized void streamed(String requestId, byte[] piece) {
    crew.clock().produced(piece.length);
    if (!over) {
      listener.streamed(requestId, piece);
    }
  }

  @Override
  public synchronized void streamEnded(String requestId) {
    crew.clock().answered(0, null);
    if (!over) {
      listener.streamEnded(requestId);
    }
  }

  @Override
  public synchronized void failed(String requestId, String errorType, byte[] body) {
    crew.clock().answered(0, errorType);
    if (!over) {
      listener.failed(requestId, errorType, body);
    }
  }

  @Override
  public synchronized void initFailed(String errorType, byte[] body) {
    if (!over) {
      listener.initFailed(errorType, body);
    }
  }

  @Override
  public synchronized void checkpointable() {
    if (!over) {
      listener.checkpointable();
    }
  }

  @Override
  public synchronized void restoreFailed(String errorType, byte[] body) {
    if (!over) {
      listener.restoreFailed(errorType, body);
    }
  }

  @Override
  public void output(byte[] bytes, int length) {
    crew.output(bytes, length);
    listener.output(bytes, length);
  }

  @Override
  public void exited(int code, int signal) {
    String how = ProcessEnd.describeRuntime(code, signal);
    String fatal = crew.runtimeExited(how);
    synchronized (this) {
      if (over) {
        return;
      }
      if (signal != 0 && !closed && !api.hasGoneOn() && mode instanceof SnapStart.Restored copy) {
        // Nothing of the function's has run since the snapshot was made.
        copy.snapshot().failed();
      } else if (signal == 0
          && !closed
          && !api.hasGoneOn()
          && mode instanceof SnapStart.Forked fork) {
        // Something in it ends its forks, which a snapshot may do without. A signal may be the
        // end of the template itself, of which there is to be another.
        fork.template().isOfNoUse();
      }
      if (fatal == null) {
        listener.exited(code, signal);
      } else {
        listener.broken(fatal, how);
      }
    }
  }

  @Override
  public synchronized void broken(String errorType, String message) {
    if (!over) {
      listener.broken(errorType, message);
    }
  }

  @Override
  public void extensionLine(String line) {
    listener.extensionLine(line);
  }

  @Override
  public synchronized void extensions(List<PlatformEvent.Extension> states) {
    if (!over) {
      listener.extensions(states);
    }
  }

  @Override
  public synchronized void subscribed(PlatformEvent.Subscription subscription) {
    if (!over) {
      listener.subscribed(subscription);
    }
  }
}
