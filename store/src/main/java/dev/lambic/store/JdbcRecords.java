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
 * is answered only after that commit. A connection that is of no use any more is made anew.
 */
final class JdbcRecords implements Records {
  private static final int WAITING = 1024;
  private static final int TOGETHER = 128;
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Session<Statements> session;
  private final BlockingQueue<Job<?>> queue = new ArrayBlockingQueue<>(WAITING);
  private final Thread thread;
  private volatile boolean closed;

  /** Whether nothing that comes from now on is looked at by the thread. */
  private volatile boolean over;

  /**
   * Opens the database.
   *
   * @throws StoreException if it cannot be used
   */
  JdbcRecords(Session.Opener opener, String name) {
    session = new Session<>(opener, JdbcRecords::prepare);
    Statements _ = session.use();
    this.thread = Thread.ofPlatform().name("records " + name).daemon().unstarted(this::serve);
    thread.start();
  }

  private static Statements prepare(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    return new Statements(connection);
  }

  @Override
  public <T extends @Nullable Object> T transaction(Work<T> work) {
    Job<T> job = new Job<>(work);
    if (closed || !enqueue(job)) {
      throw new StoreException(
          closed ? "The store is closed." : "The store has too much to do; try again.", null);
    }
    if (over) {
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
    try {
      while (!closed || !queue.isEmpty()) {
        Job<?> first = queue.poll(1, TimeUnit.SECONDS);
        if (first == null) {
          session.mend();
        } else {
          batch.add(first);
          queue.drainTo(batch, TOGETHER - 1);
          serve(batch);
          batch.clear();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!closed) {
        session.giveUp(new IllegalStateException("its thread has ended"));
      }
      closed = true;
      over = true;
      abandonQueue();
    }
  }

  private void serve(List<Job<?>> batch) {
    try {
      commit(batch, session.use());
    } catch (SQLException | RuntimeException | Error e) { // this thread is everybody's
      takeBack(e);
      StoreException failure = Session.failure(e);
      batch.forEach(job -> job.fail(failure));
      return;
    }
    batch.forEach(Job::complete);
  }

  private void commit(List<Job<?>> batch, Statements statements) throws SQLException {
    Connection connection = session.connection();
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
  }

  /** What failed must not be committed by what comes next. */
  private void takeBack(Throwable why) {
    if (!session.isOpen()) {
      return;
    }
    if (!Session.isSevere(why)) {
      try {
        session.connection().rollback();
        return;
      } catch (SQLException | RuntimeException e) {
        why.addSuppressed(e);
      }
    }
    session.giveUp(why);
  }

  @Override
  public @Nullable String trouble() {
    return session.trouble();
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
    Connections.close(session, thread, DEADLINE, this::abandonQueue);
  }
}
