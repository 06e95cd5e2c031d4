package dev.lambic.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The SQL of records. Belongs to the store's thread. */
final class Statements implements Records.Transaction, AutoCloseable {
  private final PreparedStatement get;
  private final PreparedStatement put;
  private final PreparedStatement delete;
  private final PreparedStatement scan;

  Statements(Connection connection) throws SQLException {
    get = connection.prepareStatement("SELECT value FROM record WHERE kind = ? AND name = ?");
    put =
        connection.prepareStatement(
            "INSERT INTO record (kind, name, value) VALUES (?, ?, ?)"
                + " ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value");
    delete = connection.prepareStatement("DELETE FROM record WHERE kind = ? AND name = ?");
    scan =
        connection.prepareStatement("SELECT name, value FROM record WHERE kind = ? ORDER BY name");
  }

  @Override
  public byte @Nullable [] get(String kind, String key) {
    try {
      get.setString(1, kind);
      get.setString(2, key);
      try (ResultSet rows = get.executeQuery()) {
        return rows.next() ? rows.getBytes(1) : null;
      }
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  @Override
  public void put(String kind, String key, byte[] value) {
    try {
      put.setString(1, kind);
      put.setString(2, key);
      put.setBytes(3, value);
      put.executeUpdate();
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  @Override
  public boolean delete(String kind, String key) {
    try {
      delete.setString(1, kind);
      delete.setString(2, key);
      return delete.executeUpdate() > 0;
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  @Override
  public List<Records.Entry> scan(String kind) {
    try {
      scan.setString(1, kind);
      List<Records.Entry> entries = new ArrayList<>();
      try (ResultSet rows = scan.executeQuery()) {
        while (rows.next()) {
          entries.add(new Records.Entry(rows.getString(1), rows.getBytes(2)));
        }
      }
      return entries;
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private static StoreException failed(SQLException e) {
    return new StoreException("The database failed: " + e.getMessage(), e);
  }

  @Override
  public void close() throws SQLException {
    get.close();
    put.close();
    delete.close();
    scan.close();
  }
}
