package dev.lambic.runtime;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SandboxProcess;
import dev.lambic.sandbox.Template;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A process of a published version that was initialised as one of which a snapshot is made, and
 * waits: environments of that version, and of nothing else, are forked from it.
 *
 * <p>The function's code has run in it, so what runs in it has no more than any environment has
 * (docs/decisions/0023). It stands frozen but for a moment around each fork, its credentials are
 * none any more, and nobody answers what it asks. Safe for use by many threads.
 */
public final class LiveTemplate {
  /**
   * With what its process exits if it cannot be forked, for there is something that forks would
   * lose or share.
   */
  public static final int UNFIT = 3;

  private static final long MIB = 1L << 20;

  /** What it may use beyond what it uses when it is initialised. */
  private static final long SLACK = 16 * MIB;

  private static final int TURN_SECONDS = 6;

  /** How long it stays thawed, for the next fork of many that come together. */
  private static final long CALM_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** The call that took a sandbox is over by then, as a rule. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(15);

  private final LiveTemplates pool;
  private final Cells cells;
  private final Services services;
  private final Template template;
  private final EnvironmentSpec spec;
  private final String state;
  private final String token;
  private final List<ReadOnlyMount> mounts;
  private final ReentrantLock turn = new ReentrantLock();

  /** Set once, before it is known to others. */
  private @Nullable Running environment;

  // Guarded by turn.
  private boolean frozen;
  private boolean calming;
  private long lastFork;

  // Guarded by this.
  private final ArrayDeque<Cell> spares = new ArrayDeque<>();
  private boolean making;
  private boolean used;
  private boolean closed;
  private volatile long bytes;
  private volatile long lastUse;
  private final AtomicInteger forks = new AtomicInteger();

  LiveTemplate(
      LiveTemplates pool,
      Cells cells,
      Services services,
      Template template,
      EnvironmentSpec spec,
      String state,
      String token,
      List<ReadOnlyMount> mounts) {
    this.pool = pool;
    this.cells = cells;
    this.services = services;
    this.template = template;
    this.spec = spec;
    this.state = state;
    this.token = token;
    this.mounts = List.copyOf(mounts);
    this.lastUse = services.ticker().nanos();
  }

  /** What runs in it while it is initialised. */
  void initializes(Running running) {
    environment = running;
  }

  /** See {@link SnapStart.Mode#token}. */
  String token() {
    return token;
  }

  /** Names all that its environments depend on, as the snapshot's name does. */
  String state() {
    return state;
  }

  String owner() {
    return Stock.owner(spec.account(), spec.region(), spec.functionName(), spec.version());
  }

  /** What it may use of the host's memory. */
  long bytes() {
    return bytes;
  }

  Template template() {
    return template;
  }

  /**
   * To be called when it is {@linkplain EnvironmentListener#checkpointable initialised}: from now
   * on environments are forked from it, until it is in the way of others or its version is gone.
   *
   * @return false if it cannot be used; it is ended then
   */
  public boolean keep() {
    Running running = environment;
    if (running == null || running.hasExtensions()) {
      kill();
      return false;
    }
    running.abandon();
    try {
      settle();
    } catch (LambicException e) {
      kill();
      return false;
    }
    if (!pool.keep(this)) {
      kill();
      return false;
    }
    refill();
    return true;
  }

  private void settle() {
    Sandbox sandbox = template.sandbox();
    long most = spec.memoryMb() * MIB;
    long wanted = Math.min(most, sandbox.memory().currentBytes() * 5 / 4 + SLACK);
    double cpus = spec.memoryMb() / Running.MB_PER_CPU;
    try {
      sandbox.limit(new Limits(wanted, cpus, Cells.MAX_PROCESSES));
      bytes = wanted;
    } catch (SandboxException e) {
      if (!e.step().equals(SandboxException.LIMIT_BELOW_USAGE)) {
        throw e;
      }
      bytes = most;
    }
    turn.lock();
    try {
      sandbox.freeze();
      frozen = true;
    } finally {
      turn.unlock();
    }
  }

  /** Whether it can be forked, as far as is known. */
  boolean serves() {
    return template.serves();
  }

  /** How many there were of it. */
  int forks() {
    return forks.get();
  }

  /** When somebody last wanted a fork of it, or it was made. */
  long lastUse() {
    return lastUse;
  }

  /** A sandbox for a fork, which has the function's code and limits; the caller's from now on. */
  Cell place() {
    Cell spare = null;
    lastUse = services.ticker().nanos();
    synchronized (this) {
      used = true;
      while (spare == null && !spares.isEmpty()) {
        Cell next = spares.removeFirst();
        if (next.isAlive()) {
          spare = next;
        } else {
          next.kill();
        }
      }
    }
    refill();
    return spare == null ? make() : spare;
  }

  private Cell make() {
    String name = "ready-" + services.ids().hex32().substring(0, 16);
    Cell cell = cells.forkable(name, template, spec.memoryMb(), spec.tmpMb());
    try {
      cell.sandbox().attach(mounts);
      return cell;
    } catch (RuntimeException e) {
      cell.kill();
      throw e;
    }
  }

  private void refill() {
    synchronized (this) {
      if (making || closed || spares.size() >= wanted()) {
        return;
      }
      making = true;
    }
    Thread.ofVirtual().name("lambic-template").start(this::makeSpares);
  }

  private int wanted() {
    return used ? 2 : 1;
  }

  private void makeSpares() {
    try {
      boolean more = true;
      while (more) {
        LockSupport.parkNanos(PAUSE_NANOS);
        Cell made = make();
        boolean late;
        synchronized (this) {
          late = closed;
          if (!late) {
            spares.addLast(made);
          }
          more = !closed && spares.size() < wanted();
        }
        if (late) {
          made.kill();
        }
      }
    } catch (LambicException e) {
      // Whoever needs one finds out, and tries the next way.
    } catch (RuntimeException | Error e) {
      services.faults().fault("keeping places for forks ready", e);
    } finally {
      synchronized (this) {
        making = false;
      }
    }
  }

  /**
   * Forks it into a sandbox that is a {@link #place} of it.
   *
   * @throws LambicException if that fails; the sandbox is dead then, or of no use
   */
  SandboxProcess fork(Sandbox into, OutputListener output) {
    await();
    try {
      lastFork = services.ticker().nanos();
      if (frozen) {
        template.sandbox().thaw();
        frozen = false;
      }
      SandboxProcess fork = template.fork(into, "", output);
      forks.incrementAndGet();
      return fork;
    } finally {
      if (!calming) {
        calming = true;
        Thread.ofVirtual().name("lambic-template").start(this::calm);
      }
      turn.unlock();
    }
  }

  /** Whether it stands still; for tests. */
  boolean isFrozen() {
    turn.lock();
    try {
      return frozen;
    } finally {
      turn.unlock();
    }
  }

  private void await() {
    try {
      if (turn.tryLock(TURN_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new LambicException("SandboxFailure", Blame.PLATFORM, "the template is busy");
  }

  /** Freezes it when there was no fork for a moment. */
  private void calm() {
    long left = CALM_NANOS;
    while (left > 0) {
      LockSupport.parkNanos(left);
      turn.lock();
      try {
        left = lastFork + CALM_NANOS - services.ticker().nanos();
        if (left <= 0) {
          calming = false;
          freeze();
        }
      } finally {
        turn.unlock();
      }
    }
  }

  private void freeze() {
    try {
      template.sandbox().freeze();
      frozen = true;
    } catch (SandboxException e) {
      // It is dead, which the next fork finds out.
    }
  }

  /** A fork of it ended before it went on. */
  void isOfNoUse() {
    pool.dropForLong(this);
  }

  /** Returns when all that it has written so far was given to the listener. */
  public void drainOutput() {
    Running running = environment;
    if (running != null) {
      running.drainOutput();
    }
  }

  /** Ends it; environments that were forked from it live on. Returns at once; idempotent. */
  public void kill() {
    List<Cell> over;
    synchronized (this) {
      closed = true;
      over = new ArrayList<>(spares);
      spares.clear();
    }
    pool.drop(this);
    over.forEach(Cell::kill);
    Running running = environment;
    if (running != null) {
      running.abandon();
    }
    template.close();
  }

  /** Completes when nothing of it, and of what was forked from it, is left. */
  public CompletableFuture<Void> gone() {
    return template.gone();
  }
}
