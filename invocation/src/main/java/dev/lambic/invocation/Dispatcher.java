package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.kernel.Transitions;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.Initialization;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
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
  private final Departures departures;
  private final Transitions<Life> table = Life.table();
  private final Owner owner = new Owner();
  private final Home home = new Home();

  private final Ledger ledger;
  private final Provisioner provisioner;

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
    this.ledger = new Ledger(config.accountConcurrency(), config.maxEnvironments());
    this.queue =
        new StartQueue(
            config.parallelStarts(),
            config.maxEnvironments() + config.parallelStarts(),
            background);
    this.departures =
        new Departures(
            () -> queue.isFull() ? config.parallelStarts() : config.parallelEnds(),
            timers,
            background);
    this.provisioner =
        new Provisioner(this, new Ahead(), config, ledger, queue, timers, background);
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
    place(new Call(invocation, answer));
  }

  private static LambicException shuttingDown() {
    return new LambicException(
        "ServiceException", Blame.CAPACITY, "The server is being shut down.");
  }

  /** Finds an environment for a call, or lets it wait, or has one made, or refuses it. */
  private void place(Call call) {
    while (true) {
      Worker worker;
      synchronized (this) {
        worker = find(call);
      }
      if (worker == null) {
        goOn(call);
        return;
      }
      if (run(worker, call)) {
        return;
      }
    }
  }

  private void goOn(Call call) {
    LambicException refusal = call.refusal;
    if (refusal != null) {
      call.answer.refused(refusal);
    } else if (call.waits) {
      call.endsWaitingBy(timers.after(call.patience, () -> stopWaiting(call)));
    } else {
      startCold(call);
    }
  }

  /** Gives the worker the call for which it was taken; false if it ended meanwhile. */
  private boolean run(Worker worker, Call call) {
    Place place = worker.place();
    // Nobody else has the worker now.
    long init = place.untoldInit;
    place.untoldInit = 0;
    if (worker.run(call.invocation, call.answer, init)) {
      return true;
    }
    synchronized (this) {
      place.busy = false;
      // Else the slot is the environment's still, and was given up with it.
      call.slot |= !place.slot;
    }
    return false;
  }

  /** An environment that is taken for the call, or null for what the call says, with the lock. */
  private @Nullable Worker find(Call call) {
    if (draining && !call.running) {
      call.refusal = shuttingDown();
      return null;
    }
    Pool pool = pools.get(call.pool);
    Worker ahead = pool == null || !ledger.isWithin(call.image()) ? null : pool.takeAhead();
    if (ahead != null) {
      take(ahead, call);
      return ahead;
    }
    Ledger.Refusal refusal = admit(call);
    Worker worker = pool == null || refusal != null ? null : pool.takeIdle();
    if (worker != null) {
      take(worker, call);
      return worker;
    }
    // Those that have answered are as good as over, if one of them is of the same function.
    call.waits = pool != null && !closed && pool.await(call, ticker.nanos());
    if (!call.waits && refusal != null) {
      stopCounting(call);
      call.refusal = refusal.error();
    } else if (!call.waits) {
      starting.merge(call.image().key(), 1, Integer::sum);
    }
    return null;
  }

  /** The worker is the call's now, with the lock held. */
  private void take(Worker worker, Call call) {
    worker.place().busy = true;
    if (worker.place().slot && call.slot) {
      call.slot = false;
      give(call.image());
    }
    count(call);
  }

  /** Takes a slot for the call if it has none, with the lock held; null if it has one now. */
  private Ledger.@Nullable Refusal admit(Call call) {
    if (!call.slot) {
      Ledger.Refusal refusal = ledger.take(call.image());
      if (refusal != null) {
        return refusal;
      }
      call.slot = true;
    }
    count(call);
    return null;
  }

  private void count(Call call) {
    if (!call.running) {
      call.running = true;
      running++;
    }
  }

  private void stopCounting(Call call) {
    if (call.running) {
      call.running = false;
      running--;
      notifyAll();
    }
  }

  /** Gives a slot back, with the lock held. */
  private void give(FunctionImage image) {
    ledger.give(image);
    provisioner.feedLater();
  }

  private void startCold(Call call) {
    new ColdStart(call, home, queue, ticker, timers, background, config.initTimeout()).begin();
  }

  private void stopWaiting(Call call) {
    synchronized (this) {
      Pool pool = pools.get(call.pool);
      if (pool == null || !pool.giveUp(call)) {
        return;
      }
      dropIfEmpty(call.pool, pool);
    }
    goCold(call);
  }

  /** Makes an environment for a call that waited for one in vain. */
  private void goCold(Call call) {
    Ledger.Refusal refusal;
    synchronized (this) {
      refusal = admit(call);
      if (refusal == null) {
        starting.merge(call.image().key(), 1, Integer::sum);
      } else {
        stopCounting(call);
      }
    }
    if (refusal == null) {
      startCold(call);
    } else {
      call.answer.refused(refusal.error());
    }
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
      Pool pool = pools.get(oldest.place().pool);
      if (pool != null) {
        pool.remove(oldest);
      }
    }
    return oldest;
  }

  private synchronized void over(FunctionImage image, boolean slot) {
    running--;
    if (slot) {
      give(image);
    }
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
   * invocation end after it. None is made ahead for it any more.
   *
   * @param key of its image
   */
  public void retire(String key) {
    List<Worker> over = new ArrayList<>();
    synchronized (this) {
      retired.add(key);
      provisioner.forget(key);
      pools.forEach((name, pool) -> {
        if (Pool.isOf(name, key)) {
          over.addAll(pool.allIdle());
        }
      });
      forgetRetired();
    }
    over.forEach(Worker::endIfIdle);
  }

  /**
   * Sets how much of an account's concurrency is a function's own, and no other's, in all its
   * versions. Takes effect at once; what runs goes on.
   *
   * @param arn the function's, without a qualifier
   * @param count null for none
   */
  public void reserve(String account, String region, String arn, @Nullable Integer count) {
    synchronized (this) {
      ledger.reserve(account, region, arn, count);
      provisioner.feedLater();
    }
  }

  /**
   * Has as many environments made ahead of invocations, and kept; returns at once.
   *
   * @param count 0 for none any more
   */
  public void provision(FunctionImage image, int count) {
    provisioner.provision(image, count);
  }

  /**
   * How far the environments have come that are made ahead.
   *
   * @param key of the image that they are made for
   * @return empty if none are
   */
  public synchronized Optional<Provisioned> provisioned(String key) {
    return provisioner.shown(key);
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

  /** Slots that the function has now. */
  synchronized int slots(String arn) {
    return ledger.taken(arn);
  }

  /** Slots that are taken now. */
  synchronized int slots() {
    return ledger.taken();
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
    return pools.isEmpty()
        && all.isEmpty()
        && starting.isEmpty()
        && retired.isEmpty()
        && ledger.taken() == 0;
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
      pools.values().forEach(pool -> idle.addAll(pool.allIdle()));
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
    List<Call> waiting = new ArrayList<>();
    synchronized (this) {
      draining = true;
      closed = true;
      left = new ArrayList<>(all);
      pools.values().forEach(pool -> waiting.addAll(pool.giveUpAll()));
    }
    for (Call call : waiting) {
      synchronized (this) {
        stopCounting(call);
        if (call.slot) {
          call.slot = false;
          give(call.image());
        }
      }
      call.answer.refused(shuttingDown());
    }
    queue.letAllFail();
    departures.endAll();
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

  private Worker make(
      FunctionImage image, Place place, Initialization why, Consumer<Worker> known) {
    Worker made =
        maker.make(
            image,
            why,
            log -> new Worker(image, place, why, log, owner, ticker, timers, background, table),
            worker -> {
              synchronized (this) {
                if (closed) {
                  throw shuttingDown();
                }
                all.add(worker);
                known.accept(worker);
              }
            },
            queue::gone);
    makeRoom();
    return made;
  }

  private synchronized void settled(FunctionImage image) {
    starting.computeIfPresent(image.key(), (key, n) -> n == 1 ? null : n - 1);
    forgetRetired();
  }

  private final class Home implements ColdStart.Home {
    @Override
    public Worker make(Call call) {
      Place place = new Place(call.pool);
      Initialization why =
          call.image().snapStart() ? Initialization.SNAP_START : Initialization.ON_DEMAND;
      return Dispatcher.this.make(call.image(), place, why, worker -> {});
    }

    @Override
    public void settled(Call call) {
      Dispatcher.this.settled(call.image());
    }

    @Override
    public void over(Call call) {
      Dispatcher.this.over(call.image(), true);
    }

    @Override
    public void fault(String where, Throwable fault) {
      faults.fault(where, fault);
    }
  }

  private final class Ahead implements Provisioner.Home {
    @Override
    public boolean isDraining() {
      return draining;
    }

    @Override
    public Worker make(FunctionImage image, Consumer<Worker> known) {
      Place place = new Place(Pool.key(image, null));
      return Dispatcher.this.make(image, place, Initialization.PROVISIONED, known);
    }

    @Override
    public void settled(FunctionImage image) {
      Dispatcher.this.settled(image);
    }

    @Override
    public void begin(FunctionImage image) {
      starting.merge(image.key(), 1, Integer::sum);
    }

    @Override
    public void leavePool(Worker worker) {
      Pool pool = pools.get(worker.place().pool);
      if (pool != null) {
        pool.remove(worker);
        dropIfEmpty(worker.place().pool, pool);
      }
    }

    @Override
    public void idle(Worker worker) {
      owner.idle(worker);
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
          pools.computeIfAbsent(worker.place().pool, k -> new Pool()).answered(worker);
        }
      }
    }

    @Override
    public void idle(Worker worker) {
      boolean wanted;
      Call next;
      Ledger.Refusal refusal = null;
      synchronized (Dispatcher.this) {
        // It may have ended already, and will not be told of again then.
        wanted = !draining && all.contains(worker) && !retired.contains(worker.image().key());
        Pool pool = pools.computeIfAbsent(worker.place().pool, k -> new Pool());
        next = pool.becameIdle(worker, wanted);
        dropIfEmpty(worker.place().pool, pool);
        if (next != null) {
          refusal = takeNext(worker, next);
        }
      }
      if (!wanted) {
        worker.endIfIdle();
      } else if (next != null) {
        runNext(worker, next, refusal);
      }
    }

    private Ledger.@Nullable Refusal takeNext(Worker worker, Call next) {
      boolean ahead = worker.place().slot && ledger.isWithin(next.image());
      Ledger.Refusal refusal = ahead ? null : admit(next);
      if (refusal == null) {
        take(worker, next);
      } else {
        stopCounting(next);
      }
      return refusal;
    }

    private void runNext(Worker worker, Call next, Ledger.@Nullable Refusal refusal) {
      if (refusal != null) {
        // Somebody else took the place; the environment is free for whoever comes.
        next.answer.refused(refusal.error());
        idle(worker);
      } else if (!Dispatcher.this.run(worker, next)) {
        place(next);
      }
    }

    @Override
    public void invocationOver(Worker worker) {
      synchronized (Dispatcher.this) {
        Place place = worker.place();
        place.busy = false;
        boolean kept = place.slot && place.provision != null;
        place.slot = kept;
        over(worker.image(), !kept);
      }
    }

    @Override
    public void ended(Worker worker) {
      CompletableFuture<Void> over = worker.leaving();
      if (!over.isDone()) {
        leaving.add(worker);
        var _ = over.whenComplete((done, never) -> leaving.remove(worker));
      }
      Call inVain = null;
      Provision lost;
      synchronized (Dispatcher.this) {
        all.remove(worker);
        lost = provisioner.detach(worker);
        if (worker.place().slot) {
          worker.place().slot = false;
          if (!worker.place().busy) {
            // Else it is given up with the call, or the call keeps it.
            give(worker.image());
          }
        }
        Pool pool = pools.get(worker.place().pool);
        if (pool != null) {
          inVain = pool.ended(worker);
          dropIfEmpty(worker.place().pool, pool);
        }
        forgetRetired();
      }
      if (inVain != null) {
        goCold(inVain);
      }
      if (lost != null) {
        provisioner.replaceLater(lost);
      }
    }

    @Override
    public void depart(Environment environment) {
      if (environment.hasExtensions()) {
        // They went on for their farewell, and had their time.
        environment.kill();
      } else {
        departures.add(environment);
      }
    }

    @Override
    public void fault(String where, Throwable fault) {
      faults.fault(where, fault);
    }
  }
}
