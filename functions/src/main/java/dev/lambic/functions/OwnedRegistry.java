package dev.lambic.functions;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.store.Records;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The resources of one kind: decides changes one at a time, writes them, then shows them.
 *
 * <p>Readers see immutable values without any lock. One lock for the whole kind, for a decision may
 * depend on all of it. Safe for use by many threads.
 *
 * @param <T> immutable, with a sensible {@code equals}
 */
final class OwnedRegistry<T> {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** How the values are kept. */
  interface Form<T> {
    byte[] encode(T value);

    T decode(OwnedKey key, byte[] bytes);
  }

  private final Records records;
  private final String kind;
  private final Form<T> form;
  private final ConcurrentNavigableMap<OwnedKey, T> values =
      new ConcurrentSkipListMap<>(OwnedKey.ORDER);
  private final ReentrantLock lock = new ReentrantLock(true);

  private OwnedRegistry(Records records, String kind, Form<T> form) {
    this.records = records;
    this.kind = kind;
    this.form = form;
  }

  /**
   * Loads all there is.
   *
   * @param kind of the records in the store; never changed
   */
  static <T> OwnedRegistry<T> open(Records records, String kind, Form<T> form) {
    OwnedRegistry<T> registry = new OwnedRegistry<>(records, kind, form);
    for (Records.Entry entry : records.transaction(in -> List.copyOf(in.scan(kind)))) {
      OwnedKey key = OwnedKey.ofRecordKey(entry.key());
      registry.values.put(key, form.decode(key, entry.value()));
    }
    return registry;
  }

  /** The resource as it is now, or null. */
  @Nullable T find(OwnedKey key) {
    return values.get(key);
  }

  /** The keys of everybody's. */
  List<OwnedKey> keys() {
    return List.copyOf(values.keySet());
  }

  /**
   * Those of an account in a region, in the order of their ids.
   *
   * @param after the id after which to begin; null to begin with the first
   */
  Stream<T> list(String account, String region, @Nullable String after) {
    return values
        .tailMap(new OwnedKey(account, region, after == null ? "" : after), false)
        .entrySet()
        .stream()
        .takeWhile(e -> e.getKey().account().equals(account) && e.getKey().region().equals(region))
        .map(Map.Entry::getValue);
  }

  /**
   * Changes a resource.
   *
   * @param decision from the current value, null if there is none, to the next, null to delete it;
   *     may throw to refuse, and may return the same value to change nothing; nothing of the kind
   *     changes while it decides
   * @return what the decision returned, durable and visible
   */
  @Nullable T change(OwnedKey key, Decision<T> decision) {
    acquire();
    try {
      T before = values.get(key);
      T after = decision.decide(before);
      if (!Objects.equals(after, before)) {
        byte @Nullable [] bytes = after == null ? null : form.encode(after);
        records.transaction(in -> {
          if (bytes == null) {
            in.delete(kind, key.recordKey());
          } else {
            in.put(kind, key.recordKey(), bytes);
          }
          return null;
        });
        if (after == null) {
          values.remove(key);
        } else {
          values.put(key, after);
        }
      }
      return after;
    } finally {
      lock.unlock();
    }
  }

  /** Decides what becomes of a resource. */
  @FunctionalInterface
  interface Decision<T> {
    @Nullable T decide(@Nullable T before);
  }

  private void acquire() {
    try {
      if (lock.tryLock(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LambicException(
          "ServiceException", Blame.PLATFORM, "The server is being stopped.", e);
    }
    throw new LambicException(
        "TooManyRequestsException", Blame.CAPACITY, "Too many changes of " + kind + "s wait.");
  }
}
