package dev.lambic.invocation;

import dev.lambic.kernel.Ticker;
import dev.lambic.kernel.Transitions;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.Work;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One execution environment and what it is doing.
 *
 * <p>All state is guarded by the object's lock and changes along {@link Life}'s table. Callers are
 * answered, and the environment is touched, without the lock. Nothing here blocks but the closing
 * of an invocation's log, which has a virtual thread of its own: it waits for the output that the
 * handler wrote, adds END and REPORT, and only then may the next invocation's START follow.
 */
final class Worker implements EnvironmentListener {
  /** What became of the initialisation. */
  sealed interface Init {
    /** The runtime waits for events. */
    record Ready(long nanos) implements Init {}

    /** The runtime gave up; the JSON of its error, or null if it just ended as described. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Failed(String type, byte @Nullable [] body, String exit) implements Init {}
  }

  /** An invocation that this environment was given; guarded by the environment's lock. */
  private static final class Task {
    final Invocation invocation;
    final Invoker.Answer answer;
    final long initNanos;
    long began;
    long ended;
    @Nullable Outcome outcome;

    Task(Invocation invocation, Invoker.Answer answer, long initNanos) {
      this.invocation = invocation;
      this.answer = answer;
      this.initNanos = initNanos;
    }

    String id() {
      return invocation.requestId();
    }
  }

  /** What the owner of all environments does when one is free or of no more use. */
  interface Owner {
    /** The invocation is answered; the environment will soon ask for the next, or end. */
    void answered(Worker worker);

    /** The invocation is over and the environment waits for the next. */
    void idle(Worker worker);

    /** An invocation is over, in whatever way. */
    void invocationOver(Worker worker);

    /**
     * The environment is being ended.
     *
     * @param hadAnswered whether it was still to become idle after an answer
     */
    void ended(Worker worker, boolean hadAnswered);
  }

  private final FunctionImage image;
  private final EnvironmentLog log;
  private final Owner owner;
  private final Ticker ticker;
  private final ScheduledExecutorService timers;
  private final Transitions<Life> table;
  private final CompletableFuture<Init> init = new CompletableFuture<>();
  private final long created;

  private Life state = Life.INITIALIZING;
  private @Nullable Environment environment;
  private @Nullable Task task;
  private @Nullable Task queued;
  private boolean logClosing;
  private boolean timerPending;
  private long deadline;
  private volatile long idleSince;

  Worker(
      FunctionImage image,
      EnvironmentLog log,
      Owner owner,
      Ticker ticker,
      ScheduledExecutorService timers,
      Transitions<Life> table) {
    this.image = image;
    this.log = log;
    this.owner = owner;
    this.ticker = ticker;
    this.timers = timers;
    this.table = table;
    this.created = ticker.nanos();
  }

  FunctionImage image() {
    return image;
  }

  /** When it last became idle, on the monotonic clock. */
  long idleSince() {
    return idleSince;
  }

  /** Completes when the runtime asks for its first event, or will never do so. */
  CompletableFuture<Init> init() {
    return init;
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
   * @return false if the environment ended meanwhile; nothing happened then
   */
  boolean run(Invocation invocation, Invoker.Answer answer, long initNanos) {
    Task next = new Task(invocation, answer, initNanos);
    synchronized (this) {
      if (state != Life.IDLE) {
        return false;
      }
      state = table.step(state, Life.RUNNING);
      if (logClosing) {
        queued = next;
        return true;
      }
      task = next;
    }
    begin(next);
    return true;
  }

  private void begin(Task next) {
    Invocation invocation = next.invocation;
    log.startTail();
    log.platform("START RequestId: " + invocation.requestId() + " Version: " + image.version());
    long timeout = TimeUnit.SECONDS.toNanos(image.timeoutSeconds());
    Environment to;
    boolean arm;
    synchronized (this) {
      if (state != Life.RUNNING) {
        return;
      }
      next.began = ticker.nanos();
      next.ended = next.began;
      deadline = next.began + timeout;
      arm = !timerPending;
      timerPending = true;
      to = environment;
    }
    if (arm) {
      arm(timeout);
    }
    if (to != null) {
      to.deliver(
          new Work(
              invocation.requestId(),
              invocation.payload(),
              invocation.invokedArn(),
              ticker.millis() + image.timeoutSeconds() * 1000L,
              invocation.traceId(),
              invocation.clientContext()));
    }
  }

  /** One timer per environment at most, set anew only when it fires: most calls end long before. */
  private void arm(long nanos) {
    var _ = timers.schedule(this::deadlineMayBeOver, nanos, TimeUnit.NANOSECONDS);
  }

  private void deadlineMayBeOver() {
    long left;
    synchronized (this) {
      left = deadline - ticker.nanos();
      if (state != Life.RUNNING && state != Life.ANSWERED) {
        timerPending = false;
        return;
      }
    }
    if (left > 0) {
      arm(left);
    } else {
      String message = InvocationErrors.timedOut(image.timeoutSeconds());
      fail(
          "Sandbox.Timedout",
          message,
          id ->
              ticker.instant().truncatedTo(java.time.temporal.ChronoUnit.MILLIS)
                  + " "
                  + id
                  + " "
                  + message);
    }
  }

  @Override
  public void output(byte[] bytes, int length) {
    log.output(bytes, length);
  }

  @Override
  public void ready() {
    Task finished;
    synchronized (this) {
      if (state == Life.INITIALIZING) {
        state = table.step(state, Life.IDLE);
        finished = null;
      } else if (state == Life.ANSWERED) {
        state = table.step(state, Life.IDLE);
        finished = task;
        task = null;
        logClosing = true;
      } else {
        return;
      }
      idleSince = ticker.nanos();
    }
    if (finished == null) {
      init.complete(new Init.Ready(ticker.nanos() - created));
      return;
    }
    owner.invocationOver(this);
    owner.idle(this);
    Thread.startVirtualThread(() -> closeLog(finished));
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
      if (state != Life.RUNNING || current == null || !current.id().equals(requestId)) {
        return;
      }
      state = table.step(state, Life.ANSWERED);
      current.ended = ticker.nanos();
      current.outcome = given;
    }
    owner.answered(this);
    if (!current.invocation.wantLog()) {
      current.answer.outcome(given);
    }
  }

  /** Completes the log of an invocation, and its answer if that carries the log. */
  private void closeLog(Task finished) {
    report(finished);
    Task next;
    synchronized (this) {
      logClosing = false;
      next = queued;
      queued = null;
      if (next != null) {
        task = next;
      }
    }
    if (next != null) {
      begin(next);
    }
  }

  private void report(Task finished) {
    Environment of;
    Outcome given;
    double millis;
    synchronized (this) {
      of = environment;
      given = finished.outcome;
      millis = (finished.ended - finished.began) / 1e6;
    }
    if (of != null) {
      of.drainOutput();
    }
    String id = finished.id();
    log.platform("END RequestId: " + id);
    log.platform(
        reportLine(id, millis, finished.initNanos / 1e6, of == null ? 0 : of.peakMemory()));
    if (finished.invocation.wantLog() && given != null) {
      finished.answer.outcome(new Outcome(given.payload(), given.functionError(), log.tail()));
    }
  }

  private String reportLine(String id, double millis, double initMillis, long peakBytes) {
    long usedMb = Math.min((peakBytes + (1 << 20) - 1) >> 20, image.memoryMb());
    String line =
        String.format(
            Locale.ROOT,
            "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
            id,
            millis,
            (long) Math.ceil(millis + initMillis),
            image.memoryMb(),
            usedMb);
    return initMillis > 0
        ? line + String.format(Locale.ROOT, "Init Duration: %.2f ms\t", initMillis)
        : line;
  }

  @Override
  public void initFailed(String errorType, byte[] body) {
    init.complete(new Init.Failed(errorType, body, ""));
  }

  @Override
  public void exited(int code, int signal) {
    String how = InvocationErrors.describe(code, signal);
    fail(
        "Runtime.ExitError",
        how,
        id -> "RequestId: " + id + " Error: " + how + "\nRuntime.ExitError");
    init.complete(new Init.Failed("Runtime.ExitError", null, how));
  }

  /** Ends the environment, and the invocation that it has with the given error. */
  private void fail(String type, String message, java.util.function.UnaryOperator<String> logLine) {
    Task lost;
    boolean answered;
    synchronized (this) {
      if (state == Life.ENDING) {
        return;
      }
      answered = state == Life.ANSWERED;
      state = table.step(state, Life.ENDING);
      lost = task != null ? task : queued;
      task = null;
      queued = null;
      if (lost != null && !answered) {
        lost.ended = lost.began == 0 ? 0 : ticker.nanos();
        lost.outcome =
            new Outcome(InvocationErrors.body(type, lost.id(), message), "Unhandled", null);
      }
    }
    stop(answered);
    if (lost == null) {
      return;
    }
    owner.invocationOver(this);
    Task over = lost;
    boolean silent = answered || over.invocation.wantLog();
    Thread.startVirtualThread(() -> {
      Environment of = environmentOrNull();
      if (of != null) {
        of.drainOutput();
      }
      log.platform(logLine.apply(over.id()));
      Outcome given = outcomeOf(over);
      if (!silent && given != null) {
        over.answer.outcome(given);
      }
      report(over);
    });
  }

  /** Applies the function's CPU share, which its initialisation need not obey. */
  void limitCpu() {
    Environment of = environmentOrNull();
    if (of != null) {
      of.limitCpu();
    }
  }

  /** Writes the log of an invocation whose environment never came to run it. */
  void reportFailedInit(String requestId, @Nullable String why) {
    Environment of = environmentOrNull();
    if (of != null) {
      of.drainOutput();
    }
    log.platform("START RequestId: " + requestId + " Version: " + image.version());
    if (why != null) {
      log.platform("RequestId: " + requestId + " Error: " + why);
    }
    log.platform("END RequestId: " + requestId);
    double millis = (ticker.nanos() - created) / 1e6;
    log.platform(reportLine(requestId, millis, 0, of == null ? 0 : of.peakMemory()));
  }

  byte[] logTail() {
    return log.tail();
  }

  private synchronized @Nullable Environment environmentOrNull() {
    return environment;
  }

  private synchronized @Nullable Outcome outcomeOf(Task of) {
    return of.outcome;
  }

  /** Ends the environment if it is not running anything. Returns whether it has ended. */
  boolean endIfIdle() {
    synchronized (this) {
      if (state != Life.IDLE && state != Life.INITIALIZING) {
        return state == Life.ENDING;
      }
      state = table.step(state, Life.ENDING);
    }
    stop(false);
    return true;
  }

  /** Ends the environment; an invocation that it has fails as if its runtime was killed. */
  void end() {
    exited(0, 9);
  }

  private void stop(boolean hadAnswered) {
    Environment of = environmentOrNull();
    if (of != null) {
      of.kill();
    }
    owner.ended(this, hadAnswered);
  }
}
