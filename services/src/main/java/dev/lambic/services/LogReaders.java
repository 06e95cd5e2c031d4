package dev.lambic.services;

import java.sql.SQLException;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The few threads that read logs, each with a connection of its own.
 *
 * <p>Reading is native code that may take a while, and a virtual thread in native code holds one of
 * the few carriers that invocations need too.
 */
final class LogReaders implements AutoCloseable {
  private static final int THREADS = 2;
  private static final int WAITING = 100;

  private final LogDatabase database;
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          1,
          TimeUnit.MINUTES,
          new ArrayBlockingQueue<>(WAITING),
          Thread.ofPlatform().name("logs-read-", 0).daemon().factory());
  // Never more than there are threads.
  private final Queue<LogTables> connections = new ConcurrentLinkedQueue<>();

  LogReaders(LogDatabase database) {
    this.database = database;
    threads.allowCoreThreadTimeOut(true);
  }

  /** Looks something up in what is written. */
  interface Reading<T> {
    T read(LogTables tables) throws SQLException;
  }

  /**
   * Reads, and waits for the result.
   *
   * @throws RuntimeException what the reading threw, or an AWS error if there is too much to do
   */
  <T> T read(Reading<T> reading) {
    CompletableFuture<T> done = new CompletableFuture<>();
    try {
      threads.execute(() -> read(reading, done));
    } catch (RejectedExecutionException e) {
      throw LogErrors.tooBusy();
    }
    return LogWriter.await(done);
  }

  private <T> void read(Reading<T> reading, CompletableFuture<T> done) {
    try {
      LogTables free = connections.poll();
      LogTables tables = free == null ? new LogTables(database.openForReading()) : free;
      try {
        done.complete(reading.read(tables));
      } finally {
        connections.add(tables);
      }
    } catch (SQLException e) {
      done.completeExceptionally(LogErrors.unavailable("The logs cannot be read at present.", e));
    } catch (Throwable e) { // whatever it is belongs to the caller
      done.completeExceptionally(e);
    }
  }

  @Override
  public void close() throws SQLException {
    threads.shutdownNow();
    try {
      if (!threads.awaitTermination(5, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    for (LogTables tables = connections.poll(); tables != null; tables = connections.poll()) {
      tables.close();
    }
  }
}
