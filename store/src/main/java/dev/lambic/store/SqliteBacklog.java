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
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A backlog in one SQLite file.
 *
 * <p>One thread owns the connection. It takes everything that waits and commits it together, so
 * that whatever came during one sync of the disk shares the next one. How much may wait is for
 * those to bound who ask. A connection that is of no use any more is made anew; until that can be
 * done, everything that is asked for fails at once, and it is said what is wrong.
 */
public final class SqliteBacklog implements Backlog {
  private static final int TOGETHER = 1024;
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Session<BacklogStatements> session;
  private final Executor told;
  private final FaultHandler faults;
  private final LinkedBlockingQueue<Wish> wishes = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile boolean closed;

  /** Whether nothing that comes from now on is looked at by the thread. */
  private volatile boolean over;

  /** What somebody asked for. */
  private interface Wish {
    /** Does it, and returns what is to be told once it is durable. */
    Runnable run(BacklogStatements statements) throws SQLException;

    /** Tells that it was not done. */
    void fail(StoreException why);
  }

  private SqliteBacklog(Session.Opener opener, Executor told, FaultHandler faults, String name) {
    AtomicLong nextId = new AtomicLong(1);
    this.session = new Session<>(opener, connection -> new BacklogStatements(connection, nextId));
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
    return open(file, told, faults, maxBytes, connection -> connection);
  }

  /**
   * The same, with something between the backlog and its database.
   *
   * @param between makes of each connection the one that is used
   */
  static SqliteBacklog open(
      Path file,
      Executor told,
      FaultHandler faults,
      long maxBytes,
      UnaryOperator<Connection> between) {
    SqliteBacklog made =
        new SqliteBacklog(
            () ->
                between.apply(
                    SqliteFile.open(file, connection -> prepare(connection, file, maxBytes))),
            told,
            faults,
            file.getFileName().toString());
    BacklogStatements _ = made.session.use();
    made.thread.start();
    return made;
  }

  private static void prepare(Connection connection, Path file, long maxBytes) throws SQLException {
    Migrations.apply(connection, file.toString(), Migrations.BACKLOG);
    BacklogStatements.limit(connection, maxBytes);
    // Transactions are begun and ended here, for the driver loses its way when one is
    // taken back by SQLite itself.
    connection.setAutoCommit(true);
  }

  @Override
  public void write(List<Change> changes, Written written) {
    List<Change> all = List.copyOf(changes);
    ask(
        new Wish() {
          // Kept, for a commit that failed may be found to be there when it is tried again.
          private long @Nullable [] names;

          @Override
          public Runnable run(BacklogStatements statements) throws SQLException {
            long[] kept = names;
            long[] added = kept == null ? statements.names(all) : kept;
            names = added;
            statements.write(all, added);
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
    if (over) {
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
      while (!closed || !wishes.isEmpty()) {
        Wish first = wishes.poll(1, TimeUnit.SECONDS);
        if (first == null) {
          session.mend();
        } else {
          batch.add(first);
          wishes.drainTo(batch, TOGETHER - 1);
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
      abandon();
    }
  }

  /** Does them in one transaction, or if that fails each in one of its own. */
  private void serve(List<Wish> batch) {
    StoreException why = attempt(batch);
    if (why == null) {
      return;
    }
    if (batch.size() == 1) {
      fail(batch, why);
      return;
    }
    for (int i = 0; i < batch.size(); i++) {
      List<Wish> one = batch.subList(i, i + 1);
      why = attempt(List.copyOf(one));
      if (why != null && session.trouble() != null && !canGoOn()) {
        // Nothing is there that the rest could be tried with.
        fail(List.copyOf(batch.subList(i, batch.size())), why);
        return;
      }
      if (why != null) {
        fail(List.copyOf(one), why);
      }
    }
  }

  private boolean canGoOn() {
    session.mend();
    return session.isOpen();
  }

  /**
   * Does them in one transaction, and tells that.
   *
   * @return null; or why nothing of it was done, which nobody was told
   */
  private @Nullable StoreException attempt(List<Wish> wishes) {
    List<Runnable> done;
    try {
      done = commit(wishes, session.use());
    } catch (SQLException | StoreException e) {
      takeBack(e);
      return Session.failure(e);
    } catch (RuntimeException | Error e) { // this thread is everybody's
      takeBack(e);
      faults.fault("the backlog", e);
      return Session.failure(e);
    }
    tell(done);
    return null;
  }

  /** What failed must not be committed by what comes next. */
  private void takeBack(Throwable why) {
    if (!session.isOpen()) {
      return;
    }
    if (!Session.isSevere(why)) {
      try {
        session.replace(session.use().rollback());
        return;
      } catch (SQLException | RuntimeException e) {
        why.addSuppressed(e);
      }
    }
    session.giveUp(why);
  }

  private static List<Runnable> commit(List<Wish> batch, BacklogStatements statements)
      throws SQLException {
    List<Runnable> done = new ArrayList<>(batch.size());
    statements.begin();
    for (Wish wish : batch) {
      done.add(wish.run(statements));
    }
    statements.commit();
    return done;
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
    try {
      told.execute(() -> {
        for (Runnable one : news) {
          try {
            one.run();
          } catch (RuntimeException | Error e) {
            faults.fault("telling what became of an item", e);
          }
        }
      });
    } catch (RuntimeException e) {
      faults.fault("telling what became of items", e);
    }
  }

  @Override
  public @Nullable String trouble() {
    return session.trouble();
  }

  @Override
  public void close() {
    closed = true;
    Connections.close(session, thread, DEADLINE, this::abandon);
  }
}
