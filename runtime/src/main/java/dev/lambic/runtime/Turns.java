package dev.lambic.runtime;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be done, for several owners who take turns, so that one who wants much delays
 * others by one piece of work at most. Not safe for use by many threads.
 */
final class Turns<T> {
  private final int maxOfOwner;
  private final int maxOfAll;
  private final Map<String, Map<String, T>> owners = new LinkedHashMap<>();
  private int size;

  /** What is more than this is not taken. */
  Turns(int maxOfOwner, int maxOfAll) {
    this.maxOfOwner = maxOfOwner;
    this.maxOfAll = maxOfAll;
  }

  /**
   * Has it wait, unless that owner's of this name does or there are too many; whether it does now.
   */
  boolean add(String owner, String name, T what) {
    Map<String, T> of = owners.getOrDefault(owner, Map.of());
    if (size >= maxOfAll || of.size() >= maxOfOwner || of.containsKey(name)) {
      return false;
    }
    owners.computeIfAbsent(owner, key -> new LinkedHashMap<>()).put(name, what);
    size++;
    return true;
  }

  /** Whose turn it is; stays there until {@link #done}. Null if nothing waits. */
  @Nullable T next() {
    Iterator<Map<String, T>> first = owners.values().iterator();
    return first.hasNext() ? first.next().values().iterator().next() : null;
  }

  /** Waits no more, and the others come before the rest of this owner's. */
  void done(String owner, String name) {
    Map<String, T> of = owners.remove(owner);
    if (of == null) {
      return;
    }
    if (of.remove(name) != null) {
      size--;
    }
    if (!of.isEmpty()) {
      owners.put(owner, of);
    }
  }

  boolean isEmpty() {
    return size == 0;
  }
}
