package dev.lambic.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;

/**
 * One SQLite file.
 *
 * <p>Write-ahead log with a sync at every commit, so that what was answered survives the loss of
 * power. The file is locked for as long as it is open: a second server on the same data fails at
 * once instead of overwriting what the first decided in memory.
 */
final class SqliteFile {
  private static final int BUSY_MILLIS = 500;

  private SqliteFile() {}

  /** Brings a new connection to where it can be used. */
  @FunctionalInterface
  interface Preparation {
    void of(Connection connection) throws SQLException;
  }

  /**
   * Opens the file, which is made if it is missing.
   *
   * @throws StoreException if it is in use, damaged or from a newer program; the message says what
   *     to do
   */
  static Connection open(Path file, Preparation preparation) {
    try {
      Path directory = file.toAbsolutePath().resolveSibling("");
      Files.createDirectories(directory);
      SqliteLibrary.load(directory);
      Connection connection = connect(file);
      try {
        preparation.of(connection);
        return connection;
      } catch (SQLException | RuntimeException | Error e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw explained(file, e);
    } catch (IOException e) {
      throw new StoreException("The directory of " + file + " cannot be made.", e);
    }
  }

  private static Connection connect(Path file) throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setLockingMode(SQLiteConfig.LockingMode.EXCLUSIVE);
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    config.setBusyTimeout(BUSY_MILLIS);
    return config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
  }

  /** Reads the whole file, and refuses a damaged one. */
  static void check(Connection connection, Path file) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("PRAGMA quick_check(1)")) {
      String answer = rows.next() ? rows.getString(1) : "no answer";
      if (!answer.equals("ok")) {
        throw damaged(file, answer, null);
      }
    }
  }

  private static StoreException explained(Path file, SQLException e) {
    int code = e.getErrorCode() & 0xff; // the higher bits are details
    if (code == SQLiteErrorCode.SQLITE_BUSY.code || code == SQLiteErrorCode.SQLITE_LOCKED.code) {
      return new StoreException(
          file + " is in use by another process. Stop that server, or use another data directory.",
          e);
    }
    if (code == SQLiteErrorCode.SQLITE_CORRUPT.code || code == SQLiteErrorCode.SQLITE_NOTADB.code) {
      return damaged(file, e.getMessage(), e);
    }
    return new StoreException("The database " + file + " cannot be opened: " + e.getMessage(), e);
  }

  private static StoreException damaged(
      Path file, @Nullable String how, @Nullable Throwable cause) {
    return new StoreException(
        "The database "
            + file
            + " is damaged ("
            + how
            + "). Restore it from a copy, or move it"
            + " and its -wal file away to begin without any state.",
        cause);
  }
}
