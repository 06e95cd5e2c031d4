package dev.lambic.services;

import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The log groups and their tags. For one thread at a time. */
final class LogGroups {
  /** Sorts behind every name that begins with what stands before it. */
  static final String END = "\uDBFF\uDFFF";

  private final Sql sql;

  LogGroups(Sql sql) {
    this.sql = sql;
  }

  /**
   * A log group.
   *
   * @param id of its row
   * @param created milliseconds since the epoch
   * @param retentionDays 0 if events are kept for as long as there is space
   * @param bytes of its events as stored
   */
  record Group(long id, String name, long created, int retentionDays, long bytes) {
    /** The earliest time whose events are to be seen. */
    long earliest(long now) {
      return retentionDays == 0 ? 0 : Math.max(0, now - retentionDays * LogSpace.DAY_MILLIS);
    }
  }

  private static final String COLUMNS = "SELECT id, name, created, retention, bytes FROM groups";

  private static final Sql.Row<Group> GROUP =
      row ->
          new Group(
              row.getLong(1), row.getString(2), row.getLong(3), row.getInt(4), row.getLong(5));

  /** The row of a group, or 0. */
  long find(LogGroupKey key) throws SQLException {
    return sql.number(
        "SELECT id FROM groups WHERE account = ? AND region = ? AND name = ?",
        0,
        key.account(),
        key.region(),
        key.name());
  }

  /** The group, which must be there. */
  Group require(LogGroupKey key) throws SQLException {
    List<Group> found =
        sql.list(
            COLUMNS + " WHERE account = ? AND region = ? AND name = ?",
            GROUP,
            key.account(),
            key.region(),
            key.name());
    if (found.isEmpty()) {
      throw LogErrors.noGroup();
    }
    return found.getFirst();
  }

  /**
   * Groups in the order of their names.
   *
   * @param after the name that the last page ended with; empty at first
   * @param part what the name must contain somewhere; may be empty
   */
  List<Group> list(LogGroupKey prefix, String after, String part, int limit) throws SQLException {
    return sql.list(
        COLUMNS
            + " WHERE account = ? AND region = ? AND name > ? AND name >= ? AND name <= ?"
            + " AND instr(name, ?) > 0 ORDER BY name LIMIT ?",
        GROUP,
        prefix.account(),
        prefix.region(),
        after,
        prefix.name(),
        prefix.name() + END,
        part,
        limit);
  }

  /** How many there are of all accounts. */
  long count() throws SQLException {
    return sql.number("SELECT count(*) FROM groups", 0);
  }

  /** Makes a group. Returns its row. */
  long create(LogGroupKey key, long now) throws SQLException {
    return sql.number(
        "INSERT INTO groups(account, region, name, created, retention, bytes)"
            + " VALUES(?, ?, ?, ?, 0, 0) RETURNING id",
        0,
        key.account(),
        key.region(),
        key.name(),
        now);
  }

  /** Deletes a group with all that is in it. */
  void delete(long group) throws SQLException {
    sql.update("DELETE FROM blocks WHERE group_id = ?", group);
    sql.update("DELETE FROM streams WHERE group_id = ?", group);
    sql.update("DELETE FROM tags WHERE group_id = ?", group);
    sql.update("DELETE FROM groups WHERE id = ?", group);
  }

  void retain(long group, int days) throws SQLException {
    sql.update("UPDATE groups SET retention = ? WHERE id = ?", days, group);
  }

  /** Takes note of bytes that came, or that went. */
  void grow(long group, long bytes) throws SQLException {
    sql.update("UPDATE groups SET bytes = max(0, bytes + ?) WHERE id = ?", bytes, group);
  }

  /** The groups with a retention. */
  List<Group> withRetention() throws SQLException {
    return sql.list(COLUMNS + " WHERE retention > 0", GROUP);
  }

  Map<String, String> tags(long group) throws SQLException {
    Map<String, String> tags = new LinkedHashMap<>();
    sql.each(
        "SELECT name, value FROM tags WHERE group_id = ? ORDER BY name",
        row -> {
          tags.put(row.getString(1), row.getString(2));
          return true;
        },
        group);
    return tags;
  }

  void tag(long group, Map<String, String> tags) throws SQLException {
    for (Map.Entry<String, String> tag : tags.entrySet()) {
      sql.update(
          "INSERT OR REPLACE INTO tags(group_id, name, value) VALUES(?, ?, ?)",
          group,
          tag.getKey(),
          tag.getValue());
    }
  }

  void untag(long group, List<String> names) throws SQLException {
    for (String name : names) {
      sql.update("DELETE FROM tags WHERE group_id = ? AND name = ?", group, name);
    }
  }
}
