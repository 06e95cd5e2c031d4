package dev.lambic.functions;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a function, its versions and its aliases have beside their configurations, by kind and by
 * qualifier. Immutable; every change makes another one.
 *
 * @param byKind the values by qualifier; what hangs on the function itself is under {@link
 *     #FUNCTION}. Each value is of its kind's type
 */
record Attachments(Map<Kind<?>, SortedMap<String, Object>> byKind) {
  /** In place of a qualifier, for what belongs to the function as a whole. */
  static final String FUNCTION = "";

  /** Nothing at all. */
  static final Attachments NONE = new Attachments(Map.of());

  /** Copies the maps. */
  Attachments {
    Map<Kind<?>, SortedMap<String, Object>> copies = new HashMap<>();
    byKind.forEach((kind, values) -> {
      if (!values.isEmpty()) {
        copies.put(kind, Collections.unmodifiableSortedMap(new TreeMap<>(values)));
      }
    });
    byKind = Map.copyOf(copies);
  }

  /** What the qualifier has of the kind, or null. */
  <T> @Nullable T get(Kind<T> kind, String qualifier) {
    return all(kind).get(qualifier);
  }

  /** What there is of the kind, in the order of the qualifiers. */
  @SuppressWarnings("unchecked") // with() is the only way in, and lets only the kind's type pass
  <T> SortedMap<String, T> all(Kind<T> kind) {
    SortedMap<String, Object> values = byKind.get(kind);
    return values == null ? Collections.emptySortedMap() : (SortedMap<String, T>) (Object) values;
  }

  /** With the value instead of what the qualifier had of the kind. */
  <T> Attachments with(Kind<T> kind, String qualifier, T value) {
    SortedMap<String, Object> values = new TreeMap<>(all(kind));
    values.put(qualifier, value);
    return replaced(kind, values);
  }

  /** Without what the qualifier has of the kind, if anything. */
  Attachments without(Kind<?> kind, String qualifier) {
    SortedMap<String, Object> values = new TreeMap<>(all(kind));
    return values.remove(qualifier) == null ? this : replaced(kind, values);
  }

  /** Without all that a version or an alias has. */
  Attachments withoutQualifier(String qualifier) {
    Attachments after = this;
    for (Kind<?> kind : byKind.keySet()) {
      after = after.without(kind, qualifier);
    }
    return after;
  }

  private Attachments replaced(Kind<?> kind, SortedMap<String, Object> values) {
    Map<Kind<?>, SortedMap<String, Object>> changed = new HashMap<>(byKind);
    changed.put(kind, values);
    return new Attachments(changed);
  }
}
