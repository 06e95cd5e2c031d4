package dev.lambic.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;

/**
 * A connection that one thread uses, with its statements. When it is of no use any more, it is
 * given up and the next use makes another; what was committed is in the file. Where none can be
 * made, that is not tried again for a second, for to open a large file takes time.
 *
 * <p>All methods but {@link #trouble} and {@link #close} are the thread's own.
 */
final class Session<S extends AutoCloseable> {
  /** Makes a connection whose schema is in place. */
  @FunctionalInterface
  interface Opener {
    Connection open() throws SQLException;
  }

  /** Makes the statements of a connection. */
  @FunctionalInterface
  interface Preparation<S> {
    S prepare(Connection connection) throws SQLException;
  }

  private static final long PAUSE = Duration.ofSeconds(1).toNanos();

  private final Opener opener;
  private final Preparation<S> preparation;
  private final LongSupplier nanos;
  private volatile @Nullable Connection connection;
  private @Nullable S statements;
  private volatile @Nullable String trouble;

  /** Why no connection could be made, and when; null if the last one could. */
  private @Nullable StoreException closed;

  private long closedAt;

  /** Without a connection yet. */
  Session(Opener opener, Preparation<S> preparation) {
    this(opener, preparation, System::nanoTime);
  }

  /** The same, with a clock that only goes forward. */
  Session(Opener opener, Preparation<S> preparation, LongSupplier nanos) {
    this.nanos = nanos;
    this.opener = opener;
    this.preparation = preparation;
  }

  /** Whether there is a connection, as far as is known. */
  boolean isOpen() {
    return statements != null;
  }

  /** The connection, after {@link #use}. */
  Connection connection() {
    Connection open = connection;
    if (open == null) {
      throw new IllegalStateException("no connection is open");
    }
    return open;
  }

  /**
   * The statements, of a new connection if there is none.
   *
   * @throws StoreException if none can be made now
   */
  S use() {
    S ready = statements;
    if (ready != null) {
      return ready;
    }
    StoreException known = closed;
    if (known != null && nanos.getAsLong() - closedAt < PAUSE) {
      throw known;
    }
    Connection made = null;
    try {
      made = opener.open();
      S prepared = preparation.prepare(made);
      connection = made;
      statements = prepared;
      trouble = null;
      closed = null;
      return prepared;
    } catch (SQLException | RuntimeException | Error e) {
      close(made);
      StoreException why = failure(e);
      trouble = why.getMessage();
      closed = why;
      closedAt = nanos.getAsLong();
      throw why;
    }
  }

  /** Tries to make a connection if there is none, and it was not tried just now. */
  void mend() {
    try {
      S _ = use();
    } catch (StoreException e) {
      // That is known by now, and it is tried again.
    }
  }

  /** Goes on with other statements of the same connection. */
  void replace(S other) {
    statements = other;
  }

  /** Gives the connection up, and whatever was not committed in it. */
  void giveUp(Throwable why) {
    trouble = failure(why).getMessage();
    statements = null;
    close(connection);
    connection = null;
  }

  private static void close(@Nullable Connection connection) {
    if (connection == null) {
      return;
    }
    try {
      connection.close();
    } catch (SQLException | RuntimeException e) {
      // It is given up either way; what matters is whether the next one can be opened.
    }
  }

  /** What is wrong now, for people; null if nothing is known to be. Any thread may ask. */
  @Nullable String trouble() {
    return trouble;
  }

  /** What to tell those whose work failed. */
  static StoreException failure(Throwable why) {
    return why instanceof StoreException known
        ? known
        : new StoreException("The database failed: " + why.getMessage(), why);
  }

  /**
   * Whether a failure is about the file or the connection, and not about what was asked for or the
   * room that there is.
   */
  static boolean isSevere(Throwable why) {
    if (!(why instanceof SQLException e)) {
      return true;
    }
    int code = e.getErrorCode() & 0xff; // the higher bits are details
    return code != SQLiteErrorCode.SQLITE_FULL.code
        && code != SQLiteErrorCode.SQLITE_CONSTRAINT.code
        && code != SQLiteErrorCode.SQLITE_TOOBIG.code
        && code != SQLiteErrorCode.SQLITE_MISMATCH.code;
  }

  /** Closes the connection; may be called by another thread when the session's has ended. */
  void close() throws SQLException {
    Connection open = connection;
    if (open != null) {
      open.close();
    }
  }
}
