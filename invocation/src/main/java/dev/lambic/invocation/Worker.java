package dev.lambic.invocation;

import dev.lambic.kernel.Ticker;
import dev.lambic.kernel.Transitions;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.Work;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One execution environment and what it is doing.
 *
 * <p>All state is guarded by the object's lock and changes along {@link Life}'s table. Callers are
 * answered, the owner is told and the environment is touched without the lock. Nothing here blocks
 * but the closing of an invocation's log, which runs in the background: it waits for the output
 * that the handler wrote, adds END and REPORT, and only then may the next invocation's START
 * follow.
 */
final class Worker implements EnvironmentListener {
  /** What became of the initialisation. */
  sealed interface Init {
    /** The runtime waits for events. */
    record Ready(long nanos) implements Init {}

    /** It took longer than it may. */
    record TimedOut(long nanos) implements Init {}

    /** The runtime gave up; the JSON of its error, or null if it just ended as described. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Failed(String type, byte @Nullable [] body, String exit) implements Init {}
  }

  /** An invocation that this environment was given; guarded by the environment's lock. */
  private static final class Task {
    final Invocation invocation;
    final Invoker.Answer answer;
    final long initNanos;
    final long usedNanos;
    boolean begun;
    long began;
    long ended;
    String status = "";
    @Nullable Outcome outcome;

    Task(Invocation invocation, Invoker.Answer answer, long initNanos, long usedNanos) {
      this.invocation = invocation;
      this.answer = answer;
      this.initNanos = initNanos;
      this.usedNanos = usedNanos;
    }

    String id() {
      return invocation.requestId();
    }
  }

  /**
   * The end of an environment that had an invocation.
   *
   * @param answered whether the caller has, or is about to get, the function's own answer
   * @param line what Lambda's log says about it
   */
  private record Loss(Task task, boolean answered, String line) {}

  /** What the owner of all environments does when one is free or of no more use. */
  interface Owner {
    /** The invocation is answered; the environment will soon ask for the next, or end. */
    void answered(Worker worker);

    /** The invocation is over and the environment waits for the next. */
    void idle(Worker worker);

    /** An invocation is over, in whatever way. */
    void invocationOver(Worker worker);

    /** The environment is being ended. */
    void ended(Worker worker);

    /** Takes note of a bug. */
    void fault(String where, Throwable fault);
  }

  private final FunctionImage image;
  private final EnvironmentLog log;
  private final Owner owner;
  private final Ticker ticker;
  private final Timers timers;
  private final Executor background;
  private final Transitions<Life> table;
  private final CompletableFuture<Init> init = new CompletableFuture<>();
  private final long created;
  private final long timeout;

  /** Whether a pool counts on it to be idle soon; guarded by the lock of the pool. */
  boolean soonIdle;

  private Life state = Life.INITIALIZING;
  private volatile @Nullable Environment environment;
  private @Nullable Task task;
  private boolean logClosing;
  private @Nullable Loss afterLog;
  private boolean timerPending;
  private volatile Timers.@Nullable Timer timer;
  private long deadline;
  private String ending = "Runtime exited without providing a reason";
  private volatile long idleSince;

  Worker(
      FunctionImage image,
      EnvironmentLog log,
      Owner owner,
      Ticker ticker,
      Timers timers,
      Executor background,
      Transitions<Life> table) {
    this.image = image;
    this.log = log;
    this.owner = owner;
    this.ticker = ticker;
    this.timers = timers;
    this.background = background;
    this.table = table;
    this.created = ticker.nanos();
    this.timeout = TimeUnit.SECONDS.toNanos(image.timeoutSeconds());
  }

  FunctionImage image() {
    return image;
  }

  /** When it last became idle, on the monotonic clock. */
  long idleSince() {
    return idleSince;
  }

  /** Whether it has answered and not asked for the next event yet. */
  synchronized boolean hasAnswered() {
    return state == Life.ANSWERED;
  }

  /** Completes when the runtime asks for its first event, will never do so, or takes too long. */
  CompletableFuture<Init> init() {
    return init;
  }

  void initTimedOut() {
    init.complete(new Init.TimedOut(ticker.nanos() - created));
  }

  /** How a runtime ended that had been initialised. */
  synchronized Init.Failed howItEnded() {
    return new Init.Failed("Runtime.ExitError", null, ending);
  }

  /** Takes over the environment that was started with this object as its listener. */
  void started(Environment started) {
    boolean late;
    synchronized (this) {
      environment = started;
      late = state == Life.ENDING;
    }
    if (late) {
      started.kill();
    }
  }

  /**
   * Gives an idle environment an invocation.
   *
   * @param initNanos how long the initialisation took that this invocation waited for; 0 if none
   * @param usedNanos how much of its time the invocation has used already
   * @return false if the environment ended meanwhile; nothing happened then
   */
  boolean run(Invocation invocation, Invoker.Answer answer, long initNanos, long usedNanos) {
    Task next = new Task(invocation, answer, initNanos, usedNanos);
    boolean arm;
    synchronized (this) {
      if (state != Life.IDLE) {
        return false;
      }
      state = table.step(state, Life.RUNNING);
      task = next;
      if (logClosing) {
        // No timer may find the deadline of an invocation before.
        deadline = ticker.nanos() + timeout;
        return true;
      }
      arm = begin(next);
    }
    hand(next, arm);
    return true;
  }

  /** Starts the clock and the log, with the lock held; returns whether a timer has to be set. */
  private boolean begin(Task next) {
    log.startTail();
    log.platform(LogLines.start(next.id(), image.version()));
    next.begun = true;
    next.began = ticker.nanos() - next.usedNanos;
    deadline = next.began + timeout;
    boolean arm = !timerPending;
    timerPending = true;
    return arm;
  }

  private void hand(Task next, boolean arm) {
    Invocation invocation = next.invocation;
    long left = next.began + timeout - ticker.nanos();
    if (arm) {
      timer = timers.after(left, this::deadlineMayBeOver);
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
              invocation.clientContext()));
    } catch (RuntimeException e) {
      owner.fault("delivering an event", e);
      end();
    }
  }

  /** One timer per environment at most, set anew only when it fires: most calls end long before. */
  private void deadlineMayBeOver() {
    String message = InvocationErrors.timedOut(image.timeoutSeconds());
    long left;
    Loss loss = null;
    boolean deferred = false;
    synchronized (this) {
      if (state != Life.RUNNING && state != Life.ANSWERED) {
        timerPending = false;
        return;
      }
      left = deadline - ticker.nanos();
      if (left <= 0) {
        String id = task == null ? "" : task.id();
        String time = ticker.instant().truncatedTo(ChronoUnit.MILLIS).toString();
        loss = lose("Sandbox.Timedout", message, time + " " + id + " " + message, LogLines.TIMEOUT);
        deferred = afterLog != null;
      }
    }
    if (left > 0) {
      timer = timers.after(left, this::deadlineMayBeOver);
    } else {
      conclude(loss, deferred);
    }
  }

  @Override
  public void output(byte[] bytes, int length) {
    log.output(bytes, length);
  }

  @Override
  public void ready() {
    Task finished = null;
    synchronized (this) {
      if (state != Life.INITIALIZING && state != Life.ANSWERED) {
        return;
      }
      if (state == Life.ANSWERED) {
        finished = task;
        task = null;
        logClosing = true;
      }
      state = table.step(state, Life.IDLE);
      idleSince = ticker.nanos();
    }
    if (finished == null) {
      init.complete(new Init.Ready(ticker.nanos() - created));
      return;
    }
    Task closing = finished;
    owner.invocationOver(this);
    owner.idle(this);
    background.execute(() -> closeLog(closing));
  }

  @Override
  public void responded(String requestId, byte[] body) {
    answered(requestId, new Outcome(body, null, null));
  }

  @Override
  public void failed(String requestId, String errorType, byte[] body) {
    answered(requestId, new Outcome(body, "Unhandled", null));
  }

  private void answered(String requestId, Outcome given) {
    Task current;
    synchronized (this) {
      current = task;
      if (state != Life.RUNNING
          || current == null
          || !current.begun
          || !current.id().equals(requestId)) {
        return;
      }
      state = table.step(state, Life.ANSWERED);
      current.ended = ticker.nanos();
      current.outcome = given;
    }
    owner.answered(this);
    if (!current.invocation.wantLog()) {
      give(current, given);
    }
  }

  private void give(Task to, Outcome given) {
    try {
      to.answer.outcome(given);
    } catch (RuntimeException e) {
      owner.fault("answering an invocation", e);
    }
  }

  /** Completes the log of an invocation, and its answer if that carries the log. */
  private void closeLog(Task finished) {
    try {
      drain();
      report(finished);
    } catch (RuntimeException | Error e) {
      owner.fault("completing a log", e);
    } finally {
      logClosed();
    }
  }

  /** Begins what had to wait for the log before it. */
  private void logClosed() {
    Task next;
    Loss loss;
    boolean arm = false;
    synchronized (this) {
      logClosing = false;
      loss = afterLog;
      afterLog = null;
      next = state == Life.RUNNING ? task : null;
      if (next != null) {
        arm = begin(next);
      }
    }
    if (next != null) {
      hand(next, arm);
    }
    if (loss != null) {
      closeLost(loss);
    }
  }

  private void drain() {
    Environment of = environment;
    if (of == null) {
      return;
    }
    try {
      of.drainOutput();
    } catch (RuntimeException e) {
      owner.fault("reading an environment's output", e);
    }
  }

  private long peakMemory() {
    Environment of = environment;
    if (of == null) {
      return 0;
    }
    try {
      return of.peakMemory();
    } catch (RuntimeException e) {
      owner.fault("reading an environment's memory", e);
      return 0;
    }
  }

  private void report(Task finished) {
    long peak = peakMemory();
    Outcome given;
    long nanos;
    synchronized (this) {
      given = finished.outcome;
      nanos = finished.ended - finished.began;
    }
    String id = finished.id();
    log.platform(LogLines.end(id));
    log.platform(
        LogLines.report(id, nanos, finished.initNanos, image.memoryMb(), peak, finished.status));
    if (finished.invocation.wantLog() && given != null) {
      give(finished, new Outcome(given.payload(), given.functionError(), log.tail()));
    }
  }

  @Override
  public void initFailed(String errorType, byte[] body) {
    init.complete(new Init.Failed(errorType, body, ""));
  }

  @Override
  public void exited(int code, int signal) {
    String how = InvocationErrors.describe(code, signal);
    String type = "Runtime.ExitError";
    Loss loss;
    boolean deferred;
    synchronized (this) {
      if (state == Life.ENDING) {
        return;
      }
      ending = how;
      String id = task == null ? "" : task.id();
      String line = "RequestId: " + id + " Error: " + how + "\n" + type;
      loss = lose(type, how, line, LogLines.failed(type));
      deferred = afterLog != null;
    }
    conclude(loss, deferred);
    init.complete(new Init.Failed(type, null, how));
  }

  /** Enters the ending, with the lock held; returns what is lost by it. */
  private @Nullable Loss lose(String type, String message, String line, String status) {
    boolean answered = state == Life.ANSWERED;
    state = table.step(state, Life.ENDING);
    Task lost = task;
    task = null;
    if (lost == null) {
      return null;
    }
    if (!answered) {
      lost.ended = lost.begun ? ticker.nanos() : lost.began;
      lost.status = status;
      lost.outcome =
          new Outcome(InvocationErrors.body(type, lost.id(), message), "Unhandled", null);
    }
    Loss loss = new Loss(lost, answered, line);
    if (logClosing) {
      // The log of the invocation before it is not complete yet.
      afterLog = loss;
    }
    return loss;
  }

  private void conclude(@Nullable Loss loss, boolean deferred) {
    stop();
    if (loss == null) {
      return;
    }
    owner.invocationOver(this);
    if (!deferred) {
      background.execute(() -> closeLost(loss));
    }
  }

  private void closeLost(Loss loss) {
    Task lost = loss.task;
    drain();
    Outcome given = outcomeOf(lost);
    if (!loss.answered && !lost.invocation.wantLog() && given != null) {
      give(lost, given);
    }
    if (!lost.begun) {
      log.startTail();
      log.platform(LogLines.start(lost.id(), image.version()));
    }
    log.platform(loss.line);
    report(lost);
  }

  private synchronized @Nullable Outcome outcomeOf(Task of) {
    return of.outcome;
  }

  /** Applies the function's CPU share, which its initialisation need not obey. */
  void limitCpu() {
    Environment of = environment;
    if (of != null) {
      of.limitCpu();
    }
  }

  /** Writes down how the initialisation went. */
  void logInit(long nanos, String status) {
    drain();
    log.platform(LogLines.initReport(nanos, status));
  }

  /** Writes the log of an invocation whose environment failed before it could run it. */
  void logFailedInit(String requestId, Init.Failed failed) {
    long nanos = ticker.nanos() - created;
    logInit(nanos, LogLines.failed(failed.type()));
    log.platform(LogLines.start(requestId, image.version()));
    boolean exited = failed.body() == null;
    if (exited) {
      log.platform("RequestId: " + requestId + " Error: " + failed.exit() + "\n" + failed.type());
    }
    closeInit(requestId, nanos, exited ? LogLines.failed(failed.type()) : "");
  }

  /** Writes the log of an invocation whose time its environment's initialisation used up. */
  void logTimedOutInit(String requestId, String message, long nanos) {
    drain();
    log.platform(LogLines.start(requestId, image.version()));
    String time = ticker.instant().truncatedTo(ChronoUnit.MILLIS).toString();
    log.platform(time + " " + requestId + " " + message);
    closeInit(requestId, nanos, LogLines.TIMEOUT);
  }

  private void closeInit(String requestId, long nanos, String status) {
    log.platform(LogLines.end(requestId));
    log.platform(LogLines.report(requestId, nanos, 0, image.memoryMb(), peakMemory(), status));
  }

  byte[] logTail() {
    return log.tail();
  }

  /**
   * Ends the environment if it is not running anything.
   *
   * @return whether this call ended it
   */
  boolean endIfIdle() {
    synchronized (this) {
      if (state != Life.IDLE && state != Life.INITIALIZING) {
        return false;
      }
      state = table.step(state, Life.ENDING);
    }
    stop();
    return true;
  }

  /** Ends the environment; an invocation that it has fails as if its runtime was killed. */
  void end() {
    exited(0, 9);
  }

  private void stop() {
    Timers.Timer due = timer;
    if (due != null) {
      due.cancel();
    }
    Environment of = environment;
    if (of != null) {
      of.kill();
    }
    owner.ended(this);
  }
}
