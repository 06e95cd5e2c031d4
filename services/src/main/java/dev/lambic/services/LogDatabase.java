package dev.lambic.services;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;

/**
 * The SQLite file of the logs: how it is opened, and its tables.
 *
 * <p>Write-ahead log without a sync at each commit: what was committed survives the end of the
 * process in any way, but the loss of power may cost the last seconds.
 */
final class LogDatabase {
  private static final int VERSION = 1;

  private static final List<String> SCHEMA =
      List.of(
          "CREATE TABLE groups(id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL,"
              + " name TEXT NOT NULL, created INTEGER NOT NULL, retention INTEGER NOT NULL,"
              + " bytes INTEGER NOT NULL, UNIQUE(account, region, name))",
          "CREATE TABLE tags(group_id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
              + " PRIMARY KEY(group_id, name)) WITHOUT ROWID",
          "CREATE TABLE streams(id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL,"
              + " name TEXT NOT NULL, created INTEGER NOT NULL, first INTEGER NOT NULL,"
              + " last INTEGER NOT NULL, ingested INTEGER NOT NULL, UNIQUE(group_id, name))",
          "CREATE INDEX streams_by_last ON streams(group_id, last, name)",
          "CREATE TABLE blocks(id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL,"
              + " stream_id INTEGER NOT NULL, events INTEGER NOT NULL, first INTEGER NOT NULL,"
              + " last INTEGER NOT NULL, ingested INTEGER NOT NULL, data BLOB NOT NULL)",
          "CREATE INDEX blocks_by_group ON blocks(group_id, first)",
          "CREATE INDEX blocks_by_stream ON blocks(stream_id, first)");

  private final Path file;

  LogDatabase(Path file) {
    this.file = file;
  }

  /**
   * Opens the file for writing; makes it, if it is missing.
   *
   * @throws Damaged if what is there is no database any more
   * @throws IOException if it cannot be used for another reason
   */
  Sql open() throws IOException, Damaged {
    Files.createDirectories(file.toAbsolutePath().getParent());
    try {
      Connection connection = connect();
      try {
        prepare(new Sql(connection));
        connection.setAutoCommit(false);
        return new Sql(connection);
      } catch (SQLException | IOException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      int code = e.getErrorCode() & 0xff; // the higher bits are details
      if (code == SQLiteErrorCode.SQLITE_CORRUPT.code
          || code == SQLiteErrorCode.SQLITE_NOTADB.code) {
        throw new Damaged(e);
      }
      throw new IOException("The logs in " + file + " cannot be opened: " + e.getMessage(), e);
    }
  }

  /** Another connection, for reading what is committed. */
  Sql openForReading() throws SQLException {
    return new Sql(connect());
  }

  /** Puts a damaged file aside. Returns where it is now. */
  Path putAside() throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".damaged");
    Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(file.resolveSibling(file.getFileName() + "-wal"));
    Files.deleteIfExists(file.resolveSibling(file.getFileName() + "-shm"));
    return aside;
  }

  private Connection connect() throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
    config.setJournalSizeLimit(16 << 20);
    config.setBusyTimeout(5000);
    return config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
  }

  private void prepare(Sql sql) throws SQLException, IOException {
    long version = sql.number("PRAGMA user_version", 0);
    if (version > VERSION) {
      throw new IOException("The logs in " + file + " are those of a newer Lambic.");
    }
    if (version == VERSION) {
      return;
    }
    sql.connection().setAutoCommit(false);
    try (Statement statement = sql.connection().createStatement()) {
      for (String text : SCHEMA) {
        statement.execute(text);
      }
      statement.execute("PRAGMA user_version = " + VERSION);
      sql.connection().commit();
    }
  }

  /** The file is no database any more. */
  static final class Damaged extends Exception {
    private static final long serialVersionUID = 1L;

    Damaged(SQLException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
