package dev.lambic.services;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ticker;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that changes logs.
 *
 * <p>Lines of functions are handed over without a lock and, while the thread is at work, without
 * waking it; it collects them for a moment and writes them in one transaction. Changes that
 * somebody waits for go through the same queue, so everything happens in one order, but are written
 * at once. The queue is bounded by the bytes in it, of all and of each stream: lines that do not
 * fit are counted, changes are refused.
 */
final class LogWriter implements AutoCloseable {
  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final long AFTER_FAILURE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** What is written in one transaction. */
  private static final long TOGETHER_BYTES = 8 << 20;

  /** What an entry of the queue takes beside its text. */
  private static final long ENTRY_BYTES = 100;

  /**
   * Rows of a stream and its group, for as long as no row of them is deleted.
   *
   * @param generation grows with each deletion
   */
  record Place(long generation, long group, long stream) {
    static final Place UNKNOWN = new Place(-1, 0, 0);
  }

  /** A change of the logs; what it returns is told to the caller after it is written. */
  interface Change<T> {
    T apply(LogTables tables) throws SQLException;
  }

  private sealed interface Entry permits Line, Job {
    /** About what it holds in memory. */
    long bytes();
  }

  private record Line(LogSink sink, LogLine line) implements Entry {
    @Override
    public long bytes() {
      return 2L * line.message().length() + ENTRY_BYTES;
    }
  }

  private static final class Job<T> implements Entry {
    private final Change<T> change;
    private final long bytes;
    private final CompletableFuture<T> done = new CompletableFuture<>();
    private @Nullable Runnable outcome;

    Job(Change<T> change, long bytes) {
      this.change = change;
      this.bytes = bytes;
    }

    @Override
    public long bytes() {
      return bytes;
    }

    /** Applies the change. Returns whether it was refused; then nothing of it may remain. */
    boolean run(LogTables tables) throws SQLException {
      try {
        T result = change.apply(tables);
        outcome = () -> done.complete(result);
        return false;
      } catch (RuntimeException e) { // belongs to the caller, not to this thread
        outcome = () -> done.completeExceptionally(e);
        return true;
      }
    }

    /** Tells the caller, for it is written now. */
    void complete() {
      if (outcome != null) {
        outcome.run();
      }
    }

    /** Tells the caller that nothing was changed. */
    void fail(Exception why) {
      done.completeExceptionally(
          LogErrors.unavailable("The logs cannot be written at present.", why));
    }
  }

  private final LogTables tables;
  private final LogConfig config;
  private final LogSpace space;
  private final Ticker ticker;
  private final FaultHandler faults;
  private final Queue<Entry> queue = new ConcurrentLinkedQueue<>();
  private final Queue<LogSink> losers = new ConcurrentLinkedQueue<>();
  private final AtomicLong queuedBytes = new AtomicLong();
  private final Thread thread;
  private volatile boolean idle;
  private volatile boolean hurry;
  private volatile boolean closing;
  private long generation;
  private boolean failing;

  LogWriter(LogTables tables, LogConfig config, Ticker ticker, FaultHandler faults) {
    this.tables = tables;
    this.config = config;
    this.space = new LogSpace(config);
    this.ticker = ticker;
    this.faults = faults;
    this.thread = Thread.ofPlatform().name("logs").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Takes a line of a function; on any thread, without waiting. */
  void append(LogSink sink, LogLine line) {
    Line entry = new Line(sink, line);
    long bytes = entry.bytes();
    long waiting = sink.queuedBytes().addAndGet(bytes);
    if (waiting > config.queuedStreamBytes() || !reserve(bytes)) {
      sink.queuedBytes().addAndGet(-bytes);
      if (sink.lose(1)) {
        losers.add(sink);
      }
      return;
    }
    queue.add(entry);
    boolean filling = waiting > config.queuedStreamBytes() / 4 && !hurry;
    if (filling) {
      hurry = true;
    }
    if (idle || filling) {
      LockSupport.unpark(thread);
    }
  }

  private boolean reserve(long bytes) {
    if (queuedBytes.addAndGet(bytes) <= config.queuedBytes() && !closing) {
      return true;
    }
    queuedBytes.addAndGet(-bytes);
    return false;
  }

  /**
   * Makes a change and waits until it is written.
   *
   * @param bytes about what it holds in memory
   * @throws RuntimeException what the change threw, and then nothing was changed; or an AWS error
   *     that tells of a full queue or a failing disk
   */
  <T> T change(long bytes, Change<T> change) {
    Job<T> job = new Job<>(change, bytes + ENTRY_BYTES);
    if (!reserve(job.bytes())) {
      throw LogErrors.tooBusy();
    }
    queue.add(job);
    hurry = true;
    LockSupport.unpark(thread);
    return await(job.done);
  }

  /** Waits for what another thread finds out. */
  static <T> T await(CompletableFuture<T> done) {
    try {
      return done.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw LogErrors.unavailable("The logs cannot be used at present.", e);
    } catch (TimeoutException e) {
      throw LogErrors.unavailable("The logs take too long to answer.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw LogErrors.unavailable("The server ends.", e);
    }
  }

  private void run() {
    while (!closing || !queue.isEmpty()) {
      idle = true;
      if (queue.isEmpty() && losers.isEmpty() && !closing) {
        LockSupport.parkNanos(this, IDLE_NANOS);
      }
      idle = false;
      if (!hurry && !closing) {
        LockSupport.parkNanos(this, failing ? AFTER_FAILURE_NANOS : config.gather().toNanos());
      }
      hurry = false;
      write();
    }
  }

  /** Writes what waits, in one transaction. */
  private void write() {
    List<Job<?>> jobs = new ArrayList<>();
    Map<LogSink, Long> counts = new LinkedHashMap<>();
    try {
      Map<LogSink, List<LogLine>> lines = losses();
      long bytes = 0;
      for (Entry entry = queue.poll(); entry != null; entry = queue.poll()) {
        queuedBytes.addAndGet(-entry.bytes());
        bytes += entry.bytes();
        switch (entry) {
          case Line line -> {
            line.sink().queuedBytes().addAndGet(-line.bytes());
            lines.computeIfAbsent(line.sink(), sink -> new ArrayList<>()).add(line.line());
          }
          case Job<?> job -> {
            jobs.add(job);
            append(lines, counts);
            apply(job);
          }
        }
        if (bytes > TOGETHER_BYTES) {
          break;
        }
      }
      append(lines, counts);
      if (space.isDue(ticker.millis()) && space.tidy(tables, ticker.millis())) {
        generation++;
      }
      tables.sql().connection().commit();
      failing = false;
      jobs.forEach(Job::complete);
    } catch (SQLException | RuntimeException e) {
      giveUp(jobs, counts, e);
    }
  }

  /** Lines that tell of lines that were lost. */
  private Map<LogSink, List<LogLine>> losses() {
    Map<LogSink, List<LogLine>> lines = new LinkedHashMap<>();
    for (LogSink sink = losers.poll(); sink != null; sink = losers.poll()) {
      String text = "[lambic] " + sink.takeLost() + " events were left out\n";
      List<LogLine> list = new ArrayList<>();
      list.add(new LogLine(ticker.millis(), text));
      lines.put(sink, list);
    }
    return lines;
  }

  private void append(Map<LogSink, List<LogLine>> lines, Map<LogSink, Long> counts)
      throws SQLException {
    lines.forEach((sink, list) -> counts.merge(sink, (long) list.size(), Long::sum));
    for (Map.Entry<LogSink, List<LogLine>> entry : lines.entrySet()) {
      Place place = place(entry.getKey());
      space.wrote(tables.append(place.group(), place.stream(), entry.getValue(), ticker.millis()));
    }
    lines.clear();
  }

  /** Where a function's stream is kept; it and its group are made if they are missing. */
  private Place place(LogSink sink) throws SQLException {
    if (sink.place().generation() == generation) {
      return sink.place();
    }
    long group = tables.groups().find(sink.group());
    if (group == 0) {
      group = tables.groups().create(sink.group(), ticker.millis());
    }
    long stream = tables.streams().find(group, sink.stream());
    if (stream == 0) {
      stream = tables.streams().create(group, sink.stream(), ticker.millis());
      space.madeStream();
    }
    Place place = new Place(generation, group, stream);
    sink.place(place);
    return place;
  }

  private void apply(Job<?> job) throws SQLException {
    Savepoint before = tables.sql().connection().setSavepoint();
    if (job.run(tables)) {
      tables.sql().connection().rollback(before);
    }
    tables.sql().connection().releaseSavepoint(before);
    space.wrote(job.bytes());
    // It may have made a stream.
    space.madeStream();
    // It may have deleted the rows that sinks remember.
    generation++;
  }

  private void giveUp(List<Job<?>> jobs, Map<LogSink, Long> counts, Exception e) {
    if (!failing) {
      faults.fault("writing logs", e);
    }
    failing = true;
    generation++;
    counts.forEach((sink, lines) -> {
      if (sink.lose(lines)) {
        losers.add(sink);
      }
    });
    jobs.forEach(job -> job.fail(e));
    try {
      tables.sql().connection().rollback();
    } catch (SQLException again) {
      faults.fault("writing logs", again);
    }
  }

  /** Writes what waits, within a bounded time, and ends. */
  @Override
  public void close() throws SQLException {
    closing = true;
    LockSupport.unpark(thread);
    boolean ended = true;
    try {
      ended = thread.join(Duration.ofSeconds(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (ended) {
      tables.close();
    }
  }
}
