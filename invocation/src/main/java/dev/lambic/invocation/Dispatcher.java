package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.kernel.Transitions;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.RuntimeTarget;
import dev.lambic.runtime.SessionCredentials;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Runs invocations: in an idle environment of the very function version where there is one, else in
 * a new one.
 *
 * <p>The pools are guarded by the object's lock, which is held for moments only. A warm invocation
 * runs on the caller's thread as far as the runtime's socket; a cold one has a virtual thread.
 */
public final class Dispatcher implements Invoker, AutoCloseable {
  /** How long a call waits for an environment that has answered already. */
  private static final long AWAIT_IDLE_MILLIS = 3;

  private static final Duration REAP_EVERY = Duration.ofSeconds(5);
  private static final DateTimeFormatter STREAM_DATE = DateTimeFormatter.ofPattern("yyyy/MM/dd");

  private final InvocationConfig config;
  private final EnvironmentStarter starter;
  private final CredentialIssuer credentials;
  private final Logs logs;
  private final Ticker ticker;
  private final Ids ids;
  private final FaultHandler faults;
  private final ScheduledThreadPoolExecutor timers;
  private final Semaphore starts;
  private final Transitions<Life> table = Life.table();
  private final Owner owner = new Owner();

  private final Map<String, Pool> pools = new HashMap<>();
  private final Set<Worker> all = new HashSet<>();
  private final Set<String> retired = new HashSet<>();
  private int running;
  private boolean closed;

  /** A dispatcher that has no environments yet. */
  public Dispatcher(
      InvocationConfig config,
      EnvironmentStarter starter,
      CredentialIssuer credentials,
      Logs logs,
      Ticker ticker,
      Ids ids,
      FaultHandler faults) {
    this.config = config;
    this.starter = starter;
    this.credentials = credentials;
    this.logs = logs;
    this.ticker = ticker;
    this.ids = ids;
    this.faults = faults;
    this.starts = new Semaphore(config.parallelStarts(), true);
    this.timers =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("invocation-timers").daemon().factory());
    timers.setRemoveOnCancelPolicy(true);
    var _ =
        timers.scheduleWithFixedDelay(
            this::reap, REAP_EVERY.toMillis(), REAP_EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void invoke(Invocation invocation, Answer answer) {
    LambicException refusal = admit();
    if (refusal != null) {
      answer.refused(refusal);
      return;
    }
    place(invocation, answer);
  }

  /** Finds an environment for an admitted invocation. */
  private void place(Invocation invocation, Answer answer) {
    while (true) {
      Worker worker;
      Pool.Waiting entry = null;
      synchronized (this) {
        Pool pool = pools.get(invocation.image().key());
        worker = pool == null ? null : pool.takeIdle();
        if (worker == null && pool != null) {
          entry = pool.await(invocation, answer);
        }
      }
      if (worker == null) {
        placeLater(invocation, answer, entry);
        return;
      }
      if (worker.run(invocation, answer, 0)) {
        return;
      }
    }
  }

  private void placeLater(Invocation invocation, Answer answer, Pool.@Nullable Waiting entry) {
    if (entry == null) {
      Thread.startVirtualThread(() -> runCold(invocation, answer));
      return;
    }
    var _ = timers.schedule(() -> stopWaiting(entry), AWAIT_IDLE_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void stopWaiting(Pool.Waiting entry) {
    boolean waited;
    synchronized (this) {
      Pool pool = pools.get(entry.invocation.image().key());
      waited = pool != null && pool.giveUp(entry);
    }
    if (waited) {
      Thread.startVirtualThread(() -> runCold(entry.invocation, entry.answer));
    }
  }

  private synchronized @Nullable LambicException admit() {
    if (closed) {
      return new LambicException(
          "ServiceException", Blame.PLATFORM, "The server is being shut down.");
    }
    if (running >= config.accountConcurrency()) {
      return new LambicException(
          "TooManyRequestsException",
          Blame.CAPACITY,
          "Rate Exceeded.",
          Map.of("Reason", "ConcurrentInvocationLimitExceeded", "Type", "User"),
          null);
    }
    running++;
    return null;
  }

  private void runCold(Invocation invocation, Answer answer) {
    try {
      Worker worker = start(invocation.image());
      Worker.Init init = await(worker, config.initTimeout());
      if (init == null) {
        // Lambda begins a slow initialisation anew, now within the invocation's own time.
        worker.endIfIdle();
        worker = start(invocation.image());
        init = await(worker, Duration.ofSeconds(invocation.image().timeoutSeconds()));
      }
      if (init instanceof Worker.Init.Ready ready
          && worker.run(invocation, answer, ready.nanos())) {
        return;
      }
      over();
      worker.endIfIdle();
      answer.outcome(initFailure(invocation, init, worker));
    } catch (LambicException e) {
      over();
      refuseOrFail(invocation, answer, e);
    } catch (RuntimeException e) {
      over();
      faults.fault("starting an environment", e);
      answer.refused(
          new LambicException(
              "ServiceException", Blame.PLATFORM, "An environment failed to start."));
    }
  }

  private Outcome initFailure(Invocation invocation, Worker.@Nullable Init init, Worker worker) {
    String id = invocation.requestId();
    if (init instanceof Worker.Init.Failed failed) {
      byte[] body = failed.body();
      byte[] shown = body != null ? body : InvocationErrors.body(failed.type(), id, failed.exit());
      worker.reportFailedInit(id, body != null ? null : failed.exit());
      return new Outcome(shown, "Unhandled", invocation.wantLog() ? worker.logTail() : null);
    }
    String message = InvocationErrors.timedOut(invocation.image().timeoutSeconds());
    worker.reportFailedInit(id, message);
    byte[] body = InvocationErrors.body("Sandbox.Timedout", id, message);
    return new Outcome(body, "Unhandled", invocation.wantLog() ? worker.logTail() : null);
  }

  private void refuseOrFail(Invocation invocation, Answer answer, LambicException e) {
    if (e.blame() == Blame.FUNCTION) {
      byte[] body =
          InvocationErrors.body(e.code(), invocation.requestId(), String.valueOf(e.getMessage()));
      answer.outcome(new Outcome(body, "Unhandled", invocation.wantLog() ? new byte[0] : null));
      return;
    }
    faults.fault("starting an environment of " + invocation.image().name(), e);
    answer.refused(
        new LambicException(
            "ServiceException",
            Blame.PLATFORM,
            "An environment could not be started: " + e.getMessage(),
            e));
  }

  private Worker start(FunctionImage image) {
    RuntimeTarget target = starter.target(image.runtime());
    acquireStart();
    try {
      makeRoom();
      return launch(image, target);
    } finally {
      starts.release();
    }
  }

  private void acquireStart() {
    try {
      if (!starts.tryAcquire(30, TimeUnit.SECONDS)) {
        throw new LambicException(
            "ServiceException", Blame.PLATFORM, "Too many environments are being started.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LambicException("ServiceException", Blame.PLATFORM, "Interrupted.", e);
    }
  }

  private Worker launch(FunctionImage image, RuntimeTarget target) {
    String unique = ids.hex32();
    String stream =
        LocalDate.ofInstant(ticker.instant(), ZoneOffset.UTC).format(STREAM_DATE)
            + "/["
            + image.version()
            + "]"
            + unique;
    EnvironmentLog log = new EnvironmentLog(logs.open(image.logGroup(), stream), ticker);
    target.warning().ifPresent(text -> log.platform("[WARN] " + text));
    Worker worker = new Worker(image, log, owner, ticker, timers, table);
    SessionCredentials session = credentials.issue(image.account(), image.role(), image.name());
    Code.Lease lease = image.code().acquire();
    synchronized (this) {
      all.add(worker);
    }
    try {
      Environment environment =
          starter.start(
              new EnvironmentSpec(
                  image.name() + "-" + unique.substring(0, 12),
                  target,
                  image.name(),
                  image.version(),
                  image.region(),
                  image.handler(),
                  image.memoryMb(),
                  image.tmpMb(),
                  image.variables(),
                  lease.directory(),
                  image.logGroup(),
                  stream,
                  session),
              worker);
      worker.started(environment);
      var _ =
          environment
              .gone()
              .thenRun(() -> {
                lease.close();
                credentials.revoke(session);
              });
      return worker;
    } catch (RuntimeException e) {
      lease.close();
      credentials.revoke(session);
      worker.endIfIdle();
      throw e;
    }
  }

  /** Ends the environment that has been idle for longest, if there are as many as there may be. */
  private void makeRoom() {
    Worker oldest = null;
    synchronized (this) {
      if (all.size() < config.maxEnvironments()) {
        return;
      }
      for (Pool pool : pools.values()) {
        Worker first = pool.oldest();
        if (first != null && (oldest == null || first.idleSince() < oldest.idleSince())) {
          oldest = first;
        }
      }
    }
    if (oldest != null) {
      oldest.endIfIdle();
    }
  }

  private Worker.@Nullable Init await(Worker worker, Duration limit) {
    try {
      Worker.Init init = worker.init().get(limit.toMillis(), TimeUnit.MILLISECONDS);
      if (init instanceof Worker.Init.Ready) {
        worker.limitCpu();
      }
      return init;
    } catch (TimeoutException late) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException("initialisations are never completed with an exception", e);
    }
  }

  private synchronized void over() {
    running--;
    notifyAll();
  }

  /** Ends the environments that have been idle for too long. */
  private void reap() {
    List<Worker> over = new ArrayList<>();
    synchronized (this) {
      long now = ticker.nanos();
      for (Pool pool : pools.values()) {
        for (Worker worker : pool.idle()) {
          if (now - worker.idleSince() > config.idleFor().toNanos()) {
            over.add(worker);
          }
        }
      }
    }
    over.forEach(Worker::endIfIdle);
  }

  /**
   * Ends the environments of a function state that nobody may be served any more; those that run an
   * invocation end after it.
   */
  public void retire(String key) {
    List<Worker> over = new ArrayList<>();
    synchronized (this) {
      retired.add(key);
      Pool pool = pools.get(key);
      if (pool != null) {
        pool.idle().forEach(over::add);
      }
      forgetRetired();
    }
    over.forEach(Worker::endIfIdle);
  }

  /** Keeps in mind only the retired states that still have environments. */
  private void forgetRetired() {
    if (!retired.isEmpty()) {
      Set<String> alive = new HashSet<>();
      all.forEach(worker -> alive.add(worker.image().key()));
      retired.retainAll(alive);
    }
  }

  /** Environments that exist now. */
  public synchronized int environments() {
    return all.size();
  }

  /** Transitions that no environment has made yet; for tests. */
  public Set<Transitions.Step<Life>> untakenTransitions() {
    return table.untaken();
  }

  /** Takes no more invocations, waits for those that run, then ends every environment. */
  public void drain(Duration limit) {
    long end = ticker.nanos() + limit.toNanos();
    synchronized (this) {
      closed = true;
      while (running > 0) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - ticker.nanos());
        if (left <= 0) {
          break;
        }
        try {
          wait(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          break;
        }
      }
    }
    close();
  }

  @Override
  public void close() {
    List<Worker> left;
    synchronized (this) {
      closed = true;
      left = new ArrayList<>(all);
    }
    left.forEach(Worker::end);
    timers.shutdown();
  }

  private final class Owner implements Worker.Owner {
    @Override
    public void answered(Worker worker) {
      synchronized (Dispatcher.this) {
        pools.computeIfAbsent(worker.image().key(), k -> new Pool()).answered();
      }
    }

    @Override
    public void idle(Worker worker) {
      boolean wanted;
      Pool.Waiting next;
      synchronized (Dispatcher.this) {
        String key = worker.image().key();
        wanted = !closed && !retired.contains(key);
        Pool pool = pools.computeIfAbsent(key, k -> new Pool());
        next = pool.becameIdle(worker, wanted);
        dropIfEmpty(key, pool);
      }
      if (!wanted) {
        worker.endIfIdle();
      } else if (next != null && !worker.run(next.invocation, next.answer, 0)) {
        place(next.invocation, next.answer);
      }
    }

    @Override
    public void invocationOver(Worker worker) {
      over();
    }

    @Override
    public void ended(Worker worker, boolean hadAnswered) {
      Pool.Waiting inVain = null;
      synchronized (Dispatcher.this) {
        all.remove(worker);
        String key = worker.image().key();
        Pool pool = pools.get(key);
        if (pool != null) {
          inVain = pool.ended(worker, hadAnswered);
          dropIfEmpty(key, pool);
        }
        forgetRetired();
      }
      if (inVain != null) {
        Pool.Waiting entry = inVain;
        Thread.startVirtualThread(() -> runCold(entry.invocation, entry.answer));
      }
    }

    private void dropIfEmpty(String key, Pool pool) {
      if (pool.isEmpty()) {
        pools.remove(key);
      }
    }
  }
}
