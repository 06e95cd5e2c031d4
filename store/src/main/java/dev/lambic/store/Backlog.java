package dev.lambic.store;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Durable items, each of which becomes due at a time, in lanes that know nothing of each other.
 *
 * <p>Meant for many more items than fit into memory: nothing of them is kept there, and a lane is
 * read piece by piece in the order in which its items become due. Changes and reads take effect in
 * the order in which they were asked for. Every method but {@link #lanes}, {@link #trouble} and
 * {@link #close} returns at once; what came of it is told later, in the same order, on the threads
 * of the executor that the backlog was opened with. Safe for use by many threads.
 */
public interface Backlog extends AutoCloseable {
  /** No item is due at this time. */
  long NEVER = Long.MAX_VALUE;

  /**
   * One item.
   *
   * @param id names it among all that exist and among all that this backlog has given out since it
   *     was opened
   * @param lane where it stands
   * @param due from when on it may be read, in milliseconds since 1970
   * @param head what may change of its content
   * @param body what never changes of it
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Item(long id, String lane, long due, byte[] head, byte[] body) {}

  /** One change of the items. */
  sealed interface Change {
    /** A new item. */
    @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
    record Add(String lane, long due, byte[] head, byte[] body) implements Change {}

    /** The item becomes due at another time, with another head; nothing if it is not there. */
    @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
    record Move(long id, long due, byte[] head) implements Change {}

    /** The item is no more; nothing if it is not there. */
    record Remove(long id) implements Change {}

    /** All items of a lane are no more. */
    record Clear(String lane) implements Change {}
  }

  /** Learns what became of changes; must not block. */
  interface Written {
    /**
     * All of them survive the loss of power from now on.
     *
     * @param added the names of those that were added, in their order
     */
    void done(long[] added);

    /** None of them was made. */
    void failed(StoreException why);
  }

  /** Learns what was read; must not block. */
  interface Found {
    /**
     * Items that are due.
     *
     * @param items in the order in which they became due; of one time in the order of their making
     * @param more whether there are more that are due
     * @param next when the next one becomes due that is not yet, or {@link #NEVER}
     */
    void found(List<Item> items, boolean more, long next);

    /** They cannot be read. */
    void failed(StoreException why);
  }

  /** A lane that has items, and when the first of them is due. */
  record Lane(String name, long due) {}

  /** Makes all changes or none. */
  void write(List<Change> changes, Written told);

  /**
   * Reads items of a lane that are due.
   *
   * @param until those that are due at this time, or were before
   * @param without items that are not wanted; not changed afterwards
   * @param items how many at most
   * @param bytes how many of bodies at most, but for the first item, which is given anyway
   */
  void read(String lane, long until, Set<Long> without, int items, long bytes, Found told);

  /**
   * All lanes that have items; waits for that.
   *
   * @param latest what is due later than this is due at this time from now on, for the clock may
   *     have been set back since it was written
   * @throws StoreException if they cannot be read
   */
  List<Lane> lanes(long latest);

  /**
   * What is wrong with it now, for people; null if nothing is known to be. It goes on by itself
   * when it can; until then changes and reads fail.
   */
  @Nullable String trouble();

  /** Makes the changes that were asked for, then releases the backlog. Idempotent. */
  @Override
  void close();
}
