package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.kernel.Transitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Runs invocations: in an idle environment of the very function version where there is one, else in
 * a new one.
 *
 * <p>The pools are guarded by the object's lock, which is held for moments only and is taken before
 * that of a {@link Worker}, never after it. A warm invocation runs on the caller's thread as far as
 * the runtime's socket; a cold one goes on in the background.
 */
public final class Dispatcher implements Invoker, AutoCloseable {
  /** How long a call waits for an environment that has answered already. */
  private static final Duration AWAIT_IDLE = Duration.ofMillis(3);

  /** How long the end of all environments may take; more than each of them may. */
  private static final Duration MAX_LEAVING = Duration.ofSeconds(3);

  private static final Duration REAP_EVERY = Duration.ofSeconds(5);

  private final InvocationConfig config;
  private final Ticker ticker;
  private final FaultHandler faults;
  private final Timers timers;
  private final Executor background;
  private final EnvironmentMaker maker;
  private final StartQueue queue;
  private final Transitions<Life> table = Life.table();
  private final Owner owner = new Owner();
  private final Home home = new Home();

  private final Map<String, Pool> pools = new HashMap<>();
  private final Set<Worker> all = new HashSet<>();

  /** Environments that end and whose extensions do not yet. */
  private final Set<Worker> leaving = ConcurrentHashMap.newKeySet();

  private final Map<String, Integer> starting = new HashMap<>();
  private final Set<String> retired = new HashSet<>();
  private int running;
  private boolean draining;
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
    this(
        config,
        new EnvironmentMaker(starter, credentials, logs, ticker, ids),
        ticker,
        faults,
        Timers.system(faults),
        task -> Thread.startVirtualThread(() -> guarded(task, faults)));
  }

  /**
   * A dispatcher with the given way of doing things later.
   *
   * @param background runs what may block for a bounded time
   */
  Dispatcher(
      InvocationConfig config,
      EnvironmentMaker maker,
      Ticker ticker,
      FaultHandler faults,
      Timers timers,
      Executor background) {
    this.config = config;
    this.maker = maker;
    this.ticker = ticker;
    this.faults = faults;
    this.timers = timers;
    this.background = background;
    this.queue =
        new StartQueue(
            config.parallelStarts(),
            config.maxEnvironments() + config.parallelStarts(),
            background);
    timers.after(REAP_EVERY.toNanos(), this::reap);
  }

  private static void guarded(Runnable task, FaultHandler faults) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      faults.fault("an invocation", e);
    }
  }

  @Override
  public void invoke(Invocation invocation, Answer answer) {
    LambicException refusal = null;
    Pool.Waiting entry = null;
    synchronized (this) {
      if (draining) {
        refusal = shuttingDown();
      } else if (running < config.accountConcurrency()) {
        running++;
      } else {
        // Those that have answered are as good as over, if one of them is of the same function.
        Pool pool = pools.get(invocation.image().key());
        entry = pool == null ? null : pool.await(invocation, answer, false);
        refusal = entry == null ? tooMany() : null;
      }
    }
    if (refusal != null) {
      answer.refused(refusal);
    } else if (entry != null) {
      Pool.Waiting waiting = entry;
      timers.after(AWAIT_IDLE.toNanos(), () -> stopWaiting(waiting));
    } else {
      place(invocation, answer);
    }
  }

  private static LambicException shuttingDown() {
    return new LambicException(
        "ServiceException", Blame.CAPACITY, "The server is being shut down.");
  }

  private static LambicException tooMany() {
    return new LambicException(
        "TooManyRequestsException",
        Blame.CAPACITY,
        "Rate Exceeded.",
        Map.of("Reason", "ConcurrentInvocationLimitExceeded", "Type", "User"),
        null);
  }

  /** Finds an environment for an admitted invocation. */
  private void place(Invocation invocation, Answer answer) {
    while (true) {
      Worker worker;
      Pool.Waiting entry = null;
      synchronized (this) {
        Pool pool = pools.get(invocation.image().key());
        worker = pool == null ? null : pool.takeIdle();
        if (worker == null && pool != null && !closed) {
          entry = pool.await(invocation, answer, true);
        }
        if (worker == null && entry == null) {
          starting.merge(invocation.image().key(), 1, Integer::sum);
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
      startCold(invocation, answer);
    } else {
      timers.after(AWAIT_IDLE.toNanos(), () -> stopWaiting(entry));
    }
  }

  private void startCold(Invocation invocation, Answer answer) {
    new ColdStart(invocation, answer, home, queue, timers, background, config.initTimeout())
        .begin();
  }

  private void stopWaiting(Pool.Waiting entry) {
    synchronized (this) {
      String key = entry.invocation.image().key();
      Pool pool = pools.get(key);
      if (pool == null || !pool.giveUp(entry)) {
        return;
      }
      dropIfEmpty(key, pool);
    }
    goCold(entry);
  }

  /** Makes an environment for an invocation that waited for one in vain. */
  private void goCold(Pool.Waiting entry) {
    if (!admitNow(entry)) {
      entry.answer.refused(tooMany());
      return;
    }
    synchronized (this) {
      starting.merge(entry.invocation.image().key(), 1, Integer::sum);
    }
    startCold(entry.invocation, entry.answer);
  }

  private synchronized boolean admitNow(Pool.Waiting entry) {
    if (entry.admitted) {
      return true;
    }
    if (running >= config.accountConcurrency()) {
      return false;
    }
    running++;
    return true;
  }

  /** Ends the environment that has been idle for longest, if there are more than there may be. */
  private void makeRoom() {
    for (Worker oldest = takeExcess(); oldest != null; oldest = takeExcess()) {
      if (oldest.endIfIdle()) {
        return;
      }
    }
  }

  private synchronized @Nullable Worker takeExcess() {
    if (all.size() <= config.maxEnvironments()) {
      return null;
    }
    Worker oldest = null;
    for (Pool pool : pools.values()) {
      Worker first = pool.oldest();
      if (first != null && (oldest == null || first.idleSince() - oldest.idleSince() < 0)) {
        oldest = first;
      }
    }
    if (oldest != null) {
      Pool pool = pools.get(oldest.image().key());
      if (pool != null) {
        pool.remove(oldest);
      }
    }
    return oldest;
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
    timers.after(REAP_EVERY.toNanos(), this::reap);
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

  /** Keeps in mind only the retired states that still have environments, or will have. */
  private void forgetRetired() {
    if (!retired.isEmpty()) {
      Set<String> alive = new HashSet<>(starting.keySet());
      all.forEach(worker -> alive.add(worker.image().key()));
      retired.retainAll(alive);
    }
  }

  /** Environments that exist now. */
  public synchronized int environments() {
    return all.size();
  }

  /** Invocations that count as running now. */
  synchronized int running() {
    return running;
  }

  /** Environments of which anything may be left. */
  int existing() {
    return queue.existing();
  }

  /** Whether nothing is remembered of any function state; so it is when nothing exists. */
  synchronized boolean remembersNothing() {
    return pools.isEmpty() && all.isEmpty() && starting.isEmpty() && retired.isEmpty();
  }

  /** Transitions that no environment has made yet; for tests. */
  public Set<Transitions.Step<Life>> untakenTransitions() {
    return table.untaken();
  }

  /** Takes no more invocations, waits for those that run, then ends every environment. */
  public void drain(Duration limit) {
    long end = ticker.nanos() + limit.toNanos();
    List<Worker> idle = new ArrayList<>();
    synchronized (this) {
      draining = true;
      pools.values().forEach(pool -> pool.idle().forEach(idle::add));
    }
    idle.forEach(Worker::endIfIdle);
    synchronized (this) {
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
    List<Pool.Waiting> waiting = new ArrayList<>();
    synchronized (this) {
      draining = true;
      closed = true;
      left = new ArrayList<>(all);
      pools.values().forEach(pool -> waiting.addAll(pool.giveUpAll()));
    }
    for (Pool.Waiting entry : waiting) {
      if (entry.admitted) {
        over();
      }
      entry.answer.refused(shuttingDown());
    }
    queue.letAllFail();
    left.forEach(Worker::end);
    awaitLeaving();
    timers.close();
  }

  /** Gives extensions the time to end that AWS gives them. */
  private void awaitLeaving() {
    try {
      CompletableFuture.allOf(
              leaving.stream().map(Worker::leaving).toArray(CompletableFuture<?>[]::new))
          .get(MAX_LEAVING.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // They had it, or nobody is left.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void dropIfEmpty(String key, Pool pool) {
    if (pool.isEmpty()) {
      pools.remove(key);
    }
  }

  private final class Home implements ColdStart.Home {
    @Override
    public Worker make(FunctionImage image) {
      Worker made =
          maker.make(
              image,
              log -> new Worker(image, log, owner, ticker, timers, background, table),
              this::known,
              queue::gone);
      makeRoom();
      return made;
    }

    private void known(Worker worker) {
      synchronized (Dispatcher.this) {
        if (closed) {
          throw shuttingDown();
        }
        all.add(worker);
      }
    }

    @Override
    public void settled(Invocation invocation) {
      synchronized (Dispatcher.this) {
        starting.computeIfPresent(invocation.image().key(), (key, n) -> n == 1 ? null : n - 1);
        forgetRetired();
      }
    }

    @Override
    public void over() {
      Dispatcher.this.over();
    }

    @Override
    public void fault(String where, Throwable fault) {
      faults.fault(where, fault);
    }
  }

  private final class Owner implements WorkerOwner {
    @Override
    public void answered(Worker worker) {
      synchronized (Dispatcher.this) {
        // Told without the worker's lock, it may be late by now.
        if (worker.hasAnswered()) {
          pools.computeIfAbsent(worker.image().key(), k -> new Pool()).answered(worker);
        }
      }
    }

    @Override
    public void idle(Worker worker) {
      boolean wanted;
      Pool.Waiting next;
      synchronized (Dispatcher.this) {
        String key = worker.image().key();
        // It may have ended already, and will not be told of again then.
        wanted = !draining && all.contains(worker) && !retired.contains(key);
        Pool pool = pools.computeIfAbsent(key, k -> new Pool());
        next = pool.becameIdle(worker, wanted);
        dropIfEmpty(key, pool);
      }
      if (!wanted) {
        worker.endIfIdle();
      } else if (next != null) {
        runNext(worker, next);
      }
    }

    private void runNext(Worker worker, Pool.Waiting next) {
      if (!admitNow(next)) {
        // Somebody else took the place; the environment is free for whoever comes.
        next.answer.refused(tooMany());
        idle(worker);
      } else if (!worker.run(next.invocation, next.answer, 0)) {
        place(next.invocation, next.answer);
      }
    }

    @Override
    public void invocationOver(Worker worker) {
      over();
    }

    @Override
    public void ended(Worker worker) {
      CompletableFuture<Void> over = worker.leaving();
      if (!over.isDone()) {
        leaving.add(worker);
        var _ = over.whenComplete((done, never) -> leaving.remove(worker));
      }
      Pool.Waiting inVain = null;
      synchronized (Dispatcher.this) {
        all.remove(worker);
        String key = worker.image().key();
        Pool pool = pools.get(key);
        if (pool != null) {
          inVain = pool.ended(worker);
          dropIfEmpty(key, pool);
        }
        forgetRetired();
      }
      if (inVain != null) {
        goCold(inVain);
      }
    }

    @Override
    public void fault(String where, Throwable fault) {
      faults.fault(where, fault);
    }
  }
}
