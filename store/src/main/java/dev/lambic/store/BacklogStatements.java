package dev.lambic.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The SQL of a backlog. Belongs to the backlog's thread. */
final class BacklogStatements implements AutoCloseable {
  private final PreparedStatement begin;
  private final PreparedStatement commit;
  private final PreparedStatement rollback;
  private final PreparedStatement highest;
  private final PreparedStatement add;
  private final PreparedStatement move;
  private final PreparedStatement remove;
  private final PreparedStatement clear;
  private final PreparedStatement due;
  private final PreparedStatement item;
  private final PreparedStatement next;
  private final PreparedStatement lane;
  private final PreparedStatement advance;

  /** The name of the next item; only grows, so that no name comes twice while it may be used. */
  private final AtomicLong nextId;

  private final Connection connection;

  /**
   * The statements of a connection.
   *
   * @param nextId the next name that may be free; outlives the connection
   */
  BacklogStatements(Connection connection, AtomicLong nextId) throws SQLException {
    this.connection = connection;
    begin = connection.prepareStatement("BEGIN");
    commit = connection.prepareStatement("COMMIT");
    rollback = connection.prepareStatement("ROLLBACK");
    highest = connection.prepareStatement("SELECT max(id) FROM item");
    add =
        connection.prepareStatement(
            "INSERT INTO item (id, lane, due, head, body) VALUES (?, ?, ?, ?, ?)"
                + " ON CONFLICT (id) DO NOTHING");
    move = connection.prepareStatement("UPDATE item SET due = ?, head = ? WHERE id = ?");
    remove = connection.prepareStatement("DELETE FROM item WHERE id = ?");
    clear = connection.prepareStatement("DELETE FROM item WHERE lane = ?");
    due =
        connection.prepareStatement(
            "SELECT id FROM item WHERE lane = ? AND due <= ? ORDER BY due, id");
    item = connection.prepareStatement("SELECT due, head, body FROM item WHERE id = ?");
    next = connection.prepareStatement("SELECT min(due) FROM item WHERE lane = ? AND due > ?");
    lane = connection.prepareStatement("SELECT min(lane) FROM item WHERE lane > ?");
    advance = connection.prepareStatement("UPDATE item SET due = ? WHERE lane = ? AND due > ?");
    this.nextId = nextId;
    nextId.accumulateAndGet(1 + number(highest, 0), Math::max);
  }

  /** Keeps the database about as small as that. */
  static void limit(Connection connection, long bytes) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      long page;
      try (ResultSet rows = statement.executeQuery("PRAGMA page_size")) {
        rows.next();
        page = rows.getLong(1);
      }
      statement.execute("PRAGMA max_page_count = " + Math.max(1, bytes / page));
    }
  }

  void begin() throws SQLException {
    begin.execute();
  }

  /** Makes the transaction durable. */
  void commit() throws SQLException {
    commit.execute();
  }

  /**
   * Takes the transaction back, if SQLite has not done so by itself.
   *
   * @return what goes on from here, for the driver uses no statement well that has failed
   * @throws SQLException if the transaction is still there; then the connection is of no use
   */
  BacklogStatements rollback() throws SQLException {
    boolean done = true;
    try {
      rollback.execute();
    } catch (SQLException e) {
      done = false;
    }
    close();
    BacklogStatements next = new BacklogStatements(connection, nextId);
    if (!done) {
      // Where the transaction is still there, no other can be begun.
      next.begin.execute();
      next.rollback.execute();
    }
    return next;
  }

  /** Names for what the changes add. */
  long[] names(List<Backlog.Change> changes) {
    return changes.stream()
        .filter(Backlog.Change.Add.class::isInstance)
        .mapToLong(one -> nextId.getAndIncrement())
        .toArray();
  }

  /**
   * Makes the changes; when they were made before, nothing is added twice.
   *
   * @param names of what is added, by {@link #names}
   */
  void write(List<Backlog.Change> changes, long[] names) throws SQLException {
    int added = 0;
    for (Backlog.Change change : changes) {
      switch (change) {
        case Backlog.Change.Add(String where, long time, byte[] head, byte[] body) -> {
          add.setLong(1, names[added++]);
          add.setString(2, where);
          add.setLong(3, time);
          add.setBytes(4, head);
          add.setBytes(5, body);
          add.executeUpdate();
        }
        case Backlog.Change.Move(long id, long time, byte[] head) -> {
          move.setLong(1, time);
          move.setBytes(2, head);
          move.setLong(3, id);
          move.executeUpdate();
        }
        case Backlog.Change.Remove(long id) -> {
          remove.setLong(1, id);
          remove.executeUpdate();
        }
        case Backlog.Change.Clear(String where) -> {
          clear.setString(1, where);
          clear.executeUpdate();
        }
      }
    }
  }

  /** Reads items; returns what is to be told of them. */
  Runnable read(
      String where, long until, Set<Long> without, int items, long bytes, Backlog.Found found)
      throws SQLException {
    List<Long> ids = new ArrayList<>();
    due.setString(1, where);
    due.setLong(2, until);
    try (ResultSet rows = due.executeQuery()) {
      // One more than wanted says whether there are more.
      while (ids.size() <= items && rows.next()) {
        long id = rows.getLong(1);
        if (!without.contains(id)) {
          ids.add(id);
        }
      }
    }
    List<Backlog.Item> read = new ArrayList<>();
    long left = bytes;
    for (long id : ids) {
      if (read.size() == items || (left <= 0 && !read.isEmpty())) {
        break;
      }
      Backlog.Item one = item(id, where);
      left -= one.body().length;
      read.add(one);
    }
    boolean more = read.size() < ids.size();
    next.setString(1, where);
    next.setLong(2, until);
    long later = number(next, Backlog.NEVER);
    return () -> found.found(read, more, later);
  }

  private Backlog.Item item(long id, String where) throws SQLException {
    item.setLong(1, id);
    try (ResultSet rows = item.executeQuery()) {
      if (!rows.next()) {
        throw new SQLException("the index names an item that is not there: " + id);
      }
      return new Backlog.Item(id, where, rows.getLong(1), rows.getBytes(2), rows.getBytes(3));
    }
  }

  /** The lanes, from one to the next, which costs nothing for the items that stand in them. */
  List<Backlog.Lane> lanes(long latest) throws SQLException {
    List<Backlog.Lane> lanes = new ArrayList<>();
    for (String name = laneAfter(""); name != null; name = laneAfter(name)) {
      advance.setLong(1, latest);
      advance.setString(2, name);
      advance.setLong(3, latest);
      advance.executeUpdate();
      next.setString(1, name);
      next.setLong(2, Long.MIN_VALUE);
      lanes.add(new Backlog.Lane(name, number(next, Backlog.NEVER)));
    }
    return lanes;
  }

  private @Nullable String laneAfter(String name) throws SQLException {
    lane.setString(1, name);
    try (ResultSet rows = lane.executeQuery()) {
      return rows.next() ? rows.getString(1) : null;
    }
  }

  private static long number(PreparedStatement query, long none) throws SQLException {
    try (ResultSet rows = query.executeQuery()) {
      long number = rows.next() ? rows.getLong(1) : none;
      return rows.wasNull() ? none : number;
    }
  }

  @Override
  public void close() throws SQLException {
    for (PreparedStatement statement :
        List.of(
            begin, commit, rollback, highest, add, move, remove, clear, due, item, next, lane,
            advance)) {
      statement.close();
    }
  }
}
