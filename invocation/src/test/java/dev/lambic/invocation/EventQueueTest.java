package dev.lambic.invocation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.EventHandler.Condition;
import dev.lambic.invocation.EventHandler.Rules;
import dev.lambic.invocation.testing.FakeBacklog;
import dev.lambic.invocation.testing.FakeHandler;
import dev.lambic.invocation.testing.ManualTicker;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.store.Backlog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** When events of asynchronous invocations are run, and for how long. */
class EventQueueTest {
  private static final EventLimits LIMITS = new EventLimits(10, 6000, 8, 6000, 3000, 4000, 4, 100);

  private final ManualTicker ticker = new ManualTicker();
  private ManualLater later = new ManualLater(ticker);
  private FakeBacklog backlog = new FakeBacklog(Runnable::run);
  private final FakeHandler handler = new FakeHandler();
  private EventQueue queue = open(LIMITS);
  private final List<String> answers = new ArrayList<>();
  private int made;

  private EventQueue open(EventLimits limits) {
    EventQueue opened =
        new EventQueue(
            limits,
            backlog,
            handler,
            ticker,
            (where, fault) -> {
              throw new AssertionError(where, fault);
            },
            later);
    opened.start();
    return opened;
  }

  private QueuedEvent event(String lane, int bytes) {
    String target = "arn:" + lane;
    return new QueuedEvent(
        target, target, "1", "id" + made++, queue.now(), "trace", null, new byte[bytes]);
  }

  private void accept(QueuedEvent event) {
    queue.accept(
        event,
        new EventQueue.Acceptance() {
          @Override
          public void accepted() {
            answers.add("yes");
          }

          @Override
          public void refused(LambicException why) {
            answers.add(why.code());
          }
        });
  }

  private FakeHandler.Run run() {
    assertThat(handler.runs).hasSize(1);
    return handler.runs.removeFirst();
  }

  private static Outcome result(@Nullable String error) {
    return new Outcome("{}".getBytes(UTF_8), error, error, null);
  }

  private static LambicException refusal(String code) {
    return new LambicException(code, Blame.CAPACITY, "no");
  }

  @Test
  void anEventIsOnTheDiskBeforeItIsAcceptedAndUntilItIsOver() {
    accept(event("f", 3));
    assertThat(answers).containsExactly("yes");
    assertThat(backlog.items()).hasSize(1);
    FakeHandler.Run run = run();
    assertThat(run.event().requestId()).isEqualTo("id0");
    assertThat(run.event().traceId()).isEqualTo("trace");
    run.answer().outcome(result(null));
    assertThat(backlog.items()).isEmpty();
    assertThat(handler.over.getFirst().end().condition()).isEqualTo(Condition.SUCCESS);
    assertThat(handler.over.getFirst().end().attempts()).isEqualTo(1);
    assertThat(queue.remembersNothing()).isTrue();
    assertThat(later.timers()).isZero();
  }

  @Test
  void aFunctionThatFailsIsRunAgainAfterOneAndAfterTwoMinutes() {
    accept(event("f", 3));
    run().answer().outcome(result("Unhandled"));
    later.advance(Duration.ofSeconds(59));
    assertThat(handler.runs).isEmpty();
    later.advance(Duration.ofSeconds(2));
    FakeHandler.Run second = run();
    assertThat(second.event().requestId()).isEqualTo("id0");
    assertThat(second.event().attempts()).isEqualTo(1);
    second.answer().outcome(result("Unhandled"));
    later.advance(Duration.ofSeconds(119));
    assertThat(handler.runs).isEmpty();
    later.advance(Duration.ofSeconds(2));
    run().answer().outcome(result("Unhandled"));
    assertThat(handler.over).hasSize(1);
    assertThat(handler.over.getFirst().end().condition()).isEqualTo(Condition.RETRIES_EXHAUSTED);
    assertThat(handler.over.getFirst().end().attempts()).isEqualTo(3);
    assertThat(backlog.items()).isEmpty();
    assertThat(queue.remembersNothing()).isTrue();
  }

  @Test
  void noRetryIsMadeWhereNoneIsWanted() {
    handler.rules = new Rules(0, Duration.ofHours(6), false);
    accept(event("f", 3));
    run().answer().outcome(result("Unhandled"));
    assertThat(handler.over.getFirst().end().condition()).isEqualTo(Condition.RETRIES_EXHAUSTED);
    assertThat(handler.over.getFirst().end().attempts()).isEqualTo(1);
  }

  @Test
  void anEventThatIsTooOldIsNotRun() {
    handler.rules = new Rules(2, Duration.ofSeconds(60), false);
    accept(event("f", 3));
    later.advance(Duration.ofSeconds(30));
    run().answer().outcome(result("Unhandled"));
    later.advance(Duration.ofSeconds(31));
    assertThat(handler.runs).isEmpty();
    assertThat(handler.over.getFirst().end().condition()).isEqualTo(Condition.AGE_EXCEEDED);
    assertThat(handler.over.getFirst().end().attempts()).isEqualTo(1);
    assertThat(handler.over.getFirst().end().outcome()).isNull();
    assertThat(backlog.items()).isEmpty();
  }

  @Test
  void whereThereIsNoRoomALaneWaitsForLongerAndLonger() {
    accept(event("f", 3));
    accept(event("f", 3));
    List<Long> waits = new ArrayList<>();
    handler.runs.forEach(run -> run.answer().refused(refusal("TooManyRequestsException")));
    handler.runs.clear();
    for (int i = 0; i < 11; i++) {
      long begin = queue.now();
      while (handler.runs.isEmpty()) {
        later.advance(Duration.ofMillis(500));
      }
      waits.add((queue.now() - begin) / 1000);
      // One at a time is tried, and no second is counted for those that wait behind it.
      run().answer().refused(refusal("TooManyRequestsException"));
    }
    assertThat(waits).startsWith(1L, 2L, 4L, 8L).endsWith(300L, 300L);
    later.advance(Duration.ofMinutes(5));
    run().answer().outcome(result(null));
    run().answer().outcome(result(null));
    assertThat(backlog.items()).isEmpty();
    assertThat(queue.remembersNothing()).isTrue();
  }

  @Test
  void anEventThatCannotBeRunForOtherReasonsWaitsByItself() {
    accept(event("f", 3));
    run().answer().refused(refusal("ServiceException"));
    accept(event("f", 3));
    assertThat(run().event().requestId()).isEqualTo("id1");
    later.advance(Duration.ofMillis(1002));
    FakeHandler.Run second = run();
    assertThat(second.event().requestId()).isEqualTo("id0");
    assertThat(second.event().attempts()).isZero();
    second.answer().refused(refusal("ServiceException"));
    later.advance(Duration.ofMillis(1500));
    assertThat(handler.runs).isEmpty();
    later.advance(Duration.ofMillis(600));
    assertThat(run().event().delays()).isEqualTo(2);
  }

  @Test
  void aFunctionThatMustNotRunHasItsEventsEndAtOnce() {
    handler.rules = new Rules(2, Duration.ofHours(6), true);
    accept(event("f", 3));
    assertThat(handler.runs).isEmpty();
    assertThat(handler.over.getFirst().end().condition()).isEqualTo(Condition.CLOSED);
    assertThat(handler.over.getFirst().end().attempts()).isZero();
    assertThat(backlog.items()).isEmpty();
  }

  @Test
  void whatFollowsTakesThePlaceOfAnEvent() {
    accept(event("f", 3));
    FakeHandler.Run first = run();
    handler.followers = List.of(event("g", 5));
    first.answer().outcome(result(null));
    handler.followers = List.of();
    FakeHandler.Run follower = run();
    assertThat(follower.event().lane()).isEqualTo("arn:g");
    assertThat(backlog.items()).hasSize(1);
    follower.answer().gone();
    assertThat(backlog.items()).isEmpty();
    assertThat(queue.remembersNothing()).isTrue();
  }

  @Test
  void aBacklogLiesOnTheDisk() {
    for (int i = 0; i < 100_000; i++) {
      backlog.write(
          List.of(new Backlog.Change.Add("arn:f", queue.now(), event("f", 0).head(), new byte[1])),
          Ignoring.WRITTEN);
    }
    queue.close();
    backlog = backlog.crash();
    later = new ManualLater(ticker);
    queue = open(LIMITS);
    assertThat(queue.inMemory()).isLessThanOrEqualTo(LIMITS.waiting() + LIMITS.firstAtOnce());
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      FakeHandler.Run run = handler.runs.removeFirst();
      order.add(run.event().requestId());
      run.answer().outcome(result(null));
      assertThat(queue.inMemory()).isLessThanOrEqualTo(LIMITS.waiting() + LIMITS.firstAtOnce());
    }
    assertThat(order).startsWith("id0", "id1", "id2", "id3", "id4").endsWith("id199");
    assertThat(backlog.reads()).isLessThan(80);
  }

  @Test
  void largeEventsShareABudgetOfMemory() {
    for (int i = 0; i < 30; i++) {
      accept(event("f" + i % 3, 1000));
    }
    // Of each lane one runs whatever it takes; the rest is held to the limits.
    assertThat(handler.runs.size()).isBetween(3, 5);
    assertThat(queue.inMemory()).isLessThanOrEqualTo(handler.runs.size() + 4);
    int done = 0;
    while (!handler.runs.isEmpty()) {
      handler.runs.removeFirst().answer().outcome(result(null));
      done++;
      later.settle();
    }
    assertThat(done).isEqualTo(30);
    assertThat(queue.remembersNothing()).isTrue();
  }

  @Test
  void eventsOfASlowFunctionLeaveMemoryToOthers() {
    for (int i = 0; i < 30; i++) {
      accept(event("slow", 1000));
    }
    for (int i = 0; i < 4; i++) {
      accept(event("other" + i, 1000));
    }
    // Nothing of the slow one ends, and yet the first of each other runs.
    assertThat(handler.runs)
        .extracting(run -> run.event().lane())
        .contains("arn:slow", "arn:other0", "arn:other1", "arn:other2", "arn:other3");
  }

  /** A queue whose disk does what the test says, step by step, with events that are running. */
  private List<FakeHandler.Run> runningBeforeASlowDisk(int events) {
    queue.close();
    backlog = new FakeBacklog();
    later = new ManualLater(ticker);
    queue = open(new EventLimits(100, 1 << 20, 100, 1 << 20, 1 << 20, 4000, 10, 100));
    for (int i = 0; i < events; i++) {
      accept(event("f", 3));
    }
    settleDisk();
    List<FakeHandler.Run> running = List.copyOf(handler.runs);
    handler.runs.clear();
    return running;
  }

  private void endAll() {
    List<FakeHandler.Run> now = List.copyOf(handler.runs);
    handler.runs.clear();
    now.forEach(run -> run.answer().outcome(result(null)));
  }

  private void settleDisk() {
    while (backlog.hasWork()) {
      backlog.work();
      backlog.tell();
    }
  }

  @Test
  void nothingIsBegunWhileTooMuchWaitsToBeWritten() {
    List<FakeHandler.Run> running = runningBeforeASlowDisk(30);
    assertThat(running).hasSize(10);
    handler.followers = List.of(event("g", 2000));
    running.get(0).answer().outcome(result(null));
    assertThat(handler.runs).as("the next takes its place").hasSize(1);
    running.get(1).answer().outcome(result(null));
    running.get(2).answer().outcome(result(null));
    assertThat(handler.runs).as("none does where much is to be written").hasSize(1);
    handler.followers = List.of();
    settleDisk();
    assertThat(handler.runs.stream().filter(run -> run.event().lane().equals("arn:f")))
        .as("they go on")
        .hasSize(3);
    endAll();
    running.subList(3, 10).forEach(run -> run.answer().outcome(result(null)));
    settleDisk();
    while (!handler.runs.isEmpty()) {
      handler.runs.removeFirst().answer().outcome(result(null));
      settleDisk();
    }
    assertThat(backlog.items()).isEmpty();
    assertThat(queue.remembersNothing()).as("%s", queue).isTrue();
  }

  @Test
  void whatEndsAllTheSameIsKeptUpToABoundAndComesAgainBeyond() {
    List<FakeHandler.Run> running = runningBeforeASlowDisk(10);
    handler.followers = List.of(event("g", 3000));
    Outcome large = new Outcome(new byte[3000], null, null, null);
    running.forEach(run -> run.answer().outcome(large));
    // Four of them are kept, for each takes more than 3000 of 16000 bytes.
    assertThat(handler.over).hasSize(4);
    handler.followers = List.of();
    settleDisk();
    assertThat(backlog.items()).as("four followers, and six that come again").hasSize(10);
    endAll();
    later.advance(Duration.ofSeconds(2));
    settleDisk();
    assertThat(handler.runs).hasSize(6);
    endAll();
    settleDisk();
    assertThat(queue.remembersNothing()).as("%s", queue).isTrue();
  }

  @Test
  void whatTakesNoMemoryAtItsEndIsNeverRunAgainForThat() {
    List<FakeHandler.Run> running = runningBeforeASlowDisk(10);
    handler.followers = List.of(event("g", 3000));
    Outcome large = new Outcome(new byte[3000], null, null, null);
    running.subList(0, 4).forEach(run -> run.answer().outcome(large));
    handler.followed = false;
    running.subList(4, 10).forEach(run -> run.answer().outcome(large));
    settleDisk();
    assertThat(backlog.items()).as("the followers of four").hasSize(4);
  }

  @Test
  void whatFollowsIsDroppedWhereItCanNeverBeWritten() {
    queue.close();
    backlog = new FakeBacklog(Runnable::run);
    later = new ManualLater(ticker);
    List<String> faults = new ArrayList<>();
    queue =
        new EventQueue(
            LIMITS, backlog, handler, ticker, (where, fault) -> faults.add(where), later);
    queue.start();
    accept(event("f", 3));
    backlog.refuseAdditions();
    handler.followers = List.of(event("g", 3000));
    run().answer().outcome(result(null));
    handler.followers = List.of();
    later.advance(Duration.ofSeconds(20));
    assertThat(backlog.items()).as("it is tried again, and nothing is half done").hasSize(1);
    later.advance(Duration.ofSeconds(20));
    assertThat(backlog.items()).isEmpty();
    assertThat(faults).contains("what follows from an event is dropped");
    assertThat(queue.remembersNothing()).as("%s", queue).isTrue();
  }

  @Test
  void whatFollowsIsKeptWhereNothingAtAllCanBeWritten() {
    queue.close();
    backlog = new FakeBacklog(Runnable::run);
    later = new ManualLater(ticker);
    List<String> faults = new ArrayList<>();
    queue =
        new EventQueue(
            LIMITS, backlog, handler, ticker, (where, fault) -> faults.add(where), later);
    queue.start();
    accept(event("f", 3));
    backlog.refuseEverything(true);
    handler.followers = List.of(event("g", 3000));
    run().answer().outcome(result(null));
    handler.followers = List.of();
    later.advance(Duration.ofSeconds(40));
    assertThat(backlog.items()).extracting(Backlog.Item::lane).containsExactly("arn:f");
    backlog.refuseEverything(false);
    later.advance(Duration.ofSeconds(2));
    assertThat(backlog.items()).extracting(Backlog.Item::lane).containsExactly("arn:g");
    assertThat(faults).containsOnly("writing what became of an event");
    run().answer().outcome(result(null));
    assertThat(queue.remembersNothing()).as("%s", queue).isTrue();
  }

  @Test
  void anErrorOfOneRunIsNoneOfTheOthers() {
    queue.close();
    backlog = new FakeBacklog(Runnable::run);
    later = new ManualLater(ticker);
    List<Throwable> faults = new ArrayList<>();
    FakeHandler failing =
        new FakeHandler((event, answer) -> {
          if (event.delays() == 0 && event.requestId().equals("id0")) {
            throw new StackOverflowError("of a test");
          }
        });
    queue =
        new EventQueue(
            LIMITS, backlog, failing, ticker, (where, fault) -> faults.add(fault), later);
    for (int i = 0; i < 3; i++) {
      accept(event("f", 3));
    }
    queue.start();
    assertThat(failing.runs).extracting(run -> run.event().requestId()).contains("id1", "id2");
    assertThat(faults).hasOnlyElementsOfType(StackOverflowError.class).hasSize(1);
    failing.runs.stream().skip(1).forEach(run -> run.answer().outcome(result(null)));
    failing.runs.clear();
    later.advance(Duration.ofSeconds(2));
    assertThat(failing.runs).extracting(run -> run.event().requestId()).containsExactly("id0");
    failing.runs.getFirst().answer().outcome(result(null));
    assertThat(backlog.items()).isEmpty();
    assertThat(queue.remembersNothing()).as("%s", queue).isTrue();
  }

  @Test
  void whatIsAcceptedBeforeTheStartIsRunByIt() {
    queue.close();
    backlog = new FakeBacklog(Runnable::run);
    later = new ManualLater(ticker);
    queue =
        new EventQueue(
            LIMITS,
            backlog,
            handler,
            ticker,
            (where, fault) -> {
              throw new AssertionError(where, fault);
            },
            later);
    accept(event("f", 3));
    assertThat(answers).containsExactly("yes");
    assertThat(handler.runs).isEmpty();
    queue.start();
    run().answer().outcome(result(null));
    assertThat(queue.remembersNothing()).isTrue();
  }

  @Test
  void tooManyAtTheDoorAreRefused() {
    queue.close();
    backlog = new FakeBacklog();
    later = new ManualLater(ticker);
    queue = open(LIMITS);
    for (int i = 0; i < 12; i++) {
      accept(event("f", 3));
    }
    assertThat(answers).containsExactly("TooManyRequestsException", "TooManyRequestsException");
    assertThat(handler.runs).isEmpty();
    backlog.work();
    assertThat(answers).hasSize(2);
    backlog.tell();
    assertThat(answers).hasSize(3).endsWith("yes");
    accept(event("f", 3));
    assertThat(answers).hasSize(3);
  }

  @Test
  void moreAreRunAtOnceWhileThatHelps() {
    queue.close();
    backlog = backlog.crash();
    later = new ManualLater(ticker);
    queue = open(new EventLimits(100, 1 << 20, 100, 1 << 20, 1 << 20, 1 << 20, 4, 100));
    for (int i = 0; i < 50; i++) {
      accept(event("f", 3));
      later.settle();
    }
    assertThat(handler.runs).hasSize(LIMITS.firstAtOnce());
    later.advance(Duration.ofMillis(1001));
    assertThat(handler.runs).hasSize(6);
    later.advance(Duration.ofSeconds(1));
    assertThat(handler.runs).hasSize(6);
    later.advance(Duration.ofSeconds(1));
    assertThat(handler.runs).hasSize(9);
    for (int i = 0; i < 9; i++) {
      handler.runs.removeFirst().answer().outcome(result(null));
    }
    later.advance(Duration.ofSeconds(4));
    assertThat(handler.runs).hasSize(14);
    for (int i = 0; i < 9; i++) {
      handler.runs.removeFirst().answer().outcome(result(null));
    }
    later.advance(Duration.ofSeconds(1));
    assertThat(handler.runs).hasSize(14);
  }

  @Test
  void eventsOfAFunctionThatIsDeletedAreDropped() {
    for (int i = 0; i < 30; i++) {
      accept(event("f", 3));
    }
    accept(event("g", 3));
    queue.drop("arn:f");
    assertThat(backlog.items()).hasSize(1);
    List<FakeHandler.Run> running = new ArrayList<>(handler.runs);
    handler.runs.clear();
    running.forEach(run -> run.answer().outcome(result("Unhandled")));
    later.advance(Duration.ofMinutes(2));
    assertThat(handler.runs).extracting(run -> run.event().lane()).containsExactly("arn:g");
  }

  @Test
  void whatFailsWhileTheServerEndsIsRunByTheNext() {
    accept(event("f", 3));
    FakeHandler.Run first = run();
    queue.stop();
    first.answer().outcome(result("Unhandled"));
    accept(event("f", 3));
    assertThat(answers).containsExactly("yes", "ServiceException");
    assertThat(backlog.items()).hasSize(1);
    queue.close();
    backlog = backlog.crash();
    later = new ManualLater(ticker);
    queue = open(LIMITS);
    assertThat(run().event().attempts()).isZero();
  }

  @Test
  void anEventIsWhatItWas() {
    QueuedEvent event =
        new QueuedEvent("l", "t:q", "7", "r", 12, 3, 4, null, "tenant", "p".getBytes(UTF_8));
    QueuedEvent read = QueuedEvent.of(new Backlog.Item(1, "l", 0, event.head(), event.payload()));
    assertThat(read).usingRecursiveComparison().isEqualTo(event);
  }

  private enum Ignoring implements Backlog.Written {
    WRITTEN;

    @Override
    public void done(long[] added) {}

    @Override
    public void failed(dev.lambic.store.StoreException why) {
      throw new AssertionError(why);
    }
  }
}
