package dev.lambic.runtime;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The events on their way to one subscriber.
 *
 * <p>Whoever has events only puts them into a bounded queue and never waits; what does not fit is
 * dropped and its number told. A virtual thread of its own makes batches of the queue and hands
 * them to the extension, again and again for half a minute if need be. Safe for use by many
 * threads.
 */
final class Subscriber {
  /** What AWS says when events are dropped. */
  private static final String FALLEN_BEHIND =
      "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.";

  /** How long a batch is tried to be delivered. */
  private static final long GIVE_UP_NANOS = TimeUnit.SECONDS.toNanos(30);

  private static final long FIRST_PAUSE_MILLIS = 50;
  private static final long LONGEST_PAUSE_MILLIS = 2000;

  private final SubscriptionRequest request;
  private final TelemetryRecords records;
  private final TelemetryClient client;
  private final Ticker ticker;
  private final ByteBudget budget;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** All below is guarded by the lock. */
  private final Deque<byte[]> queue = new ArrayDeque<>();

  private final List<CompletableFuture<Void>> flushes = new ArrayList<>();
  private long queuedBytes;
  private long takenBytes;
  private long oldest;
  private boolean hurry;
  private boolean sending;
  private long sendingSince;
  private long droppedRecords;
  private long droppedBytes;
  private boolean closed;

  private Subscriber(
      SubscriptionRequest request,
      TelemetryRecords records,
      TelemetryClient client,
      Ticker ticker,
      ByteBudget budget) {
    this.request = request;
    this.records = records;
    this.client = client;
    this.ticker = ticker;
    this.budget = budget;
  }

  /** Begins to deliver. */
  static Subscriber start(
      SubscriptionRequest request,
      TelemetryRecords records,
      TelemetryClient.Dialer dialer,
      Ticker ticker,
      ByteBudget budget,
      FaultHandler faults) {
    TelemetryClient client = new TelemetryClient(request.destination(), dialer);
    Subscriber subscriber = new Subscriber(request, records, client, ticker, budget);
    Thread.ofVirtual()
        .name("telemetry")
        .start(() -> {
          try {
            subscriber.run();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (RuntimeException | Error e) {
            faults.fault("delivering telemetry", e);
          } finally {
            subscriber.close();
          }
        });
    return subscriber;
  }

  SubscriptionRequest request() {
    return request;
  }

  /** Puts an event into the queue, or drops it. */
  void add(byte[] event) {
    boolean stuck;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      stuck = sending && ticker.nanos() - sendingSince > GIVE_UP_NANOS;
      if (queue.size() >= request.maxItems()
          || queuedBytes + event.length > roomBytes()
          || !budget.take(event.length)) {
        droppedRecords++;
        droppedBytes += event.length;
      } else {
        if (queue.isEmpty()) {
          oldest = ticker.nanos();
        }
        queue.add(event);
        queuedBytes += event.length;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (stuck) {
      client.abort();
    }
  }

  /** Twice the size of a batch, so that one can be made while another is on its way. */
  private long roomBytes() {
    return 2L * request.maxBytes();
  }

  /**
   * Delivers what is in the queue without waiting for more.
   *
   * @return completes when all of it was delivered or given up
   */
  CompletableFuture<Void> flush() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    lock.lock();
    try {
      if (closed || (queue.isEmpty() && !sending)) {
        done.complete(null);
        return done;
      }
      hurry = true;
      flushes.add(done);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    return done;
  }

  /** Delivers nothing more. */
  void close() {
    List<CompletableFuture<Void>> waiting;
    lock.lock();
    try {
      closed = true;
      budget.giveBack(queuedBytes);
      queue.clear();
      queuedBytes = 0;
      waiting = List.copyOf(flushes);
      flushes.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    client.close();
    waiting.forEach(done -> done.complete(null));
  }

  private void run() throws InterruptedException {
    for (List<byte[]> batch = next(); batch != null; batch = next()) {
      try {
        deliver(batch);
      } finally {
        giveBack();
      }
    }
  }

  /** The batch is no more in memory. */
  private void giveBack() {
    lock.lock();
    try {
      budget.giveBack(takenBytes);
      takenBytes = 0;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a batch that is due; null when there will be none any more. */
  private @Nullable List<byte[]> next() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      sending = false;
      while (!closed) {
        long left = untilDue();
        if (left <= 0) {
          sending = true;
          sendingSince = ticker.nanos();
          return take();
        }
        if (left < Long.MAX_VALUE) {
          var _ = changed.awaitNanos(left);
        } else {
          flushed();
          changed.await();
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Nanoseconds until there is something to deliver; the greatest number if there is nothing. */
  private long untilDue() {
    if (queue.isEmpty()) {
      return hurry && droppedRecords > 0 ? 0 : Long.MAX_VALUE;
    }
    boolean full = queue.size() >= request.maxItems() || queuedBytes >= request.maxBytes();
    return hurry || full ? 0 : request.patience().toNanos() - (ticker.nanos() - oldest);
  }

  /** All that was asked to be delivered was delivered or given up. */
  private void flushed() {
    hurry = false;
    // Elsewhere, for the lock is held.
    flushes.forEach(done -> done.completeAsync(() -> null, Thread::startVirtualThread));
    flushes.clear();
  }

  private List<byte[]> take() {
    List<byte[]> batch = new ArrayList<>();
    if (droppedRecords > 0) {
      PlatformEvent dropped =
          new PlatformEvent.LogsDropped(FALLEN_BEHIND, droppedRecords, droppedBytes);
      if (request.types().contains("platform")) {
        batch.addAll(records.event(dropped, ticker.instant(), request.schema()));
      }
      droppedRecords = 0;
      droppedBytes = 0;
    }
    long bytes = 0;
    while (!queue.isEmpty() && batch.size() < request.maxItems() && bytes < request.maxBytes()) {
      byte[] event = queue.remove();
      bytes += event.length;
      batch.add(event);
    }
    queuedBytes -= bytes;
    takenBytes = bytes;
    oldest = ticker.nanos();
    return batch;
  }

  private void deliver(List<byte[]> batch) throws InterruptedException {
    if (batch.isEmpty()) {
      return;
    }
    long pause = FIRST_PAUSE_MILLIS;
    while (true) {
      try {
        client.send(batch);
        return;
      } catch (IOException | RuntimeException e) {
        // A dead sandbox throws as well; then this is closed in a moment.
        if (givesUp(Duration.ofMillis(pause))) {
          return;
        }
      }
      pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
      if (isOver()) {
        drop(batch);
        return;
      }
    }
  }

  /** Waits for the next try; true if there is no use in one. */
  private boolean givesUp(Duration pause) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = pause.toNanos();
      while (!closed && left > 0) {
        left = changed.awaitNanos(left);
      }
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private boolean isOver() {
    lock.lock();
    try {
      return ticker.nanos() - sendingSince > GIVE_UP_NANOS;
    } finally {
      lock.unlock();
    }
  }

  private static long size(List<byte[]> batch) {
    return batch.stream().mapToLong(event -> event.length).sum();
  }

  private void drop(List<byte[]> batch) {
    lock.lock();
    try {
      droppedRecords += batch.size();
      droppedBytes += size(batch);
      // Whoever waits for a flush waits no longer than for one batch that nobody takes.
      flushed();
    } finally {
      lock.unlock();
    }
  }
}
