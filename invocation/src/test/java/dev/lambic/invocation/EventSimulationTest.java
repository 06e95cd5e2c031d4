package dev.lambic.invocation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeBacklog;
import dev.lambic.invocation.testing.ManualTicker;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.store.Backlog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random interleavings of all that can happen to events, crashes between any two steps and jumps of
 * the clock included, with what must always hold looked at after each step.
 *
 * <p>A failure names its seed; {@code -Dlambic.seed=N} runs that one alone, {@code
 * -Dlambic.seeds=N} as many as one has time for.
 */
final class EventSimulationTest {
  private static final int SEEDS = Integer.getInteger("lambic.seeds", 400);
  private static final int STEPS = 500;
  private static final int LANES = 3;

  @Test
  void holdsWhateverHappens() {
    Long only = Long.getLong("lambic.seed");
    for (long seed = only == null ? 0 : only; seed < (only == null ? SEEDS : only + 1); seed++) {
      try {
        new Run(seed).run();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + " failed; run it with -Dlambic.seed=" + seed, e);
      }
    }
  }

  /** A wall clock that jumps, beside a steady one that does not. */
  private static final class JumpingTicker implements Ticker {
    final ManualTicker steady = new ManualTicker();
    Duration jumped = Duration.ZERO;

    @Override
    public long nanos() {
      return steady.nanos();
    }

    @Override
    public Instant instant() {
      return steady.instant().plus(jumped);
    }
  }

  private record Running(QueuedEvent event, EventHandler.Answer answer, int life) {}

  /** One interleaving. */
  private static final class Run implements EventHandler {
    private static final EventLimits LIMITS = new EventLimits(6, 8000, 4, 5000, 4000, 2500, 2, 6);

    private final SplittableRandom random;
    private final JumpingTicker ticker = new JumpingTicker();
    private ManualLater later = new ManualLater(ticker.steady);
    private FakeBacklog backlog = new FakeBacklog();
    private EventQueue queue;
    private int life;
    private int made;
    private boolean quiet;

    private final Rules[] rules = new Rules[LANES];
    private final List<Running> running = new ArrayList<>();

    /** Events whose senders were told that they are accepted, and of which no end is known. */
    private final Set<String> promised = new HashSet<>();

    /** Before when an event must not be run. */
    private final Map<String, Long> notBefore = new HashMap<>();

    /** Failures that were told of each event, as far as a crash left them known. */
    private final Map<String, Integer> failures = new HashMap<>();

    private final Map<String, String> laneOf = new HashMap<>();

    /** Events of which it is known how they end, once that is on the disk. */
    private final Set<String> ending = new HashSet<>();

    Run(long seed) {
      random = new SplittableRandom(seed);
      for (int i = 0; i < LANES; i++) {
        rules[i] = randomRules();
      }
      queue = open();
    }

    private Rules randomRules() {
      return new Rules(
          random.nextInt(3), Duration.ofSeconds(60 + random.nextInt(600)), random.nextInt(12) == 0);
    }

    private EventQueue open() {
      EventQueue opened =
          new EventQueue(
              LIMITS,
              backlog,
              this,
              ticker,
              (where, fault) -> {
                throw new AssertionError(where, fault);
              },
              later);
      opened.start();
      return opened;
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        step();
        look();
      }
      comeToRest();
    }

    private void step() {
      switch (random.nextInt(24)) {
        case 0, 1, 2, 3 -> accept();
        case 4, 5, 6, 7, 8 -> backlog.work();
        case 9, 10, 11, 12, 13 -> backlog.tell();
        case 14, 15, 16 -> answer();
        case 17 -> later.runDueTimer();
        case 18 -> ticker.steady.advance(Duration.ofMillis(random.nextInt(2000)));
        case 19 -> pass(Duration.ofSeconds(random.nextInt(200)));
        case 20 -> ticker.jumped = Duration.ofSeconds(random.nextInt(-4000, 4000));
        case 21 -> rules[random.nextInt(LANES)] = randomRules();
        case 22 -> disturb();
        default -> answer();
      }
    }

    private void pass(Duration time) {
      ticker.steady.advance(time);
      while (later.runDueTimer()) {
        look();
      }
    }

    private void disturb() {
      switch (random.nextInt(6)) {
        case 0 -> drop("lane" + random.nextInt(LANES));
        case 1, 2 -> crash();
        default -> {}
      }
    }

    private void accept() {
      String lane = "lane" + random.nextInt(LANES);
      String id = "e" + made++;
      laneOf.put(id, lane);
      QueuedEvent event =
          new QueuedEvent(
              lane, lane, "1", id, queue.now(), null, null, new byte[random.nextInt(2000)]);
      int now = life;
      queue.accept(
          event,
          new EventQueue.Acceptance() {
            @Override
            public void accepted() {
              assertThat(now).isEqualTo(life);
              promised.add(id);
            }

            @Override
            public void refused(LambicException why) {
              assertThat(why.code()).isEqualTo("TooManyRequestsException");
            }
          });
    }

    @Override
    public Rules rules(QueuedEvent event) {
      return rules[event.lane().charAt(4) - '0'];
    }

    @Override
    public void run(QueuedEvent event, Answer answer) {
      String id = event.requestId();
      Rules now = rules(event);
      assertThat(now.closed()).isFalse();
      assertThat(queue.now() - event.accepted()).as("age").isLessThan(now.age().toMillis());
      assertThat(queue.now())
          .as("%s is due", id)
          .isGreaterThanOrEqualTo(notBefore.getOrDefault(id, Long.MIN_VALUE));
      assertThat(running.stream().filter(r -> r.life() == life).map(r -> r.event().requestId()))
          .as("what runs")
          .doesNotContain(id);
      assertThat(ending).doesNotContain(id);
      assertThat(event.attempts()).isLessThanOrEqualTo(failures.getOrDefault(id, 0));
      running.add(new Running(event, answer, life));
    }

    /** Some run comes to an end; it may be one that a crash has cut off. */
    private void answer() {
      if (running.isEmpty()) {
        return;
      }
      Running one = running.remove(random.nextInt(running.size()));
      if (one.life() != life) {
        return;
      }
      String id = one.event().requestId();
      switch (quiet ? 0 : random.nextInt(9)) {
        case 0, 1, 2 -> one.answer().outcome(result(null));
        case 3, 4 -> {
          int failed = one.event().attempts() + 1;
          failures.merge(id, 1, Integer::sum);
          // The last one comes again as if it had not been run, if there is no memory for its end.
          boolean last = failed > rules(one.event()).retries();
          notBefore.put(
              id,
              soonest(one.event(), last ? 1000L << one.event().delays() : 60_000L << (failed - 1)));
          one.answer().outcome(result("Unhandled"));
        }
        case 5, 6 -> one.answer().refused(refusal("TooManyRequestsException"));
        case 7 -> {
          notBefore.put(id, soonest(one.event(), 1000L << one.event().delays()));
          one.answer().refused(refusal("ServiceException"));
        }
        default -> {
          ending.add(id);
          one.answer().gone();
        }
      }
      if (!quiet && random.nextInt(4) == 0) {
        // Who answers twice changes nothing.
        one.answer().outcome(result(null));
      }
    }

    private long soonest(QueuedEvent event, long delay) {
      long expiry = event.accepted() + rules(event).age().toMillis();
      return Math.min(queue.now() + Math.min(delay, 300_000), expiry);
    }

    @Override
    public boolean follows(QueuedEvent event, Condition condition) {
      return true;
    }

    @Override
    public List<QueuedEvent> follow(QueuedEvent event, End end, long now) {
      String id = event.requestId();
      Rules current = rules(event);
      assertThat(ending.add(id)).as("%s ends once", id).isTrue();
      switch (end.condition()) {
        case SUCCESS -> assertThat(end.outcome()).isNotNull();
        case RETRIES_EXHAUSTED -> assertThat(end.attempts()).isGreaterThan(current.retries());
        case AGE_EXCEEDED ->
            assertThat(now - event.accepted()).isGreaterThanOrEqualTo(current.age().toMillis());
        case CLOSED -> assertThat(current.closed()).isTrue();
      }
      assertThat(end.attempts())
          .isLessThanOrEqualTo(failures.getOrDefault(id, 0) + 1)
          .isLessThanOrEqualTo(3);
      if (quiet || random.nextInt(3) > 0) {
        return List.of();
      }
      String lane = "lane" + random.nextInt(LANES);
      String next = "e" + made++;
      laneOf.put(next, lane);
      // From the moment in which the end is on the disk, this is promised; see look().
      return List.of(new QueuedEvent(lane, lane, "1", next, now, null, null, new byte[10]));
    }

    private void drop(String lane) {
      queue.drop(lane);
      // Those on their way to the disk stand before the dropping there, so they go as well.
      settleDisk();
      Set<String> there = onDisk();
      promised.removeIf(id -> lane.equals(laneOf.get(id)) && !there.contains(id));
    }

    private void settleDisk() {
      while (backlog.hasWork()) {
        backlog.work();
        backlog.tell();
      }
    }

    private void crash() {
      backlog = backlog.crash();
      later = new ManualLater(ticker.steady);
      life++;
      ending.clear();
      notBefore.clear();
      queue = open();
      long latest = queue.now() + 300_000;
      for (Backlog.Item item : backlog.items()) {
        assertThat(item.due()).isLessThanOrEqualTo(latest);
        notBefore.put(QueuedEvent.of(item).requestId(), item.due());
        // What it carries is what is known of it now.
        failures.put(QueuedEvent.of(item).requestId(), QueuedEvent.of(item).attempts());
      }
      Set<String> there = onDisk();
      assertThat(there).as("what was promised is there after a crash").containsAll(promised);
      promised.retainAll(there);
    }

    private Set<String> onDisk() {
      Set<String> ids = new HashSet<>();
      backlog.items().forEach(item -> ids.add(QueuedEvent.of(item).requestId()));
      return ids;
    }

    private void look() {
      Set<String> there = onDisk();
      for (String id : promised) {
        assertThat(there.contains(id) || ending.contains(id))
            .as("%s is on the disk, or its end is", id)
            .isTrue();
      }
      // Whose end is on the disk is promised no more.
      promised.removeIf(id -> !there.contains(id));
      promised.addAll(there);
      assertThat(queue.inMemory())
          .isLessThanOrEqualTo(
              LANES * (LIMITS.waiting() + LIMITS.mostAtOnce()) + ending.size() + notBefore.size());
    }

    /** In the end everything ends, and nothing is remembered. */
    private void comeToRest() {
      quiet = true;
      for (int i = 0; i < LANES; i++) {
        rules[i] = new Rules(0, Duration.ofHours(20), false);
      }
      for (int i = 0; i < 10_000 && !isAtRest(); i++) {
        settleDisk();
        while (!running.isEmpty()) {
          answer();
        }
        settleDisk();
        pass(Duration.ofSeconds(20));
        look();
      }
      assertThat(onDisk()).as("what is left; %s", queue).isEmpty();
      assertThat(queue.remembersNothing()).isTrue();
      assertThat(later.timers()).isZero();
    }

    private boolean isAtRest() {
      return onDisk().isEmpty() && !backlog.hasWork() && queue.remembersNothing();
    }

    private static Outcome result(@Nullable String error) {
      return new Outcome("{}".getBytes(UTF_8), error, error, null);
    }

    private static LambicException refusal(String code) {
      return new LambicException(code, Blame.CAPACITY, "no");
    }
  }
}
