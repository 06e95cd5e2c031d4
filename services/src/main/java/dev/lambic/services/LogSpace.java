package dev.lambic.services;

import java.sql.SQLException;
import java.util.Map;

/**
 * Keeps the logs within their space: the oldest events make room, and those beyond their group's
 * retention go. A stream whose events are all gone for lack of space goes with them.
 *
 * <p>Used by the writer's thread only.
 */
final class LogSpace {
  static final long DAY_MILLIS = 86_400_000;

  private static final long EVERY_MILLIS = 600_000;

  private final LogConfig config;
  private long written;
  private long streamsMade;
  private long tidied;

  LogSpace(LogConfig config) {
    this.config = config;
  }

  void wrote(long bytes) {
    written += bytes;
  }

  void madeStream() {
    streamsMade++;
  }

  /** Whether enough has changed since the last time, or it is long ago. */
  boolean isDue(long now) {
    return written > config.totalBytes() / 50
        || streamsMade > config.streams() / 50
        || now - tidied > EVERY_MILLIS
        || now < tidied;
  }

  /** Makes room. Returns whether streams were deleted. */
  boolean tidy(LogTables tables, long now) throws SQLException {
    tidied = now;
    written = 0;
    streamsMade = 0;
    expire(tables, now);
    boolean streams = dropStreams(tables);
    return dropBlocks(tables) || streams;
  }

  private static void expire(LogTables tables, long now) throws SQLException {
    for (LogGroups.Group group : tables.groups().withRetention()) {
      long bytes = tables.blocks().deleteBefore(group.id(), group.earliest(now));
      tables.groups().grow(group.id(), -bytes);
    }
  }

  private boolean dropStreams(LogTables tables) throws SQLException {
    long surplus = tables.streams().count() - config.streams();
    if (surplus <= 0) {
      return false;
    }
    for (long stream : tables.streams().oldest(surplus)) {
      long group = tables.sql().number("SELECT group_id FROM streams WHERE id = ?", 0, stream);
      tables.deleteStream(group, stream);
    }
    return true;
  }

  private boolean dropBlocks(LogTables tables) throws SQLException {
    boolean dropped = false;
    long surplus = surplus(tables);
    while (surplus > 0) {
      LogBlocks.Oldest oldest = tables.blocks().oldest(surplus);
      if (oldest.isEmpty()) {
        break;
      }
      tables.blocks().deleteUpTo(oldest.lastId());
      for (Map.Entry<Long, Long> gone : oldest.groups().entrySet()) {
        tables.groups().grow(gone.getKey(), -gone.getValue());
      }
      for (long stream : oldest.streams()) {
        dropped |= tables.streams().deleteIfUsedUp(stream);
      }
      surplus = surplus(tables);
    }
    return dropped;
  }

  /** How much must go; more than is needed at once, so that it is not needed all the time. */
  private long surplus(LogTables tables) throws SQLException {
    return usedBytes(tables) - config.totalBytes() * 95 / 100;
  }

  /**
   * Space on disk that holds something; the file does not shrink, but free pages are used again.
   */
  private static long usedBytes(LogTables tables) throws SQLException {
    Sql sql = tables.sql();
    long pages = sql.number("PRAGMA page_count", 0) - sql.number("PRAGMA freelist_count", 0);
    return pages * sql.number("PRAGMA page_size", 0);
  }
}
