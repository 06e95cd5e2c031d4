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
  private record Step(String name, String sql) {}

  private static final List<Step> STEPS =
      List.of(
          new Step(
              "records",
              "CREATE TABLE record (kind TEXT NOT NULL, name TEXT NOT NULL, value %s NOT NULL,"
                  + " PRIMARY KEY (kind, name))"));

  private Migrations() {}

  /**
   * Applies what is missing.
   *
   * @param bytes the database's type for bytes, such as {@code BLOB}
   * @throws StoreException if the database is from a newer program
   */
  static void apply(Connection connection, String where, String bytes) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL)");
      int version = version(statement);
      if (version > STEPS.size()) {
        throw new StoreException(
            where
                + " was written by a newer Lambic (schema "
                + version
                + "; this one knows "
                + STEPS.size()
                + "). Start that version again, or use another data directory.",
            null);
      }
      for (int next = version + 1; next <= STEPS.size(); next++) {
        Step step = STEPS.get(next - 1);
        statement.execute(step.sql().replace("%s", bytes));
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
