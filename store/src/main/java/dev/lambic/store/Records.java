package dev.lambic.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Durable records: bytes under a kind and a key.
 *
 * <p>The contract, which every implementation passes as one test class: transactions happen one
 * after the other; when {@link #transaction} returns, what it wrote survives the loss of power;
 * when it throws, nothing of it remains. Meant for control-plane state that is read whole at start
 * and kept in memory, so there is no query language. Safe for use by many threads.
 */
public interface Records extends AutoCloseable {
  /**
   * Runs the work as one transaction and waits until it is durable.
   *
   * <p>The work runs on the store's own thread, together with the work of others; it must be short,
   * do no I/O of its own and not start another transaction.
   *
   * @return what the work returned
   * @throws dev.lambic.kernel.LambicException if the store fails, is closed or does not answer in
   *     time
   * @throws RuntimeException what the work threw; then nothing was written
   */
  <T extends @Nullable Object> T transaction(Work<T> work);

  /**
   * What is wrong with the store now, for people; null if nothing is known to be. It goes on by
   * itself when it can; until then transactions fail.
   */
  @Nullable String trouble();

  /** Waits for running transactions and releases the store. Idempotent. */
  @Override
  void close();

  /** What to do in a transaction. */
  @FunctionalInterface
  interface Work<T extends @Nullable Object> {
    /** Reads and writes through {@code in}, which is of no use after the return. */
    T run(Transaction in);
  }

  /** Access to the records, for the thread that runs the work only. */
  interface Transaction {
    /** The value, or null if there is no such record. */
    byte @Nullable [] get(String kind, String key);

    /** Writes the value, replacing one that is there. */
    void put(String kind, String key, byte[] value);

    /** Whether there was such a record; there is none afterwards. */
    boolean delete(String kind, String key);

    /** All records of the kind in the order of their keys' UTF-8 bytes. */
    List<Entry> scan(String kind);
  }

  /** One record of a kind. The array belongs to the receiver. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Entry(String key, byte[] value) {}
}
