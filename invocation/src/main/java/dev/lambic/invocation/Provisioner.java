package dev.lambic.invocation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes environments ahead of invocations, keeps their number, and replaces those that end.
 *
 * <p>Each has a slot of the {@link Ledger} from when it is begun until it has ended; where there
 * shall be fewer, one that runs a call gives its slot to the call. Where there is no room it waits
 * for some. State is guarded by the dispatcher's lock; what says so is called with it.
 *
 * <p>Follows "Configuring provisioned concurrency for a function" of the Lambda Developer Guide.
 */
final class Provisioner {
  /** How long after its end an environment is replaced, for it may have ended by something. */
  private static final Duration REPLACE_AFTER = Duration.ofSeconds(1);

  /** What the dispatcher does for this. */
  interface Home {
    /** Whether nothing is to be started any more; with the lock held. */
    boolean isDraining();

    /** Notes that an environment of the image is about to be made; with the lock held. */
    void begin(FunctionImage image);

    /**
     * Makes an environment; its start leaves the queue when it is gone, or by throwing.
     *
     * @param known told of it with the lock held, before anything happens to it
     */
    Worker make(FunctionImage image, Consumer<Worker> known);

    /** The environment that was about to be made is there, or will not be. */
    void settled(FunctionImage image);

    /** The environment is not to be taken any more; with the lock held. */
    void leavePool(Worker worker);

    /** The environment waits for an invocation. */
    void idle(Worker worker);

    /** Takes note of a bug. */
    void fault(String where, Throwable fault);
  }

  private final Object lock;
  private final Home home;
  private final InvocationConfig config;
  private final Ledger ledger;
  private final StartQueue queue;
  private final Timers timers;
  private final Executor background;
  private final Starts starts = new Starts();
  private final Map<String, Provision> provisions = new HashMap<>();

  /** Those that miss environments for which there was no room. */
  private final Set<Provision> hungry = new LinkedHashSet<>();

  /** Environments that are not started yet; few, for calls wait in the same queue. */
  private int launching;

  private boolean feeding;

  Provisioner(
      Object lock,
      Home home,
      InvocationConfig config,
      Ledger ledger,
      StartQueue queue,
      Timers timers,
      Executor background) {
    this.lock = lock;
    this.home = home;
    this.config = config;
    this.ledger = ledger;
    this.queue = queue;
    this.timers = timers;
    this.background = background;
  }

  /** Has that many environments of the image made and kept; returns at once. */
  void provision(FunctionImage image, int count) {
    Provision provision;
    synchronized (lock) {
      if (home.isDraining()) {
        return;
      }
      provision = provisions.computeIfAbsent(image.key(), key -> new Provision(image));
      endLater(shed(provision, count));
      if (count == 0) {
        provisions.remove(image.key());
      }
    }
    refill(provision);
  }

  /** Makes none of the image any more, with the lock held; those that run nothing are ended. */
  void forget(String key) {
    Provision provision = provisions.remove(key);
    if (provision != null) {
      endLater(shed(provision, 0));
    }
  }

  private void endLater(List<Worker> over) {
    if (!over.isEmpty()) {
      background.execute(() -> over.forEach(Provisioner::end));
    }
  }

  private static void end(Worker worker) {
    if (worker.init().isDone()) {
      // By now it may run something, as any other one.
      worker.endIfIdle();
    } else {
      worker.end();
    }
  }

  /** What there is of the image; with the lock held. */
  Optional<Provisioned> shown(String key) {
    return Optional.ofNullable(provisions.get(key)).map(Provision::shown);
  }

  /** Wants that many from now on; returns those that run nothing and have to end. */
  private List<Worker> shed(Provision provision, int count) {
    List<Worker> over = new ArrayList<>();
    provision.want(count);
    while (provision.isTooMany()) {
      Worker worker = provision.oneTooMany();
      if (worker == null) {
        break;
      }
      detach(worker);
      if (!worker.place().busy) {
        over.add(worker);
      }
    }
    return over;
  }

  /**
   * The environment is not one of those made ahead any more, with the lock held. It keeps its slot
   * until it has ended, or for the call that it runs.
   *
   * @return whose it was; null if nobody's
   */
  @Nullable Provision detach(Worker worker) {
    Place place = worker.place();
    Provision provision = place.provision;
    if (provision != null) {
      home.leavePool(worker);
      provision.remove(worker);
      place.provision = null;
      place.slot &= !place.busy;
    }
    return provision;
  }

  private void give(FunctionImage image) {
    ledger.give(image);
    feedLater();
  }

  /** Has one made for one that ended. */
  void replaceLater(Provision of) {
    timers.after(REPLACE_AFTER.toNanos(), () -> refill(of));
  }

  /** Has those made that are missing, as far as there is room. */
  private void refill(Provision of) {
    int begun = 0;
    synchronized (lock) {
      while (!home.isDraining() && of.missing() > 0) {
        if (launching >= config.parallelProvisions() || ledger.take(of.image) != null) {
          hungry.add(of);
          break;
        }
        of.begin();
        home.begin(of.image);
        launching++;
        begun++;
      }
    }
    for (; begun > 0; begun--) {
      new ProvisionedStart(of, starts, queue, timers, background).begin();
    }
  }

  /** There may be room for environments that are missing; with the lock held. */
  void feedLater() {
    if (!hungry.isEmpty() && !feeding) {
      feeding = true;
      background.execute(this::feed);
    }
  }

  private void feed() {
    List<Provision> due;
    synchronized (lock) {
      feeding = false;
      due = List.copyOf(hungry);
      hungry.clear();
    }
    due.forEach(this::refill);
  }

  private final class Starts implements ProvisionedStart.Home {
    @Override
    public boolean isWanted(Provision of) {
      synchronized (lock) {
        return !home.isDraining() && !of.isEnough();
      }
    }

    @Override
    public Worker make(ProvisionedStart start) {
      Provision of = start.of();
      return home.make(
          of.image,
          worker -> {
            start.known = true;
            worker.place().provision = of;
            worker.place().slot = true;
            of.made(worker);
          });
    }

    @Override
    public void launched(ProvisionedStart start) {
      synchronized (lock) {
        launching--;
        feedLater();
      }
      home.settled(start.of().image);
    }

    @Override
    public void dropped(ProvisionedStart start) {
      synchronized (lock) {
        abandon(start);
      }
      // It may be wanted again by now.
      refill(start.of());
    }

    private void abandon(ProvisionedStart start) {
      start.of().abandon();
      give(start.of().image);
    }

    @Override
    public void notMade(ProvisionedStart start, String why) {
      synchronized (lock) {
        if (!start.known) {
          abandon(start);
        }
        start.of().failed(why);
      }
      refill(start.of());
    }

    @Override
    public void ready(Worker worker) {
      boolean over;
      synchronized (lock) {
        Provision of = worker.place().provision;
        over = of == null || of.isTooMany();
        if (over) {
          detach(worker);
        } else if (of != null) {
          of.initialised(worker);
        }
      }
      if (over) {
        worker.endIfIdle();
      } else {
        home.idle(worker);
      }
    }

    @Override
    public boolean unfit(Worker worker, String why) {
      Provision of;
      synchronized (lock) {
        of = detach(worker);
        if (of != null) {
          of.failed(why);
        }
      }
      if (of == null) {
        return false;
      }
      refill(of);
      return true;
    }

    @Override
    public void fault(String where, Throwable fault) {
      home.fault(where, fault);
    }
  }
}
