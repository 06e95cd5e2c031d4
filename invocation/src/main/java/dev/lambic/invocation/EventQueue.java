package dev.lambic.invocation;

import dev.lambic.invocation.EventHandler.Condition;
import dev.lambic.invocation.EventHandler.End;
import dev.lambic.invocation.EventHandler.Rules;
import dev.lambic.invocation.EventLane.Held;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.store.Backlog;
import dev.lambic.store.Backlog.Change;
import dev.lambic.store.StoreException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs events that were accepted some time before, each at least once, unless it grows too old.
 *
 * <p>Every event lies in the backlog, on the disk, from before its sender is answered until what
 * became of it lies there instead; a crash at any moment loses nothing, and may run an event once
 * more. Memory holds only the next few events of each lane, which is a function's. A lane whose
 * function has no room waits, from one second on to five minutes; an event whose function failed
 * comes again after one minute and then two, and one that could not be run for another reason after
 * as long as a lane waits. Age is counted by the wall clock of the start and the steady clock
 * since, so that nothing happens when the wall clock jumps.
 *
 * <p>How many events of a lane are run at once begins low and grows each second for as long as that
 * lets more of them end; where none end, because they take long, it grows more slowly.
 *
 * <p>Guarded by the object's lock, which is held for moments only and is taken before that of the
 * backlog; the handler is called without it. Follows "Invoking a Lambda function asynchronously"
 * and "How Lambda handles errors and retries with asynchronous invocation" of the Lambda Developer
 * Guide.
 */
public final class EventQueue implements AutoCloseable {
  private static final Duration RETRY_DELAY = Duration.ofMinutes(1);
  private static final long SECOND = 1_000_000_000;

  /** How often it is tried to write what follows from an event before its end is tried alone. */
  private static final int TRIES = 30;

  private final EventLimits limits;
  private final Backlog backlog;
  private final EventHandler handler;
  private final Ticker ticker;
  private final Timers timers;
  private final FaultHandler faults;
  private final long startMillis;
  private final long startNanos;

  private final Map<String, EventLane> lanes = new HashMap<>();

  /** Lanes that could not read for want of memory. */
  private final Deque<EventLane> hungry = new ArrayDeque<>();

  private final EventDoor door;
  private final OneByOne<Held> beginning = new OneByOne<>();
  private long waitingBytes;
  private long runningBytes;
  private final UnwrittenEnds ends;
  private boolean started;
  private boolean stopped;
  private boolean closed;

  /** Receives whether an event was accepted. */
  public interface Acceptance {
    /** It is on the disk. */
    void accepted();

    /** It is not, and will not be run. */
    void refused(LambicException why);
  }

  /**
   * A queue that accepts events and runs none before {@link #start}.
   *
   * @param backlog its events; closed with it
   */
  public EventQueue(
      EventLimits limits,
      Backlog backlog,
      EventHandler handler,
      Ticker ticker,
      FaultHandler faults) {
    this(limits, backlog, handler, ticker, faults, Timers.system(faults));
  }

  EventQueue(
      EventLimits limits,
      Backlog backlog,
      EventHandler handler,
      Ticker ticker,
      FaultHandler faults,
      Timers timers) {
    this.limits = limits;
    this.backlog = backlog;
    this.handler = handler;
    this.ticker = ticker;
    this.faults = faults;
    this.timers = timers;
    this.door = new EventDoor(limits);
    this.ends = new UnwrittenEnds(limits.endedBytes());
    this.startNanos = ticker.nanos();
    this.startMillis = ticker.instant().toEpochMilli();
  }

  /** Goes on with what was left. */
  public void start() {
    List<Backlog.Lane> left = backlog.lanes(now() + EventLane.LONGEST_DELAY.toMillis());
    List<Held> begun = new ArrayList<>();
    synchronized (this) {
      started = true;
      for (Backlog.Lane one : left) {
        EventLane lane = lane(one.name());
        lane.next = Math.min(lane.next, one.due());
      }
      goOnEverywhere(begun);
    }
    begin(begun);
  }

  private void goOnEverywhere(List<Held> begun) {
    List.copyOf(lanes.values()).forEach(lane -> goOn(lane, begun));
  }

  /** Milliseconds since 1970, by which events become due and old. */
  public long now() {
    return startMillis + (ticker.nanos() - startNanos) / 1_000_000;
  }

  /**
   * Puts an event on the disk, and then runs it as soon as may be. Returns at once.
   *
   * @param told exactly once, on the backlog's executor or this thread
   */
  public void accept(QueuedEvent event, Acceptance told) {
    LambicException refusal = admit(event);
    if (refusal != null) {
      told.refused(refusal);
      return;
    }
    backlog.write(
        List.of(added(event)),
        new Backlog.Written() {
          @Override
          public void done(long[] ids) {
            try {
              told.accepted();
            } finally {
              onDisk(event, ids[0], event.cost());
            }
          }

          @Override
          public void failed(StoreException why) {
            synchronized (EventQueue.this) {
              door.leave(event.cost());
            }
            told.refused(why);
          }
        });
  }

  private synchronized @Nullable LambicException admit(QueuedEvent event) {
    if (stopped) {
      return new LambicException(
          "ServiceException", Blame.CAPACITY, "The server is being shut down.");
    }
    return door.enter(event.cost());
  }

  private Change.Add added(QueuedEvent event) {
    return new Change.Add(event.lane(), now(), event.head(), event.payload());
  }

  /** An event has become an item. */
  private void onDisk(QueuedEvent event, long id, int accepted) {
    List<Held> begun = new ArrayList<>();
    synchronized (this) {
      if (accepted > 0) {
        door.leave(accepted);
      }
      if (stopped) {
        return;
      }
      EventLane lane = lane(event.lane());
      boolean fits =
          started
              && !lane.reading
              && !lane.more
              && !lane.paused
              && lane.waiting.size() < limits.waiting()
              && (lane.waiting.isEmpty() || lane.waitingBytes + event.cost() <= share())
              && waitingBytes + event.cost() <= limits.waitingBytes();
      if (fits) {
        hold(lane, id, event);
      } else {
        lane.more = true;
      }
      goOn(lane, begun);
    }
    begin(begun);
  }

  private EventLane lane(String name) {
    return lanes.computeIfAbsent(name, key -> new EventLane(key, limits.firstAtOnce()));
  }

  private void hold(EventLane lane, long id, QueuedEvent event) {
    lane.held.add(id);
    lane.waiting.add(new Held(lane, id, event));
    lane.waitingBytes += event.cost();
    waitingBytes += event.cost();
  }

  /** Has a lane go on, and whom that leaves memory, with the lock held. */
  private void goOn(EventLane lane, List<Held> begun) {
    advance(lane, begun);
    feedOneHungry(begun);
  }

  /** Has a lane go on as far as it can, with the lock held; what is to be run is added to begun. */
  private void advance(EventLane lane, List<Held> begun) {
    if (stopped || !started) {
      return;
    }
    long nanos = ticker.nanos();
    if (lane.paused && nanos - lane.pausedUntil >= 0) {
      lane.paused = false;
    }
    lane.grow(nanos, limits.mostAtOnce());
    while (mayRun(lane)) {
      Held first = lane.waiting.remove();
      lane.running++;
      lane.waitingBytes -= first.event().cost();
      waitingBytes -= first.event().cost();
      runningBytes += first.event().cost();
      begun.add(first);
    }
    lane.saturated(!lane.paused && !lane.waiting.isEmpty() && lane.running >= lane.limit, nanos);
    read(lane);
    setTimer(lane, nanos);
    if (lane.isEmpty()) {
      Timers.cancel(lane.timer);
      lane.timer = null;
      lanes.remove(lane.name, lane);
    }
  }

  private boolean mayRun(EventLane lane) {
    Held first = lane.waiting.peek();
    return first != null
        && !lane.paused
        && !ends.isFull()
        && lane.running < lane.limit
        && (lane.running == 0 || runningBytes + first.event().cost() <= limits.runningBytes());
  }

  /**
   * What one lane may hold of the memory, so that a slow function's events leave room for others.
   */
  private long share() {
    return Math.max(1, limits.waitingBytes() / 8);
  }

  /** Reads more of a lane if there is more, and room for it. */
  private void read(EventLane lane) {
    long now = now();
    boolean wanted = lane.more || lane.next <= now;
    boolean enough = lane.waiting.size() > limits.waiting() / 2 || lane.waitingBytes >= share();
    if (!wanted || lane.reading || lane.paused || enough) {
      return;
    }
    long room = limits.waitingBytes() - waitingBytes;
    if (room <= 0) {
      if (!lane.hungry) {
        lane.hungry = true;
        hungry.add(lane);
      }
      return;
    }
    lane.reading = true;
    int generation = lane.generation;
    backlog.read(
        lane.name,
        now,
        Set.copyOf(lane.held),
        limits.waiting() - lane.waiting.size(),
        Math.min(room, share()),
        new Backlog.Found() {
          @Override
          public void found(List<Backlog.Item> items, boolean more, long next) {
            EventQueue.this.found(lane, generation, items, more, next);
          }

          @Override
          public void failed(StoreException why) {
            faults.fault("reading events", why);
            later(
                lane,
                () -> {
                  lane.reading = false;
                  lane.more = true;
                });
          }
        });
  }

  private void found(
      EventLane lane, int generation, List<Backlog.Item> items, boolean more, long next) {
    List<Held> begun = new ArrayList<>();
    List<Long> broken = new ArrayList<>();
    synchronized (this) {
      lane.reading = false;
      if (stopped) {
        return;
      }
      // If not, what should be in memory changed since it was asked for.
      boolean valid = generation == lane.generation;
      lane.more = !valid || more || lane.missed;
      lane.missed = false;
      if (valid) {
        lane.next = next;
        for (Backlog.Item item : items) {
          QueuedEvent event = readable(item);
          if (event == null) {
            broken.add(item.id());
          } else {
            hold(lane, item.id(), event);
          }
        }
      }
      goOn(lane, begun);
    }
    begin(begun);
    broken.forEach(id -> write(lane, id, List.of(new Change.Remove(id)), List.of()));
  }

  private @Nullable QueuedEvent readable(Backlog.Item item) {
    try {
      return QueuedEvent.of(item);
    } catch (IllegalStateException e) {
      faults.fault("an event of " + item.lane(), e);
      return null;
    }
  }

  /** Has the lane looked at again when something may be possible that is not now. */
  private void setTimer(EventLane lane, long nanos) {
    long wait = Long.MAX_VALUE;
    if (lane.paused) {
      wait = lane.pausedUntil - nanos;
    } else {
      long now = now();
      if (lane.next > now && lane.next != Backlog.NEVER) {
        wait = (lane.next - now) * 1_000_000 + 1_000_000;
      }
      if (lane.saturated) {
        wait = Math.min(wait, lane.growAt - nanos);
      }
    }
    if (wait == Long.MAX_VALUE) {
      Timers.cancel(lane.timer);
      lane.timer = null;
      return;
    }
    long at = nanos + wait;
    if (lane.timer != null && lane.wakesAt - at <= 0) {
      // Too early does no harm.
      return;
    }
    Timers.cancel(lane.timer);
    lane.wakesAt = at;
    lane.timer = timers.after(Math.max(0, wait), () -> wake(lane, at));
  }

  private void wake(EventLane lane, long at) {
    List<Held> begun = new ArrayList<>();
    synchronized (this) {
      if (lane.timer != null && lane.wakesAt == at) {
        lane.timer = null;
        goOn(lane, begun);
      }
    }
    begin(begun);
  }

  /** Does something with the lane in a second, for which its state must not be looked at before. */
  private void later(EventLane lane, Runnable change) {
    timers.after(
        SECOND,
        () -> {
          List<Held> begun = new ArrayList<>();
          synchronized (this) {
            change.run();
            goOn(lane, begun);
          }
          begin(begun);
        });
  }

  /** Runs events, one after the other: what an end of one leads to waits until its turn comes. */
  private void begin(Collection<Held> begun) {
    beginning.run(begun, this::begin);
  }

  private void begin(Held held) {
    Attempt attempt = new Attempt(held);
    try {
      Rules rules = rules(held.event());
      if (rules.closed()) {
        attempt.over(Condition.CLOSED, null, held.event().attempts());
      } else if (now() - held.event().accepted() >= rules.age().toMillis()) {
        attempt.over(Condition.AGE_EXCEEDED, null, held.event().attempts());
      } else {
        handler.run(held.event(), attempt);
      }
    } catch (RuntimeException | Error e) {
      faults.fault("running an event", e);
      attempt.delay();
    }
  }

  private Rules rules(QueuedEvent event) {
    try {
      return handler.rules(event);
    } catch (RuntimeException | Error e) {
      faults.fault("the rules of an event", e);
      return Rules.STANDARD;
    }
  }

  /** What one run of an event comes to. */
  private final class Attempt implements EventHandler.Answer {
    private final Held held;
    private boolean answered;

    Attempt(Held held) {
      this.held = held;
    }

    private synchronized boolean isFirst() {
      boolean first = !answered;
      answered = true;
      return first;
    }

    @Override
    public void outcome(Outcome outcome) {
      QueuedEvent event = held.event();
      if (outcome.functionError() == null) {
        over(Condition.SUCCESS, outcome, event.attempts() + 1);
        return;
      }
      Rules rules = rules(event);
      if (event.attempts() >= rules.retries()) {
        over(Condition.RETRIES_EXHAUSTED, outcome, event.attempts() + 1);
      } else {
        QueuedEvent again = event.failed();
        move(again, RETRY_DELAY.toMillis() << Math.min(again.attempts() - 1, 2), rules, true);
      }
    }

    @Override
    public void refused(LambicException why) {
      if (why.code().equals("TooManyRequestsException")) {
        if (isFirst()) {
          throttled(held);
        }
      } else {
        delay();
      }
    }

    @Override
    public void gone() {
      if (isFirst()) {
        ended(held, true);
        write(held.lane(), held.id(), List.of(new Change.Remove(held.id())), List.of());
      }
    }

    /** It could not be run, for reasons of the system. */
    void delay() {
      QueuedEvent again = held.event().delayed();
      move(again, EventLane.backoff(again.delays()), rules(again), false);
    }

    private void move(QueuedEvent again, long delay, Rules rules, boolean ran) {
      if (!isFirst()) {
        return;
      }
      ended(held, ran);
      if (isStopped()) {
        // Who knows what ended it; it is as it was, and comes again.
        return;
      }
      long due = Math.min(now() + delay, again.accepted() + rules.age().toMillis());
      write(
          held.lane(),
          held.id(),
          List.of(new Change.Move(held.id(), due, again.head())),
          List.of());
    }

    void over(Condition condition, @Nullable Outcome outcome, int attempts) {
      QueuedEvent event = held.event();
      boolean left = isStopped() && condition != Condition.SUCCESS;
      boolean follows = !left && follows(event, condition);
      // Until it is known, what follows is taken to be as large as what it tells of.
      long cost = follows ? event.cost() + (outcome == null ? 0L : outcome.payload().length) : 0;
      if (!take(cost)) {
        // To be run again is what is promised; to be kept in memory without a bound is not.
        delay();
        return;
      }
      if (!isFirst()) {
        release(cost);
        return;
      }
      List<QueuedEvent> follow =
          follows ? follow(event, new End(condition, attempts, outcome)) : List.of();
      release(cost - QueuedEvent.cost(follow));
      ended(held, outcome != null);
      if (!left) {
        List<Change> changes = new ArrayList<>();
        changes.add(new Change.Remove(held.id()));
        follow.forEach(one -> changes.add(added(one)));
        write(held.lane(), held.id(), changes, follow);
      }
    }
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  private boolean follows(QueuedEvent event, Condition condition) {
    try {
      return handler.follows(event, condition);
    } catch (RuntimeException | Error e) {
      faults.fault("the destination of an event", e);
      return false;
    }
  }

  private List<QueuedEvent> follow(QueuedEvent event, End end) {
    try {
      return handler.follow(event, end, now());
    } catch (RuntimeException | Error e) {
      faults.fault("the destination of an event", e);
      return List.of();
    }
  }

  private synchronized boolean take(long cost) {
    return ends.take(cost);
  }

  /** Memory that an end took is free, or if less than none is, it takes more. */
  private void release(long cost) {
    List<Held> begun = new ArrayList<>();
    synchronized (this) {
      release(cost, begun);
    }
    begin(begun);
  }

  private void release(long cost, List<Held> begun) {
    boolean wasFull = ends.isFull();
    ends.change(-cost);
    if (wasFull && !ends.isFull()) {
      goOnEverywhere(begun);
    }
  }

  /** An event is run no more; its lane goes on. */
  private void ended(Held held, boolean ran) {
    List<Held> begun = new ArrayList<>();
    synchronized (this) {
      EventLane lane = held.lane();
      lane.running--;
      lane.ended++;
      runningBytes -= held.event().cost();
      if (ran) {
        lane.pauses = 0;
        lane.paused = false;
      }
      goOn(lane, begun);
    }
    begin(begun);
  }

  /** There is no room for an event now. */
  private void throttled(Held held) {
    List<Held> begun = new ArrayList<>();
    synchronized (this) {
      EventLane lane = held.lane();
      lane.running--;
      runningBytes -= held.event().cost();
      lane.held.remove(held.id());
      lane.more = true;
      lane.limit = Math.max(1, lane.running);
      // Those behind it come later than it does, so they are read again too.
      forgetWaiting(lane);
      if (lane.running == 0 && !lane.paused) {
        lane.pauses++;
        lane.paused = true;
        lane.pausedUntil = ticker.nanos() + EventLane.backoff(lane.pauses) * 1_000_000;
      }
      goOn(lane, begun);
    }
    begin(begun);
  }

  /** Leaves to the disk what is not being run; what is being read does not know of that. */
  private void forgetWaiting(EventLane lane) {
    lane.generation++;
    for (Held held : lane.waiting) {
      lane.held.remove(held.id());
      waitingBytes -= held.event().cost();
    }
    lane.waiting.clear();
    lane.waitingBytes = 0;
  }

  /** Memory may have become free. */
  private void feedOneHungry(List<Held> begun) {
    while (!hungry.isEmpty() && waitingBytes < limits.waitingBytes()) {
      EventLane first = hungry.remove();
      first.hungry = false;
      advance(first, begun);
      if (first.reading) {
        return;
      }
    }
  }

  private void write(EventLane lane, long id, List<Change> changes, List<QueuedEvent> follow) {
    new Writing(lane, id, changes, follow).begin();
  }

  /** Writes what becomes of an item, and again until it is written. */
  private final class Writing implements Backlog.Written {
    private final EventLane lane;
    private final long id;
    private final List<Change> changes;
    private final List<QueuedEvent> follow;
    private final long cost;
    private int failures;
    private boolean alone;

    Writing(EventLane lane, long id, List<Change> changes, List<QueuedEvent> follow) {
      this.lane = lane;
      this.id = id;
      this.changes = changes;
      this.follow = follow;
      this.cost = QueuedEvent.cost(follow);
    }

    void begin() {
      backlog.write(changes, this);
    }

    @Override
    public void done(long[] added) {
      if (alone) {
        faults.fault("what follows from an event is dropped", new StoreException("no room", null));
      }
      List<Held> begun = new ArrayList<>();
      synchronized (EventQueue.this) {
        lane.held.remove(id);
        if (changes.getFirst() instanceof Change.Move move) {
          lane.next = Math.min(lane.next, move.due());
          // A read that is on its way left it out, even if it is due by then.
          lane.missed |= lane.reading;
        }
        goOn(lane, begun);
        release(cost, begun);
      }
      EventQueue.this.begin(begun);
      for (int i = 0; i < added.length; i++) {
        onDisk(follow.get(i), added[i], 0);
      }
    }

    @Override
    public void failed(StoreException why) {
      if (isStopped()) {
        return;
      }
      if (!alone) {
        faults.fault("writing what became of an event", why);
        // Where there is no room for what follows, nothing would ever make room for others.
        alone = backlog.trouble() == null && ++failures >= TRIES && !follow.isEmpty();
        if (alone) {
          backlog.write(changes.subList(0, 1), this);
          return;
        }
      }
      alone = false;
      timers.after(SECOND, this::begin);
    }
  }

  /**
   * Drops all events of a lane that are not being run, because there is nobody any more who could
   * have them.
   */
  public void drop(String lane) {
    List<Held> begun = new ArrayList<>();
    synchronized (this) {
      if (closed) {
        return;
      }
      EventLane known = lanes.get(lane);
      if (known != null) {
        known.more = false;
        known.next = Backlog.NEVER;
        known.paused = false;
        known.pauses = 0;
        forgetWaiting(known);
        goOn(known, begun);
      }
      backlog.write(
          List.of(new Change.Clear(lane)),
          new Backlog.Written() {
            @Override
            public void done(long[] added) {
              // That was all.
            }

            @Override
            public void failed(StoreException why) {
              // They are dropped one by one when nobody is found who could have them.
              faults.fault("dropping events", why);
            }
          });
    }
    begin(begun);
  }

  /** Events that lie in memory now. */
  synchronized int inMemory() {
    return lanes.values().stream().mapToInt(lane -> lane.held.size()).sum();
  }

  @Override
  public synchronized String toString() {
    return lanes.values()
        + ", accepting "
        + door
        + ", waiting "
        + waitingBytes
        + " bytes, running "
        + runningBytes
        + " bytes, ended "
        + ends.bytes()
        + " bytes";
  }

  /** Whether nothing is remembered of any lane. */
  synchronized boolean remembersNothing() {
    return lanes.isEmpty()
        && door.isEmpty()
        && waitingBytes == 0
        && runningBytes == 0
        && ends.bytes() == 0;
  }

  /**
   * Begins nothing more and accepts nothing more. What is running may end; if it fails now, it
   * counts as not having been run.
   */
  public synchronized void stop() {
    stopped = true;
    lanes.values().forEach(lane -> Timers.cancel(lane.timer));
  }

  @Override
  public void close() {
    synchronized (this) {
      stopped = true;
      closed = true;
    }
    timers.close();
    backlog.close();
  }
}
