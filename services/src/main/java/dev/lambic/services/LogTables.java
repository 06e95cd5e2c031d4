package dev.lambic.services;

import java.sql.SQLException;
import java.util.List;

/**
 * All that is kept of logs, as seen over one connection. For one thread at a time.
 *
 * <p>Times are milliseconds since the epoch, and always given by the caller.
 */
final class LogTables implements AutoCloseable {
  private final Sql sql;
  private final LogGroups groups;
  private final LogStreams streams;
  private final LogBlocks blocks;

  LogTables(Sql sql) {
    this.sql = sql;
    this.groups = new LogGroups(sql);
    this.streams = new LogStreams(sql);
    this.blocks = new LogBlocks(sql);
  }

  Sql sql() {
    return sql;
  }

  LogGroups groups() {
    return groups;
  }

  LogStreams streams() {
    return streams;
  }

  LogBlocks blocks() {
    return blocks;
  }

  /** Adds lines to a stream. Returns how many bytes that took. */
  long append(long group, long stream, List<LogLine> lines, long now) throws SQLException {
    long bytes = 0;
    long first = Long.MAX_VALUE;
    long last = 0;
    for (LogBlock block : LogBlock.pack(lines)) {
      blocks.insert(group, stream, block, now);
      bytes += block.data().length;
      first = Math.min(first, block.first());
      last = Math.max(last, block.last());
    }
    streams.touch(stream, first, last, now);
    groups.grow(group, bytes);
    return bytes;
  }

  /** Deletes a stream with its events. */
  void deleteStream(long group, long stream) throws SQLException {
    groups.grow(group, -blocks.bytesOfStream(stream));
    streams.delete(stream);
  }

  @Override
  public void close() throws SQLException {
    sql.close();
  }
}
