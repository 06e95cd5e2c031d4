package dev.lambic.invocation;

import dev.lambic.store.Backlog;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The events of one function, as far as memory knows of them; guarded by the queue's lock. */
final class EventLane {
  /** An event in memory, and the name of its item on the disk. */
  record Held(EventLane lane, long id, QueuedEvent event) {}

  /** The longest that an event or a lane waits because it could not be run. */
  static final Duration LONGEST_DELAY = Duration.ofMinutes(5);

  private static final Duration FIRST_DELAY = Duration.ofSeconds(1);
  private static final long SECOND = 1_000_000_000;
  private static final long LONGEST_PATIENCE = 16 * SECOND;
  private static final double GROWTH = 1.5;
  private static final double WORTH = 1.1;

  final String name;

  /** To be run next, in this order. */
  final Deque<Held> waiting = new ArrayDeque<>();

  /** What these take of memory. */
  long waitingBytes;

  /** The items that are in memory, or of which an end is being written. */
  final Set<Long> held = new HashSet<>();

  /** How many are run now. */
  int running;

  /** How many may be run at once. */
  int limit;

  /** Whether an answer of the backlog is awaited. */
  boolean reading;

  /** Whether there may be items that are due and that this answer leaves out. */
  boolean missed;

  /** Whether it stands in the line for memory. */
  boolean hungry;

  /** Whether there may be items that are due and not in memory. */
  boolean more;

  /** When the first item is due that is not yet; may be too early, never too late. */
  long next = Backlog.NEVER;

  /** Until when nothing is begun, in nanoseconds of the ticker; of no meaning if not paused. */
  long pausedUntil;

  boolean paused;

  /** How often in a row there was no room for any. */
  int pauses;

  /** Changes when all its events are dropped. */
  int generation;

  /** How many ended since the limit was looked at last, and in the time before that. */
  int ended;

  int endedBefore;

  /** How long the limit is left as it is, in nanoseconds. */
  long patience;

  /** When the limit is looked at again; of no meaning unless {@link #saturated}. */
  long growAt;

  /** Whether more could be run if the limit let them. */
  boolean saturated;

  /** When the timer fires, if there is one, in nanoseconds of the ticker. */
  long wakesAt;

  Timers.@Nullable Timer timer;

  EventLane(String name, int limit) {
    this.name = name;
    this.limit = limit;
  }

  /** How long to wait after some failures in a row, in milliseconds. */
  static long backoff(int failures) {
    return Math.min(
        LONGEST_DELAY.toMillis(), FIRST_DELAY.toMillis() << Math.clamp(failures - 1, 0, 20));
  }

  /** Whether nothing would be lost if it were forgotten. */
  boolean isEmpty() {
    return held.isEmpty()
        && running == 0
        && !reading
        && !hungry
        && !more
        && !paused
        && next == Backlog.NEVER;
  }

  /** Whether more could be run than may be begins or ends. */
  void saturated(boolean now, long nanos) {
    if (now && !saturated) {
      patience = SECOND;
      growAt = nanos + SECOND;
      ended = 0;
      endedBefore = 0;
    }
    saturated = now;
  }

  /** Lets more run at once if that has helped, or may. */
  void grow(long nanos, int most) {
    if (!saturated || nanos - growAt < 0) {
      return;
    }
    if (ended == 0 || ended > WORTH * endedBefore) {
      limit = (int) Math.min(most, Math.ceil(limit * GROWTH));
      endedBefore = ended;
    }
    // Where nothing ends, more at once may be what is wrong.
    patience = ended == 0 ? Math.min(LONGEST_PATIENCE, 2 * patience) : SECOND;
    ended = 0;
    growAt = nanos + patience;
  }

  @Override
  public String toString() {
    return name
        + ": waiting="
        + waiting.size()
        + " held="
        + held
        + " running="
        + running
        + "/"
        + limit
        + (reading ? " reading" : "")
        + (hungry ? " hungry" : "")
        + (more ? " more" : "")
        + (paused ? " paused" : "")
        + " next="
        + next;
  }
}
