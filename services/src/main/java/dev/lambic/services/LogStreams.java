package dev.lambic.services;

import java.sql.SQLException;
import java.util.List;

/** The log streams. For one thread at a time. */
final class LogStreams {
  private final Sql sql;

  LogStreams(Sql sql) {
    this.sql = sql;
  }

  /**
   * A log stream; all times are milliseconds since the epoch.
   *
   * @param first earliest time of an event
   * @param last latest time of an event
   * @param ingested when an event was last written; 0 if there was none yet
   */
  record Stream(String name, long created, long first, long last, long ingested) {
    boolean hasEvents() {
      return ingested > 0;
    }
  }

  private static final String COLUMNS =
      "SELECT name, created, first, last, ingested FROM streams WHERE group_id = ?";

  private static final Sql.Row<Stream> STREAM =
      row ->
          new Stream(
              row.getString(1), row.getLong(2), row.getLong(3), row.getLong(4), row.getLong(5));

  /** The row of a stream, or 0. */
  long find(long group, String name) throws SQLException {
    return sql.number("SELECT id FROM streams WHERE group_id = ? AND name = ?", 0, group, name);
  }

  /** The row of a stream, which must be there. */
  long require(long group, String name) throws SQLException {
    long stream = find(group, name);
    if (stream == 0) {
      throw LogErrors.noStream();
    }
    return stream;
  }

  /** Makes a stream. Returns its row. */
  long create(long group, String name, long now) throws SQLException {
    return sql.number(
        "INSERT INTO streams(group_id, name, created, first, last, ingested)"
            + " VALUES(?, ?, ?, 0, 0, 0) RETURNING id",
        0,
        group,
        name,
        now);
  }

  /** Takes note of events that came. */
  void touch(long stream, long first, long last, long now) throws SQLException {
    sql.update(
        "UPDATE streams SET first = CASE WHEN ingested = 0 THEN ? ELSE min(first, ?) END,"
            + " last = max(last, ?), ingested = ? WHERE id = ?",
        first,
        first,
        last,
        now,
        stream);
  }

  void delete(long stream) throws SQLException {
    sql.update("DELETE FROM blocks WHERE stream_id = ?", stream);
    sql.update("DELETE FROM streams WHERE id = ?", stream);
  }

  /** Deletes a stream if it had events and none are left. Returns whether it did. */
  boolean deleteIfUsedUp(long stream) throws SQLException {
    return sql.update(
            "DELETE FROM streams WHERE id = ? AND ingested > 0"
                + " AND NOT EXISTS (SELECT 1 FROM blocks WHERE stream_id = streams.id)",
            stream)
        > 0;
  }

  long count() throws SQLException {
    return sql.number("SELECT count(*) FROM streams", 0);
  }

  /** The rows of the oldest streams of all. */
  List<Long> oldest(long limit) throws SQLException {
    return sql.list("SELECT id FROM streams ORDER BY id LIMIT ?", row -> row.getLong(1), limit);
  }

  /** Streams by name; {@code after} is where the last page ended, empty at first. */
  List<Stream> byName(long group, String prefix, String after, boolean descending, int limit)
      throws SQLException {
    if (descending) {
      return sql.list(
          COLUMNS + " AND name < ? AND name >= ? AND name <= ? ORDER BY name DESC LIMIT ?",
          STREAM,
          group,
          after.isEmpty() ? LogGroups.END + LogGroups.END : after,
          prefix,
          prefix + LogGroups.END,
          limit);
    }
    return sql.list(
        COLUMNS + " AND name > ? AND name >= ? AND name <= ? ORDER BY name LIMIT ?",
        STREAM,
        group,
        after,
        prefix,
        prefix + LogGroups.END,
        limit);
  }

  /** Streams by the time of their last event; they follow the given time and name. */
  List<Stream> byLast(long group, long last, String name, boolean descending, int limit)
      throws SQLException {
    return sql.list(
        descending
            ? COLUMNS + " AND (last, name) < (?, ?) ORDER BY last DESC, name DESC LIMIT ?"
            : COLUMNS + " AND (last, name) > (?, ?) ORDER BY last, name LIMIT ?",
        STREAM,
        group,
        last,
        name,
        limit);
  }
}
