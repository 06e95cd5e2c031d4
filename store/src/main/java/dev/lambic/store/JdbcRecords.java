package dev.lambic.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Records in a relational database, written in SQL that SQLite and PostgreSQL share.
 *
 * <p>One thread owns the connection. It takes all transactions that wait, runs each between two
 * savepoints, and commits them together, so that many writers share one sync of the disk. A caller
 * is answered only after that commit.
 */
final class JdbcRecords implements Records {
  private static final int WAITING = 1024;
  private static final int TOGETHER = 128;
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Connection connection;
  private final BlockingQueue<Job<?>> queue = new ArrayBlockingQueue<>(WAITING);
  private final Thread thread;
  private volatile boolean closed;

  /** Takes over a connection whose schema is in place. */
  JdbcRecords(Connection connection, String name) throws SQLException {
    this.connection = connection;
    connection.setAutoCommit(false);
    this.thread = Thread.ofPlatform().name("records " + name).daemon().unstarted(this::serve);
    thread.start();
  }

  @Override
  public <T extends @Nullable Object> T transaction(Work<T> work) {
    Job<T> job = new Job<>(work);
    if (closed || !enqueue(job)) {
      throw new StoreException(
          closed ? "The store is closed." : "The store has too much to do; try again.", null);
    }
    if (closed && !thread.isAlive()) {
      job.abandon();
    }
    return job.await(DEADLINE);
  }

  private boolean enqueue(Job<?> job) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return queue.offer(job, DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void serve() {
    List<Job<?>> batch = new ArrayList<>();
    try (Statements statements = new Statements(connection)) {
      while (!closed || !queue.isEmpty()) {
        Job<?> first = queue.poll(1, TimeUnit.SECONDS);
        if (first != null) {
          batch.add(first);
          queue.drainTo(batch, TOGETHER - 1);
          commit(batch, statements);
          batch.clear();
        }
      }
    } catch (SQLException e) {
      fail(batch, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closed = true;
      abandonQueue();
    }
  }

  private void commit(List<Job<?>> batch, Statements statements) {
    try {
      for (Job<?> job : batch) {
        if (job.begin()) {
          Savepoint before = connection.setSavepoint();
          if (!job.run(statements)) {
            connection.rollback(before);
          }
          connection.releaseSavepoint(before);
        }
      }
      connection.commit();
    } catch (SQLException e) {
      fail(batch, e);
      rollback();
      return;
    }
    batch.forEach(Job::complete);
  }

  private static void fail(List<Job<?>> batch, SQLException e) {
    StoreException failure =
        new StoreException("The database could not write: " + e.getMessage(), e);
    batch.forEach(job -> job.fail(failure));
  }

  private void rollback() {
    try {
      connection.rollback();
    } catch (SQLException e) {
      // Without a way back nothing later may be written either.
      closed = true;
    }
  }

  private void abandonQueue() {
    for (Job<?> job = queue.poll(); job != null; job = queue.poll()) {
      job.abandon();
    }
  }

  @Override
  public void close() {
    closed = true;
    // Wakes the thread; if there is no room, it is awake.
    boolean _ = queue.offer(new Job<>(in -> true));
    Connections.close(connection, thread, DEADLINE, this::abandonQueue);
  }
}
