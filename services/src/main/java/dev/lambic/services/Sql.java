package dev.lambic.services;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Statements on one connection, each prepared once. For one thread at a time.
 *
 * <p>The texts are constants of the code, so the number of prepared statements is bounded.
 */
final class Sql implements AutoCloseable {
  private final Connection connection;
  private final Map<String, PreparedStatement> prepared = new HashMap<>();

  /** Reads the row that a result stands at. */
  interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  Sql(Connection connection) {
    this.connection = connection;
  }

  Connection connection() {
    return connection;
  }

  /** Changes rows. Returns how many. */
  int update(String text, Object... values) throws SQLException {
    return statement(text, values).executeUpdate();
  }

  /** All rows of the answer. */
  <T> List<T> list(String text, Row<T> reader, Object... values) throws SQLException {
    List<T> rows = new ArrayList<>();
    each(
        text,
        row -> {
          rows.add(reader.read(row));
          return true;
        },
        values);
    return rows;
  }

  /** A number, or the given one if there is no row. */
  long number(String text, long otherwise, Object... values) throws SQLException {
    List<Long> found = list(text, row -> row.getLong(1), values);
    return found.isEmpty() ? otherwise : found.getFirst();
  }

  /** Visits the rows of the answer for as long as the visitor says so. */
  void each(String text, Row<Boolean> visitor, Object... values) throws SQLException {
    try (ResultSet rows = statement(text, values).executeQuery()) {
      while (rows.next() && visitor.read(rows)) {
        // The visitor has done what there is to do.
      }
    }
  }

  private PreparedStatement statement(String text, Object... values) throws SQLException {
    PreparedStatement statement = prepared.get(text);
    if (statement == null) {
      statement = connection.prepareStatement(text);
      prepared.put(text, statement);
    }
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
    return statement;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
