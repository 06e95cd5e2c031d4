package dev.lambic.runtime;

import dev.lambic.http.BodyFlow;
import dev.lambic.http.BodyReceiver;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.ProcessExit;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SandboxProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The extensions of one {@link Generation}: their processes, their APIs, and what they are told.
 *
 * <p>Follows "Using the Lambda Extensions API to create extensions" of the Lambda Developer Guide:
 * external extensions are started before the runtime, which is started when all of them have
 * registered; everybody is ready when the runtime and all extensions wait for an event. Safe for
 * use by many threads; nothing here waits but {@link #shutdown} and {@link #settleBeforeFreeze}.
 */
final class Crew implements Extensions.Observer {
  /** AWS's limits of the shutdown phase. */
  private static final Duration EXTERNAL_SHUTDOWN = Duration.ofSeconds(2);

  private static final Duration INTERNAL_SHUTDOWN = Duration.ofMillis(500);

  /** How long the shutdown waits for events that are on their way. */
  private static final long FLUSH_MILLIS = 300;

  /** How long freezing waits for them. */
  private static final long FREEZE_FLUSH_MILLIS = 50;

  /** The runtime's share of the shutdown phase, as in AWS's runtime interface emulator. */
  private static final double RUNTIME_SHARE = 0.3;

  private static final int SIGKILL = 9;
  private static final int SIGTERM = 15;

  private final Generation generation;
  private final Services services;
  private final Sandbox sandbox;
  private final Telemetry telemetry;
  private final Extensions extensions;
  private final Readiness readiness;
  private final Stopwatch clock;
  private final Lines functionLines;
  private final Map<String, SandboxProcess> processes = new ConcurrentHashMap<>();
  private volatile @Nullable Runnable runtime;
  private volatile boolean shuttingDown;

  // Guarded by this object's lock.
  private boolean told;
  private String doneId = "";
  private PlatformEvent.@Nullable RuntimeDone untold;

  Crew(Generation generation, EnvironmentSpec spec, Sandbox sandbox, Services services) {
    this.generation = generation;
    this.services = services;
    this.sandbox = sandbox;
    telemetry =
        new Telemetry(
            spec,
            spec.logSettings().json(),
            sandbox::connect,
            services.ticker(),
            services.telemetry(),
            services.faults());
    extensions =
        new Extensions(
            new Extensions.Function(
                spec.functionName(), spec.version(), spec.handler(), spec.account()),
            telemetry,
            services.ids(),
            this);
    readiness = new Readiness(extensions::areReady);
    clock = new Stopwatch(services.ticker());
    functionLines = new Lines(line -> telemetry.line("function", line));
  }

  /** The APIs on the port of the Runtime API: its own and those of extensions. */
  HttpHandler with(HttpHandler runtimeApi) {
    return new HttpHandler() {
      @Override
      public void handle(HttpRequest request, Responder responder) {
        HttpHandler of = Extensions.serves(request.rawPath()) ? extensions : runtimeApi;
        of.handle(request, responder);
      }

      @Override
      public boolean wantsPieces(HttpRequest head) {
        if (head.rawPath().endsWith("/response")) {
          clock.head();
        }
        return !Extensions.serves(head.rawPath()) && runtimeApi.wantsPieces(head);
      }

      @Override
      public BodyReceiver receive(HttpRequest head, BodyFlow flow, Responder responder) {
        return runtimeApi.receive(head, flow, responder);
      }

      @Override
      public void refuse(
          int status, String reason, @Nullable HttpRequest head, Responder responder) {
        runtimeApi.refuse(status, reason, head, responder);
      }
    };
  }

  // ---- starting ----

  /**
   * Starts external extensions, and the runtime after them; without any, the runtime at once.
   *
   * @param environment variables of the extensions
   * @param startRuntime starts it; called on another thread if there are extensions
   * @throws LambicException if one cannot be started
   */
  void start(List<String> names, List<String> environment, Runnable startRuntime) {
    if (names.isEmpty()) {
      startRuntime.run();
      return;
    }
    extensions.expect(names);
    runtime = startRuntime;
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      if (i >= Extensions.MAX_EXTENSIONS) {
        throw notLaunched(name, "TooManyExtensions", "ErrTooManyExtensions", null);
      }
      launch(name, environment);
    }
  }

  private void launch(String name, List<String> environment) {
    String program = ExternalExtensions.DIRECTORY + name;
    Lines lines = new Lines(line -> said(line));
    try {
      SandboxProcess process =
          sandbox.start(new Command(List.of(program), environment, "/"), lines::take);
      processes.put(name, process);
      var _ = process.exit().thenAccept(exit -> exited(name, exit, lines));
    } catch (SandboxException e) {
      if (!e.step().equals(SandboxException.EXEC)) {
        throw e;
      }
      String type = e.errno() == 13 ? "PermissionDenied" : "UnknownError";
      String reason = "fork/exec " + program + ": " + ExecFailure.reason(e);
      throw notLaunched(name, type, reason, e);
    }
  }

  private LambicException notLaunched(
      String name, String type, String message, @Nullable Throwable cause) {
    extensions.notLaunched(name, type);
    shuttingDown = true;
    tellStates();
    return new LambicException("Extension.LaunchError", Blame.FUNCTION, message, Map.of(), cause);
  }

  private void said(String line) {
    telemetry.line("extension", line);
    generation.extensionLine(line);
  }

  private void exited(String name, ProcessExit exit, Lines lines) {
    SandboxProcess process = processes.get(name);
    if (process != null) {
      process.drain();
    }
    lines.flush();
    String type = extensions.exited(name);
    if (!shuttingDown) {
      fail(type, ProcessEnd.describe(exit.code(), exit.signal()));
    }
  }

  private void fail(String type, String message) {
    failedBy(type, message);
    tellStates();
    generation.broken(type, message);
  }

  /** Every external extension has registered: it is the runtime's turn. */
  @Override
  public void registered() {
    Runnable start = runtime;
    runtime = null;
    if (start != null && !shuttingDown) {
      Thread.startVirtualThread(() -> startRuntime(start));
    }
  }

  private void startRuntime(Runnable start) {
    try {
      start.run();
    } catch (LambicException e) {
      if (!shuttingDown) {
        fail(e.code(), String.valueOf(e.getMessage()));
      }
    } catch (RuntimeException | Error e) {
      services.faults().fault("starting a runtime", e);
      fail("Runtime.Unknown", "The runtime could not be started");
    }
  }

  // ---- being ready ----

  @Override
  public void perhapsReady() {
    if (readiness.extensionWaits()) {
      settled();
      generation.ready();
    }
  }

  /**
   * The runtime waits for an event; whether everybody does.
   *
   * @param had how many events it had been given when it began to wait
   */
  boolean runtimeWaits(long had) {
    clock.waits(had);
    runtimeDone(had);
    extensions.closeRegistration();
    boolean all = readiness.runtimeWaits(had);
    if (all) {
      settled();
    }
    return all;
  }

  @Override
  public void subscribed(PlatformEvent.Subscription subscription) {
    generation.subscribed(subscription);
  }

  private void settled() {
    clock.settled();
    tellStates();
    telemetry.closeSubscriptions();
  }

  /** Tells once how far extensions came in the initialisation. */
  void tellStates() {
    synchronized (this) {
      if (told) {
        return;
      }
      told = true;
    }
    List<PlatformEvent.Extension> states = extensions.describe();
    if (!states.isEmpty()) {
      generation.extensions(states);
    }
  }

  // ---- invocations ----

  /** Everybody is about to get an event. */
  void deliver(Work work) {
    clock.begin(work, readiness.working());
    extensions.invoke(work);
  }

  /** The times of the invocation. */
  Stopwatch clock() {
    return clock;
  }

  /** What was measured of an invocation, if it is the latest. */
  Parts parts(String requestId) {
    return clock.parts(requestId, hasExtensions());
  }

  /**
   * The runtime's process has ended.
   *
   * @return the error of an extension that brought it about; null if none is known
   */
  @Nullable String runtimeExited(String how) {
    String fatal = extensions.fatal();
    if (!shuttingDown) {
      failedBy(fatal == null ? "Runtime.ExitError" : fatal, how);
      tellStates();
    }
    return fatal;
  }

  /** What the environment fails by, for those who are told when its processes are ended. */
  private void failedBy(String type, String message) {
    Work of = clock.work();
    if (of != null && !isTold(of.requestId()) && clock.errorType() == null) {
      clock.failed(type);
      publish(
          new PlatformEvent.Fault(
              "RequestId: " + of.requestId() + " Error: " + message + "\n" + type));
    }
  }

  private synchronized boolean isTold(String requestId) {
    return doneId.equals(requestId);
  }

  /** Whether it was not told before that the runtime is done with the invocation. */
  private synchronized boolean tellsFirst(String requestId) {
    boolean first = !doneId.equals(requestId);
    doneId = requestId;
    return first;
  }

  /** Extensions may wait for this before they are done themselves. */
  private void runtimeDone(long had) {
    Work of = clock.work();
    if (of == null || !clock.isAmong(had) || !tellsFirst(of.requestId()) || !telemetry.isWanted()) {
      return;
    }
    PlatformEvent.RuntimeDone done = done(of, null);
    synchronized (this) {
      untold = done;
    }
    // What the handler wrote before comes first.
    Thread.startVirtualThread(() -> {
      generation.drain();
      tellDone();
      var _ = telemetry.flush();
    });
  }

  /** Tells that the runtime is done, unless that was told; nothing later may be told before it. */
  private synchronized void tellDone() {
    PlatformEvent.RuntimeDone done = untold;
    untold = null;
    if (done != null) {
      telemetry.publish(done);
    }
  }

  private PlatformEvent.RuntimeDone done(Work of, PlatformEvent.@Nullable Status status) {
    Parts parts = parts(of.requestId());
    String errorType = clock.errorType();
    PlatformEvent.Status how =
        errorType == null ? PlatformEvent.Status.SUCCESS : PlatformEvent.Status.ERROR;
    return new PlatformEvent.RuntimeDone(
        of.requestId(),
        status == null ? how : status,
        status == PlatformEvent.Status.TIMEOUT ? null : errorType,
        clock.millis(),
        parts.producedBytes(),
        parts.runtime(),
        of.traceId());
  }

  /** Tells subscribers of an event, unless they know of it already. */
  void publish(PlatformEvent event) {
    if (!telemetry.isWanted()) {
      return;
    }
    tellDone();
    PlatformEvent told = event;
    if (event instanceof PlatformEvent.RuntimeDone done) {
      if (!tellsFirst(done.requestId())) {
        return;
      }
      Work of = clock.work();
      if (of != null && of.requestId().equals(done.requestId())) {
        told = done(of, done.status());
      }
    }
    telemetry.publish(told);
    if (event instanceof PlatformEvent.Report) {
      var _ = telemetry.flush();
    }
  }

  void output(byte[] bytes, int length) {
    if (telemetry.isWanted()) {
      functionLines.take(bytes, length);
    }
  }

  /** Returns when the output of all extensions was read. */
  void drain() {
    processes.values().forEach(SandboxProcess::drain);
  }

  /** Lets events that are on their way arrive, for a moment. */
  void settleBeforeFreeze() {
    if (telemetry.isWanted()) {
      await(telemetry.flush(), FREEZE_FLUSH_MILLIS);
    }
  }

  // ---- ending ----

  /** Whether a shutdown has anybody to wait for. */
  boolean hasExtensions() {
    return !extensions.isEmpty();
  }

  /** Whether the ends of processes are expected: a shutdown is under way or over. */
  boolean isShuttingDown() {
    return shuttingDown;
  }

  /** From now on the end of a process is nobody's failure. */
  void expectEnds() {
    shuttingDown = true;
  }

  /**
   * Gives extensions the time to end in peace; waits until they did, or AWS's limit is over.
   *
   * @param process the runtime's; null if it was not started
   */
  void shutdown(ShutdownReason reason, @Nullable SandboxProcess process) {
    shuttingDown = true;
    boolean external = extensions.hasExternal();
    Duration limit = external ? EXTERNAL_SHUTDOWN : INTERNAL_SHUTDOWN;
    long end = services.ticker().nanos() + limit.toNanos();
    tellStates();
    // The runtime first, so that extensions can tell of its last words as well.
    if (process != null) {
      terminate(process, SIGTERM);
      if (external) {
        await(process.exit(), (long) (limit.toMillis() * RUNTIME_SHARE));
        terminate(process, SIGKILL);
        generation.drain();
      }
    }
    await(telemetry.flush(), FLUSH_MILLIS);
    List<CompletableFuture<ProcessExit>> exits = new ArrayList<>();
    if (process != null) {
      exits.add(process.exit());
    }
    long left = TimeUnit.NANOSECONDS.toMillis(end - services.ticker().nanos());
    extensions.shutdown(reason, services.ticker().millis() + left);
    for (String name : extensions.awaitedAtShutdown()) {
      SandboxProcess extension = processes.get(name);
      if (extension != null) {
        exits.add(extension.exit());
      }
    }
    await(CompletableFuture.allOf(exits.toArray(CompletableFuture<?>[]::new)), left);
  }

  private static void terminate(SandboxProcess process, int signal) {
    try {
      process.signal(signal);
    } catch (SandboxException e) {
      // It has ended, with all there was.
    }
  }

  private static void await(CompletableFuture<?> what, long millis) {
    try {
      what.get(Math.max(0, millis), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // It had its time.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // neither exits nor flushes fail
    }
  }

  /** Lets go of everything; takes no lock but its parts' own. */
  void close() {
    shuttingDown = true;
    runtime = null;
    extensions.close();
    telemetry.close();
  }
}
