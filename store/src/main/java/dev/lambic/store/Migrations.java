package dev.lambic.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * Brings the schema of a database to what this program knows, one step after the other.
 *
 * <p>A step is never changed once it was released; another one is appended.
 */
final class Migrations {
  /** One step. Its number is its place in the list, from 1. */
  record Step(String name, String sql) {}

  /** The schema of {@link JdbcRecords}. */
  static final List<Step> RECORDS =
      List.of(
          new Step(
              "records",
              "CREATE TABLE record (kind TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,"
                  + " PRIMARY KEY (kind, name))"));

  /** The schema of {@link SqliteBacklog}. */
  static final List<Step> BACKLOG =
      List.of(
          new Step(
              "items",
              "CREATE TABLE item (id INTEGER PRIMARY KEY, lane TEXT NOT NULL, due INTEGER NOT NULL,"
                  + " head BLOB NOT NULL, body BLOB NOT NULL)"),
          new Step("order", "CREATE INDEX item_order ON item (lane, due)"));

  private Migrations() {}

  /**
   * Applies what is missing.
   *
   * @param steps all steps of its schema
   * @throws StoreException if the database is from a newer program
   */
  static void apply(Connection connection, String where, List<Step> steps) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL)");
      int version = version(statement);
      if (version > steps.size()) {
        throw new StoreException(
            where
                + " was written by a newer Lambic (schema "
                + version
                + "; this one knows "
                + steps.size()
                + "). Start that version again, or use another data directory.",
            null);
      }
      for (int next = version + 1; next <= steps.size(); next++) {
        Step step = steps.get(next - 1);
        statement.execute(step.sql());
        try (PreparedStatement insert =
            connection.prepareStatement("INSERT INTO migration (version, name) VALUES (?, ?)")) {
          insert.setInt(1, next);
          insert.setString(2, step.name());
          insert.executeUpdate();
        }
      }
      connection.commit();
    }
  }

  private static int version(Statement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery("SELECT max(version) FROM migration")) {
      return rows.next() ? rows.getInt(1) : 0;
    }
  }
}
