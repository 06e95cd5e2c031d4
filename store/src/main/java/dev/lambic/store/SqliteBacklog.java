package dev.lambic.store;

import dev.lambic.kernel.FaultHandler;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A backlog in one SQLite file.
 *
 * <p>One thread owns the connection. It takes everything that waits and commits it together, so
 * that whatever came during one sync of the disk shares the next one. How much may wait is for
 * those to bound who ask.
 */
public final class SqliteBacklog implements Backlog {
  private static final int TOGETHER = 1024;
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Connection connection;
  private final Executor told;
  private final FaultHandler faults;
  private final LinkedBlockingQueue<Wish> wishes = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile boolean closed;

  /** What somebody asked for. */
  private interface Wish {
    /** Does it, and returns what is to be told once it is durable. */
    Runnable run(BacklogStatements statements) throws SQLException;

    /** Tells that it was not done. */
    void fail(StoreException why);
  }

  private SqliteBacklog(Connection connection, Executor told, FaultHandler faults, String name) {
    this.connection = connection;
    this.told = told;
    this.faults = faults;
    this.thread = Thread.ofPlatform().name("backlog " + name).daemon().unstarted(this::serve);
  }

  /**
   * Opens the file, which is made if it is missing.
   *
   * @param told tells what became of things; must run them one after the other
   * @param faults told what those threw that were told
   * @param maxBytes how large the file may become, roughly; nothing is added beyond
   * @throws StoreException if it is in use, damaged or from a newer program; the message says what
   *     to do
   */
  public static SqliteBacklog open(Path file, Executor told, FaultHandler faults, long maxBytes) {
    return SqliteFile.open(
        file,
        connection -> {
          Migrations.apply(connection, file.toString(), Migrations.BACKLOG);
          BacklogStatements.limit(connection, maxBytes);
          // Transactions are begun and ended here, for the driver loses its way when one is
          // taken back by SQLite itself.
          connection.setAutoCommit(true);
          SqliteBacklog made =
              new SqliteBacklog(connection, told, faults, file.getFileName().toString());
          made.thread.start();
          return made;
        });
  }

  @Override
  public void write(List<Change> changes, Written written) {
    List<Change> all = List.copyOf(changes);
    ask(
        new Wish() {
          @Override
          public Runnable run(BacklogStatements statements) throws SQLException {
            long[] added = statements.write(all);
            return () -> written.done(added);
          }

          @Override
          public void fail(StoreException why) {
            written.failed(why);
          }
        });
  }

  @Override
  public void read(String lane, long until, Set<Long> without, int items, long bytes, Found found) {
    ask(
        new Wish() {
          @Override
          public Runnable run(BacklogStatements statements) throws SQLException {
            return statements.read(lane, until, without, items, bytes, found);
          }

          @Override
          public void fail(StoreException why) {
            found.failed(why);
          }
        });
  }

  @Override
  public List<Lane> lanes(long latest) {
    CompletableFuture<List<Lane>> lanes = new CompletableFuture<>();
    ask(
        new Wish() {
          @Override
          public Runnable run(BacklogStatements statements) throws SQLException {
            List<Lane> found = statements.lanes(latest);
            return () -> lanes.complete(found);
          }

          @Override
          public void fail(StoreException why) {
            lanes.completeExceptionally(why);
          }
        });
    try {
      return lanes.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new StoreException("The lanes of the backlog cannot be read.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException("Interrupted.", e);
    }
  }

  private void ask(Wish wish) {
    if (closed) {
      tell(List.of(() -> wish.fail(isClosed())));
      return;
    }
    wishes.add(wish);
    if (closed && !thread.isAlive()) {
      // It may have come too late for anybody else to look.
      abandon();
    }
  }

  private static StoreException isClosed() {
    return new StoreException("The backlog is closed.", null);
  }

  private void serve() {
    List<Wish> batch = new ArrayList<>();
    try {
      BacklogStatements statements = new BacklogStatements(connection);
      while (!closed || !wishes.isEmpty()) {
        Wish first = wishes.poll(1, TimeUnit.SECONDS);
        if (first != null) {
          batch.add(first);
          wishes.drainTo(batch, TOGETHER - 1);
          statements = serve(batch, statements);
          batch.clear();
        }
      }
      statements.close();
    } catch (SQLException e) {
      StoreException why = failed(e);
      fail(batch, why);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closed = true;
      abandon();
    }
  }

  /**
   * Does them in one transaction, or if that fails each in one of its own.
   *
   * @return the statements to go on with
   */
  private BacklogStatements serve(List<Wish> batch, BacklogStatements statements)
      throws SQLException {
    try {
      List<Runnable> done = commit(batch, statements);
      tell(done);
      return statements;
    } catch (SQLException e) {
      BacklogStatements next = statements.rollback();
      if (batch.size() == 1) {
        fail(batch, failed(e));
        return next;
      }
      for (Wish wish : batch) {
        next = serve(List.of(wish), next);
      }
      return next;
    }
  }

  private List<Runnable> commit(List<Wish> batch, BacklogStatements statements)
      throws SQLException {
    List<Runnable> done = new ArrayList<>(batch.size());
    statements.begin();
    for (Wish wish : batch) {
      done.add(wish.run(statements));
    }
    statements.commit();
    return done;
  }

  private static StoreException failed(SQLException e) {
    return new StoreException("The database of the backlog failed: " + e.getMessage(), e);
  }

  private void abandon() {
    List<Wish> left = new ArrayList<>();
    wishes.drainTo(left);
    if (!left.isEmpty()) {
      fail(left, isClosed());
    }
  }

  private void fail(List<Wish> wishes, StoreException why) {
    List<Runnable> failures = new ArrayList<>();
    wishes.forEach(wish -> failures.add(() -> wish.fail(why)));
    tell(failures);
  }

  /** Tells everybody, also when one of them fails at hearing it. */
  private void tell(List<Runnable> news) {
    told.execute(() -> {
      for (Runnable one : news) {
        try {
          one.run();
        } catch (RuntimeException | Error e) {
          faults.fault("telling what became of an item", e);
        }
      }
    });
  }

  @Override
  public void close() {
    closed = true;
    Connections.close(connection, thread, DEADLINE, this::abandon);
  }
}
