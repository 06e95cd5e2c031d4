package dev.lambic.services;

import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** The events, in blocks. For one thread at a time. */
final class LogBlocks {
  private final Sql sql;
  private long nextId;

  LogBlocks(Sql sql) {
    this.sql = sql;
  }

  private static final String COLUMNS =
      "SELECT b.id, b.first, b.last, b.ingested, b.stream_id, s.name, b.data"
          + " FROM blocks b CROSS JOIN streams s ON s.id = b.stream_id";

  private static final String RANGE = " AND b.first >= ? AND b.first <= ? ORDER BY b.first";

  /** Adds a block. Only the one writer may, for it gives the ids. */
  void insert(long group, long stream, LogBlock block, long now) throws SQLException {
    if (nextId == 0) {
      nextId = sql.number("SELECT id + events FROM blocks ORDER BY id DESC LIMIT 1", 1);
    }
    sql.update(
        "INSERT INTO blocks(id, group_id, stream_id, events, first, last, ingested, data)"
            + " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        nextId,
        group,
        stream,
        block.events(),
        block.first(),
        block.last(),
        now,
        block.data());
    nextId += block.events();
  }

  /** The events that a query asks for, as many as fit on one page. */
  LogPage page(LogQuery query) throws SQLException {
    LogPage page = new LogPage(query);
    boolean one = query.streams().size() == 1;
    sql.each(
        COLUMNS
            + (one ? " WHERE b.stream_id = ?" : " WHERE b.group_id = ?")
            + RANGE
            + (query.forward() ? ", b.id" : " DESC, b.id DESC"),
        row -> {
          long first = row.getLong(2);
          if (!page.needs(first)) {
            return false;
          }
          if ((one || query.streams().isEmpty() || query.streams().contains(row.getLong(5)))
              && page.overlaps(first, row.getLong(3))
              && row.getString(6).startsWith(query.prefix())) {
            page.offer(row.getString(6), row.getLong(1), first, row.getLong(4), row.getBytes(7));
          }
          return true;
        },
        one ? query.streams().iterator().next() : query.group(),
        Math.max(0, query.from().timestamp() - LogBlock.SPAN_MILLIS),
        query.to().timestamp());
    return page;
  }

  /**
   * Some blocks that were written before all others.
   *
   * @param lastId the id of the last
   * @param streams rows of their streams
   * @param groups rows of their groups, with the bytes that the blocks have of each
   */
  record Oldest(long lastId, Set<Long> streams, Map<Long, Long> groups) {
    boolean isEmpty() {
      return streams.isEmpty();
    }
  }

  /** The oldest blocks that together have so many bytes, or a limited number of them. */
  Oldest oldest(long bytes) throws SQLException {
    Set<Long> streams = new LinkedHashSet<>();
    Map<Long, Long> groups = new LinkedHashMap<>();
    long[] last = new long[1];
    long[] left = {bytes};
    sql.each(
        "SELECT id, group_id, stream_id, length(data) FROM blocks ORDER BY id LIMIT 1000",
        row -> {
          last[0] = row.getLong(1);
          groups.merge(row.getLong(2), row.getLong(4), Long::sum);
          streams.add(row.getLong(3));
          left[0] -= row.getLong(4);
          return left[0] > 0;
        });
    return new Oldest(last[0], streams, groups);
  }

  void deleteUpTo(long lastId) throws SQLException {
    sql.update("DELETE FROM blocks WHERE id <= ?", lastId);
  }

  /** Deletes the blocks of a group that have only events before a time. Returns their bytes. */
  long deleteBefore(long group, long time) throws SQLException {
    long bytes =
        sql.number(
            "SELECT ifnull(sum(length(data)), 0) FROM blocks"
                + " WHERE group_id = ? AND first < ? AND last < ?",
            0,
            group,
            time,
            time);
    sql.update(
        "DELETE FROM blocks WHERE group_id = ? AND first < ? AND last < ?", group, time, time);
    return bytes;
  }

  long bytesOfStream(long stream) throws SQLException {
    return sql.number(
        "SELECT ifnull(sum(length(data)), 0) FROM blocks WHERE stream_id = ?", 0, stream);
  }
}
