package dev.lambic.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Tells somebody who waits how far it is, on the standard error stream. */
final class Progress implements AutoCloseable {
  private static final int INTERVAL_SECONDS = 20;

  private final List<Row> rows;
  private final boolean quick;
  private final CountDownLatch over = new CountDownLatch(1);
  private final long start = System.nanoTime();
  private int begun;
  private long rowStart = start;

  /** Of rows that are measured in this order. */
  Progress(List<Row> rows, boolean quick) {
    this.rows = new ArrayList<>(rows);
    this.quick = quick;
    if (!quick) {
      Thread.ofVirtual().start(this::tell);
    }
  }

  /** The next row begins. */
  synchronized void begin(Row row) {
    begun = rows.indexOf(row);
    rowStart = System.nanoTime();
    say("begins");
  }

  private void tell() {
    try {
      while (!over.await(INTERVAL_SECONDS, TimeUnit.SECONDS)) {
        synchronized (this) {
          long seconds = Duration.ofNanos(System.nanoTime() - rowStart).toSeconds();
          if (seconds >= INTERVAL_SECONDS) {
            say("for %d s".formatted(seconds));
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void say(String what) {
    Row row = rows.get(begun);
    String left = quick ? "" : ", about %s left of %s".formatted(minutes(left()), minutes(all()));
    System.err.printf(
        "bench: %s, row %d of %d, %s%s%n", row.title(), begun + 1, rows.size(), what, left);
  }

  private long all() {
    return rows.stream().mapToLong(Row::seconds).sum();
  }

  private long left() {
    long gone = Duration.ofNanos(System.nanoTime() - rowStart).toSeconds();
    long left = Math.max(0, rows.get(begun).seconds() - gone);
    return left + rows.stream().skip(begun + 1L).mapToLong(Row::seconds).sum();
  }

  private static String minutes(long seconds) {
    return "%d:%02d min".formatted(seconds / 60, seconds % 60);
  }

  @Override
  public void close() {
    over.countDown();
    System.err.printf(
        "bench: took %s%n", minutes(Duration.ofNanos(System.nanoTime() - start).toSeconds()));
  }
}
