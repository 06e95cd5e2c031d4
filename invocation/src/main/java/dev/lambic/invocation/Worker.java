package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.kernel.Transitions;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.Initialization;
import dev.lambic.runtime.PlatformEvent.Phase;
import dev.lambic.runtime.ProcessEnd;
import dev.lambic.runtime.ResultFlow;
import dev.lambic.runtime.RuntimeTarget;
import dev.lambic.runtime.ShutdownReason;
import dev.lambic.runtime.Work;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One execution environment and what it is doing.
 *
 * <p>All state is guarded by the object's lock and changes along {@link Life}'s table. Callers are
 * answered, the owner is told and the environment is touched without the lock. What may block is a
 * chore, done in the background in the order in which it came up: completing an invocation's log,
 * which waits for the output that the handler wrote; freezing and thawing; ending and starting
 * processes. An invocation that finds chores undone is begun as one of them, so that its START
 * follows the REPORT before it.
 *
 * <p>A failure does not end the environment: its processes are ended, and the next invocation
 * starts the runtime anew, with what {@code /tmp} holds, as on Lambda.
 */
final class Worker extends LoggedListener {
  /** How long an environment is left running after its invocation before it is frozen. */
  private static final long FREEZE_AFTER = TimeUnit.MILLISECONDS.toNanos(10);

  private static final String EXIT_ERROR = "Runtime.ExitError";
  private static final String KILLED = ProcessEnd.describeRuntime(0, 9);

  private final FunctionImage image;
  private final Place place;
  private final LogLines lines;
  private final WorkerOwner owner;
  private final Attempts attempts;
  private final Completion completion;
  private final Ticker ticker;
  private final Timers timers;
  private final Chores chores;
  private final Transitions<Life> table;
  private final CompletableFuture<Init> init = new CompletableFuture<>();
  private final long created;
  private final long timeout;

  private Life state = Life.INITIALIZING;
  private volatile @Nullable Environment environment;
  private @Nullable Task task;
  private boolean restarted;
  private volatile boolean restored;
  private boolean frozen;
  private boolean deadlineTimer;
  private boolean freezeTimer;
  private volatile Timers.@Nullable Timer dueDeadline;
  private volatile Timers.@Nullable Timer dueFreeze;
  private long deadline;
  private String ending = ProcessEnd.describeRuntime(0, 0);
  private volatile long idleSince;
  private final Patience patience = new Patience();
  private volatile long worthWaiting;
  private volatile CompletableFuture<Void> leaving = CompletableFuture.completedFuture(null);

  Worker(
      FunctionImage image,
      Place place,
      Initialization why,
      EnvironmentLog log,
      WorkerOwner owner,
      Ticker ticker,
      Timers timers,
      Executor background,
      Transitions<Life> table) {
    super(log);
    this.image = image;
    this.place = place;
    this.lines = new LogLines(ticker, image, why);
    this.owner = owner;
    this.attempts = new Attempts(owner);
    this.completion = new Completion(attempts, log, lines, owner, this);
    this.ticker = ticker;
    this.timers = timers;
    this.chores = new Chores(background, fault -> owner.fault("a chore of an environment", fault));
    this.table = table;
    this.created = ticker.nanos();
    this.timeout = TimeUnit.SECONDS.toNanos(image.timeoutSeconds());
  }

  FunctionImage image() {
    return image;
  }

  /** Where it stands with the dispatcher, whose lock guards that. */
  Place place() {
    return place;
  }

  /** When it last became idle, on the monotonic clock. */
  long idleSince() {
    return idleSince;
  }

  /** Until when it is worth waiting for one that has answered, on the monotonic clock. */
  long worthWaiting() {
    return worthWaiting;
  }

  /** Whether it has answered and not asked for the next event yet. */
  synchronized boolean hasAnswered() {
    return state == Life.ANSWERED;
  }

  /** Completes when extensions had their time to end. */
  CompletableFuture<Void> leaving() {
    return leaving;
  }

  /** Completes when the runtime asks for its first event, will never do so, or takes too long. */
  CompletableFuture<Init> init() {
    return init;
  }

  void initTimedOut() {
    init.complete(new Init.TimedOut(ticker.nanos() - created));
  }

  /** Says what is about to be started. */
  void starting(RuntimeTarget target) {
    target.warning().ifPresent(log::warn);
    if (!image.snapStart()) {
      log.platform(lines.initStart());
    }
  }

  @Override
  public void starts(boolean fromSnapshot) {
    restored = fromSnapshot;
    log.platform(restored ? lines.restoreStart() : lines.initStart());
  }

  /** Whether it was started from a snapshot, and its runtime not anew since. */
  boolean isRestored() {
    Environment of = environment;
    return restored && (of == null || of.isRestored());
  }

  /** Takes over the environment that was started with this object as its listener. */
  void started(Environment started) {
    boolean late;
    synchronized (this) {
      environment = started;
      late = state == Life.ENDING;
    }
    lines.restored(restored ? ticker.nanos() : 0);
    log.tellTo(started::telemetry);
    if (late) {
      started.kill();
    }
    var _ = started.gone().thenRun(this::endIfStopped);
  }

  /** Where no process runs, nobody else tells that the environment has died. */
  private void endIfStopped() {
    synchronized (this) {
      if (state != Life.STOPPED) {
        return;
      }
    }
    endIfIdle();
  }

  /**
   * Gives an environment an invocation that waits for one, or whose runtime has to be started anew.
   *
   * @param initNanos how long the initialisation took that this invocation waited for; 0 if none
   * @return false if the environment ended meanwhile; nothing happened then
   */
  boolean run(Invocation invocation, Invoker.Answer answer, long initNanos) {
    Task next = new Task(invocation, answer, initNanos);
    boolean arm;
    synchronized (this) {
      if (state == Life.STOPPED) {
        arm = restart(next, null);
      } else if (state == Life.IDLE) {
        state = table.step(state, Life.RUNNING);
        task = next;
        if (frozen || !chores.areDone()) {
          boolean thaw = frozen;
          frozen = false;
          // No timer may find the deadline of an invocation before.
          deadline = ticker.nanos() + timeout;
          chores.add(() -> beginLater(next, thaw));
          return true;
        }
        arm = begin(next);
      } else {
        return false;
      }
    }
    if (next.begun) {
      hand(next, arm);
    } else if (arm) {
      setDeadline(timeout);
    }
    return true;
  }

  /**
   * Gives an environment whose first initialisation failed its invocation all the same: the runtime
   * is started anew, within the invocation's time.
   *
   * @return false if the environment ended or was initialised meanwhile; nothing happened then
   */
  boolean runAnew(Invocation invocation, Invoker.Answer answer, Init.Unfit first) {
    boolean arm;
    synchronized (this) {
      arm = state == Life.INITIALIZING && restart(new Task(invocation, answer, 0), first);
      if (state != Life.RESTARTING) {
        return false;
      }
    }
    if (arm) {
      setDeadline(timeout);
    }
    return true;
  }

  /** Answers an invocation that it was made for and cannot run, for its runtime has ended. */
  void tooLate(Invocation invocation, Invoker.Answer answer, long initNanos) {
    Task lost = new Task(invocation, answer, initNanos);
    String how;
    boolean busy;
    synchronized (this) {
      how = ending;
      busy = task != null || state == Life.ANSWERED;
      byte[] body = InvocationErrors.body(EXIT_ERROR, lost.id(), how);
      lost.lose(ticker.nanos(), Ending.error(EXIT_ERROR), body);
    }
    Fall fall = new Fall(lost, false, LogLines.exited(lost.id(), how, EXIT_ERROR), null, false);
    chores.add(() -> {
      if (!busy) {
        // Else another invocation's log would be mixed with it.
        completion.settle(environment, fall);
      }
      completion.giveLost(fall);
    });
  }

  /**
   * Has the runtime started anew for the task, with the lock held; returns whether a timer has to
   * be set.
   */
  private boolean restart(Task next, Init.@Nullable Unfit first) {
    state = table.step(state, Life.RESTARTING);
    restarted = false;
    task = next;
    next.startClock(ticker.nanos());
    deadline = next.began + timeout;
    chores.add(() -> startAnew(next, first));
    return needsTimer();
  }

  private boolean needsTimer() {
    boolean arm = !deadlineTimer;
    deadlineTimer = true;
    return arm;
  }

  private void startAnew(Task next, Init.@Nullable Unfit first) {
    Environment of = environment;
    if (of == null) {
      return;
    }
    try {
      if (first != null) {
        giveUp(of, first);
        // Only the first initialisation is exempt (docs/decisions/0006).
        of.limitCpu();
      }
      synchronized (this) {
        if (state != Life.RESTARTING) {
          return;
        }
        // Only now, for of what came before nothing is heard any more.
        restarted = true;
      }
      log.startTail(next.invocation.wantLog());
      of.restart(() -> log.platform(lines.initStartsAnew()));
    } catch (LambicException e) {
      boolean died = e.blame() == Blame.PLATFORM;
      notRestarted(died ? EXIT_ERROR : e.code(), died ? KILLED : String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      owner.fault("starting a runtime anew", e);
      notRestarted(EXIT_ERROR, KILLED);
    }
  }

  /** Ends a first initialisation that has failed. */
  private void giveUp(Environment of, Init.Unfit first) {
    boolean told = of.hasExtensions();
    if (told) {
      attempts.drain(of);
      completion.initialized(Phase.INIT, first.nanos(), first.ending());
    }
    of.shutdown(first.reason()).join();
    of.stop();
    if (!told) {
      attempts.drain(of);
      completion.initialized(Phase.INIT, first.nanos(), first.ending());
    }
  }

  private void notRestarted(String errorType, String why) {
    synchronized (this) {
      // Whatever it failed at, nobody else will tell of it.
      restarted |= state == Life.RESTARTING;
    }
    restartFailed(errorType, null, why);
  }

  private void beginLater(Task next, boolean thaw) {
    Environment of = environment;
    try {
      if (of != null && thaw) {
        of.thaw();
      }
    } catch (LambicException e) {
      // It is dead, and who tells so may be late.
      exited(0, 9);
    }
    boolean arm;
    synchronized (this) {
      if (state != Life.RUNNING || !isCurrent(next)) {
        return;
      }
      arm = begin(next);
    }
    hand(next, arm);
  }

  @SuppressWarnings("ReferenceEquality") // a task is nothing but itself
  private boolean isCurrent(Task one) {
    return task == one;
  }

  /** Starts the clock and the log, with the lock held; returns whether a timer has to be set. */
  private boolean begin(Task next) {
    log.startTail(next.invocation.wantLog());
    log.platform(lines.start(next));
    next.startClock(ticker.nanos());
    next.begun = true;
    deadline = next.began + timeout;
    return needsTimer();
  }

  private void hand(Task next, boolean arm) {
    Invocation invocation = next.invocation;
    long left = next.began + timeout - ticker.nanos();
    if (arm) {
      setDeadline(left);
    }
    Environment to = environment;
    if (to == null) {
      return;
    }
    try {
      to.deliver(
          new Work(
              invocation.requestId(),
              invocation.payload(),
              invocation.invokedArn(),
              ticker.millis() + TimeUnit.NANOSECONDS.toMillis(left),
              invocation.traceId(),
              invocation.clientContext(),
              invocation.streamed(),
              invocation.tenantId()));
    } catch (RuntimeException e) {
      owner.fault("delivering an event", e);
      end();
    }
  }

  private void setDeadline(long left) {
    dueDeadline = timers.after(left, this::deadlineMayBeOver);
    synchronized (this) {
      if (state != Life.ENDING) {
        return;
      }
    }
    // It ended before the timer was there to be cancelled.
    Timers.cancel(dueDeadline);
  }

  /** One timer per environment at most, set anew only when it fires: most calls end long before. */
  private void deadlineMayBeOver() {
    long left;
    Fall fall = null;
    synchronized (this) {
      if (state != Life.RUNNING && state != Life.ANSWERED && state != Life.RESTARTING) {
        deadlineTimer = false;
        return;
      }
      left = deadline - ticker.nanos();
      if (left <= 0) {
        deadlineTimer = false;
        String id = task == null ? "" : task.id();
        String message = InvocationErrors.timedOut(image.timeoutSeconds());
        byte[] body = InvocationErrors.body("Sandbox.Timedout", id, message);
        Init.Unfit restart =
            state == Life.RESTARTING && task != null
                ? new Init.TimedOut(ticker.nanos() - task.began)
                : null;
        fall = fall(Life.STOPPING, body, Ending.timeout(), lines.timedOut(id), restart);
      }
    }
    if (fall == null) {
      setDeadline(left);
    } else {
      fallen(fall);
    }
  }

  @Override
  public void ready() {
    Task finished = null;
    Task waiting = null;
    boolean arm = false;
    synchronized (this) {
      switch (state) {
        case INITIALIZING -> {
          if (init.isDone()) {
            return;
          }
          becomeIdle();
          patience.started(idleSince - created);
        }
        case ANSWERED -> {
          finished = task;
          task = null;
          becomeIdle();
          Task over = finished;
          if (over != null) {
            patience.wasIdleAfter(idleSince - over.ended);
            // Before anybody can find the environment idle.
            if (!chores.areDone() || !completion.reportNow(environment, over)) {
              chores.add(() -> completion.report(environment, over));
            }
          }
        }
        case RESTARTING -> {
          waiting = restarted ? task : null;
          if (waiting != null) {
            state = table.step(state, Life.RUNNING);
            completion.initialized(Phase.INVOKE, ticker.nanos() - waiting.began, Ending.success());
            arm = begin(waiting);
          }
        }
        default -> {
          return;
        }
      }
    }
    if (waiting != null) {
      hand(waiting, arm);
      return;
    }
    if (finished != null) {
      owner.invocationOver(this);
      owner.idle(this);
    } else {
      init.complete(new Init.Ready(ticker.nanos() - created));
    }
    freezeLater();
  }

  private void becomeIdle() {
    state = table.step(state, Life.IDLE);
    idleSince = ticker.nanos();
  }

  @Override
  public void responded(String requestId, byte[] body) {
    answered(requestId, Outcome.success(body), Ending.success());
  }

  @Override
  public void failed(String requestId, String errorType, byte[] body) {
    answered(requestId, Outcome.failure(errorType, body), Ending.answeredError(errorType));
  }

  @Override
  public void streaming(String requestId, String contentType, ResultFlow flow) {
    withPieces(requestId, to -> to.begin(contentType, flow));
  }

  @Override
  public void streamed(String requestId, byte[] piece) {
    withPieces(requestId, to -> to.piece(piece));
  }

  @Override
  public void streamEnded(String requestId) {
    responded(requestId, new byte[0]);
  }

  private void withPieces(String requestId, Consumer<Invoker.StreamedAnswer> action) {
    Task current;
    synchronized (this) {
      current = running(requestId);
    }
    if (current != null && current.answer instanceof Invoker.StreamedAnswer to) {
      try {
        action.accept(to);
      } catch (RuntimeException e) {
        owner.fault("answering an invocation", e);
      }
    }
  }

  /** The invocation if it is running and not answered, with the lock held. */
  private @Nullable Task running(String requestId) {
    Task current = task;
    boolean is = state == Life.RUNNING && current != null && current.begun;
    return is && current != null && current.id().equals(requestId) ? current : null;
  }

  private void answered(String requestId, Outcome given, Ending how) {
    Task current;
    synchronized (this) {
      current = running(requestId);
      if (current == null) {
        return;
      }
      state = table.step(state, Life.ANSWERED);
      current.ended = ticker.nanos();
      current.outcome = given;
      current.ending = how;
      worthWaiting = current.ended + patience.nanos();
    }
    owner.answered(this);
    if (!current.invocation.wantLog()) {
      completion.give(current, given);
    }
  }

  @Override
  public void initFailed(String errorType, byte[] body) {
    init.complete(new Init.Failed(ticker.nanos() - created, errorType, body, ""));
    restartFailed(errorType, body, "");
  }

  @Override
  public void restoreFailed(String errorType, byte[] body) {
    if (isRestored()) {
      init.complete(new Init.RestoreFailed(ticker.nanos() - created, errorType));
    } else {
      initFailed(errorType, body); // there was no snapshot, so this is a part of it
    }
  }

  /** The runtime could not be started anew. */
  private void restartFailed(String errorType, byte @Nullable [] body, String exit) {
    Fall fall;
    synchronized (this) {
      Task of = task;
      if (state != Life.RESTARTING || !restarted || of == null) {
        return;
      }
      byte[] shown = body != null ? body : InvocationErrors.body(errorType, of.id(), exit);
      PlatformLine line = body != null ? null : LogLines.exited(of.id(), exit, errorType);
      Init.Unfit restart = new Init.Failed(ticker.nanos() - of.began, errorType, body, exit);
      fall = fall(Life.STOPPING, shown, Ending.error(errorType), line, restart);
    }
    fallen(fall);
  }

  @Override
  public void exited(int code, int signal) {
    broken(EXIT_ERROR, ProcessEnd.describeRuntime(code, signal));
  }

  @Override
  public void broken(String type, String how) {
    Fall fall = null;
    synchronized (this) {
      switch (state) {
        case IDLE, RUNNING, ANSWERED -> {
          ending = how;
          String id = task == null ? "" : task.id();
          byte[] body = InvocationErrors.body(type, id, how);
          PlatformLine line = LogLines.exited(id, how, type);
          fall = fall(Life.STOPPING, body, Ending.error(type), line, null);
        }
        case INITIALIZING -> ending = how;
        default -> {
          // Nothing of it counts any more, or it is looked at below.
        }
      }
    }
    if (fall != null) {
      fallen(fall);
    } else {
      init.complete(new Init.Failed(ticker.nanos() - created, type, null, how));
      restartFailed(type, null, how);
    }
  }

  /** Leaves the way of success, with the lock held. */
  private Fall fall(
      Life to, byte[] body, Ending how, @Nullable PlatformLine line, Init.@Nullable Unfit restart) {
    boolean answered = state == Life.ANSWERED;
    state = table.step(state, to);
    frozen = false;
    Task lost = task;
    task = null;
    if (lost == null) {
      return new Fall(null, false, null, null, false);
    }
    if (!answered) {
      lost.lose(ticker.nanos(), how, body);
    }
    return new Fall(lost, answered, line, restart, !how.isSuccess() && how.errorType() == null);
  }

  /**
   * Ends the processes, writes everything down, and is there for the next invocation. Where there
   * are extensions, their caller does not wait for their end, and they hear of all before it.
   */
  private void fallen(Fall fall) {
    chores.add(() -> {
      Environment of = environment;
      boolean first = of != null && of.hasExtensions();
      if (first) {
        over(fall);
        completion.giveLost(fall);
      }
      boolean stopped = attempts.stop(of, fall.reason());
      if (!first) {
        over(fall);
      }
      synchronized (this) {
        if (stopped && state == Life.STOPPING) {
          state = table.step(state, Life.STOPPED);
          idleSince = ticker.nanos();
        } else {
          stopped = false;
        }
      }
      if (stopped) {
        // Before the caller knows, who may have a next call.
        owner.idle(this);
      } else {
        end();
      }
      if (!first) {
        completion.giveLost(fall);
      }
    });
  }

  private void over(Fall fall) {
    if (fall.task() != null) {
      owner.invocationOver(this);
    }
    completion.settle(environment, fall);
  }

  /** One timer per environment at most, set anew only when it fires. */
  private void freezeLater() {
    synchronized (this) {
      if (freezeTimer || state != Life.IDLE || frozen) {
        return;
      }
      freezeTimer = true;
    }
    dueFreeze = timers.after(FREEZE_AFTER, this::mayFreeze);
  }

  private void mayFreeze() {
    long left;
    synchronized (this) {
      if (state != Life.IDLE || frozen) {
        freezeTimer = false;
        return;
      }
      left = idleSince + FREEZE_AFTER - ticker.nanos();
      if (left <= 0) {
        freezeTimer = false;
        frozen = true;
        chores.add(this::freeze);
      }
    }
    if (left > 0) {
      dueFreeze = timers.after(left, this::mayFreeze);
    }
  }

  private void freeze() {
    Environment of = environment;
    synchronized (this) {
      if (!frozen) {
        return;
      }
    }
    try {
      if (of != null) {
        of.freeze();
      }
    } catch (LambicException e) {
      // What cannot be frozen is dead, and who tells so may be late.
      exited(0, 9);
    }
  }

  /** Applies the function's CPU share, which its initialisation need not obey. */
  void limitCpu() {
    Environment of = environment;
    if (of != null) {
      of.limitCpu();
    }
  }

  /** Writes down that the first initialisation went well. */
  void logInit(Init.Ready ready) {
    completion.started(isRestored(), ready.nanos(), Ending.success());
  }

  /** Ends an environment that nothing waits for and whose initialisation came to nothing. */
  void endUnfit(Init.Unfit first) {
    chores.add(() -> {
      boolean wasRestored = isRestored();
      attempts.stop(environment, first.reason());
      attempts.drain(environment);
      completion.started(wasRestored, first.nanos(), first.ending());
      end();
    });
  }

  /** Ends the environment if it is not running anything; whether this call ended it. */
  boolean endIfIdle() {
    boolean calm;
    synchronized (this) {
      if (state == Life.RUNNING
          || state == Life.ANSWERED
          || state == Life.RESTARTING
          || state == Life.ENDING) {
        return false;
      }
      calm = frozen;
      state = table.step(state, Life.ENDING);
    }
    kill(calm ? owner::depart : Environment::kill);
    return true;
  }

  /** Ends the environment; an invocation that it has fails as if its runtime was killed. */
  void end() {
    Fall fall;
    synchronized (this) {
      if (state == Life.ENDING) {
        return;
      }
      ending = KILLED;
      String id = task == null ? "" : task.id();
      byte[] body = InvocationErrors.body(EXIT_ERROR, id, KILLED);
      PlatformLine line = LogLines.exited(id, KILLED, EXIT_ERROR);
      fall = fall(Life.ENDING, body, Ending.error(EXIT_ERROR), line, null);
    }
    kill(Environment::kill);
    init.complete(new Init.Failed(ticker.nanos() - created, EXIT_ERROR, null, KILLED));
    if (fall.task() != null) {
      owner.invocationOver(this);
      chores.add(() -> {
        completion.settle(environment, fall);
        completion.giveLost(fall);
      });
    }
  }

  private void kill(Consumer<Environment> how) {
    Timers.cancel(dueDeadline);
    Timers.cancel(dueFreeze);
    Environment of = environment;
    if (of != null) {
      leaving = of.shutdown(ShutdownReason.SPINDOWN).whenComplete((done, never) -> how.accept(of));
    }
    owner.ended(this);
  }
}
