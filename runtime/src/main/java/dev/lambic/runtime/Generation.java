package dev.lambic.runtime;

import dev.lambic.http.HttpServer;
import dev.lambic.sandbox.SandboxProcess;
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
  private final RuntimeApi api = new RuntimeApi(this);
  private volatile HttpServer.@Nullable Listener address;
  private volatile @Nullable SandboxProcess process;
  private boolean over;

  Generation(EnvironmentListener listener) {
    this.listener = listener;
  }

  RuntimeApi api() {
    return api;
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
  }

  /** From its return on, the listener hears nothing but late output, and the port is free. */
  void end() {
    synchronized (this) {
      over = true;
    }
    HttpServer.Listener served = address;
    if (served != null) {
      served.stopAccepting();
      served.close();
    }
    api.close();
  }

  /**
   * Closes the address, without waiting; the listener still hears of the process's end. Takes no
   * lock, for it may be called from within what another environment says.
   */
  void close() {
    HttpServer.Listener served = address;
    if (served != null) {
      served.close();
    }
    api.close();
  }

  // The lock is held while the listener is told, which does not block: so no call is under way
  // when `end` returns.

  @Override
  public synchronized void ready() {
    if (!over) {
      listener.ready();
    }
  }

  @Override
  public synchronized void responded(String requestId, byte[] body) {
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
    if (!over) {
      listener.streamed(requestId, piece);
    }
  }

  @Override
  public synchronized void streamEnded(String requestId) {
    if (!over) {
      listener.streamEnded(requestId);
    }
  }

  @Override
  public synchronized void failed(String requestId, String errorType, byte[] body) {
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
  public void output(byte[] bytes, int length) {
    listener.output(bytes, length);
  }

  @Override
  public synchronized void exited(int code, int signal) {
    if (!over) {
      listener.exited(code, signal);
    }
  }
}
