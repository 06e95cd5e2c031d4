package dev.lambic.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * HTTP header fields in the order they were added; names compare without regard to case.
 *
 * <p>Small and linear, for messages carry a handful of fields. Not safe for use by several threads
 * at once.
 */
public final class Headers {
  private final List<String> names = new ArrayList<>();
  private final List<String> values = new ArrayList<>();

  /** No fields. */
  public static Headers empty() {
    return new Headers();
  }

  /** Fields from name and value in turn. */
  public static Headers of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException("a name without a value");
    }
    Headers headers = new Headers();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.add(namesAndValues[i], namesAndValues[i + 1]);
    }
    return headers;
  }

  /** Adds a field beside any of the same name. */
  public Headers add(String name, String value) {
    names.add(name);
    values.add(value);
    return this;
  }

  /** Replaces all fields of the name by one. */
  public Headers set(String name, String value) {
    remove(name);
    return add(name, value);
  }

  /** Removes all fields of the name. */
  public Headers remove(String name) {
    for (int i = names.size() - 1; i >= 0; i--) {
      if (names.get(i).equalsIgnoreCase(name)) {
        names.remove(i);
        values.remove(i);
      }
    }
    return this;
  }

  /** The first value of the name, or null. */
  public @Nullable String get(String name) {
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).equalsIgnoreCase(name)) {
        return values.get(i);
      }
    }
    return null;
  }

  /** Every value of the name, in order. */
  public List<String> all(String name) {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).equalsIgnoreCase(name)) {
        found.add(values.get(i));
      }
    }
    return found;
  }

  /** Whether a field of the name is present. */
  public boolean has(String name) {
    return get(name) != null;
  }

  /** Calls back once per field, in order. */
  public void forEach(BiConsumer<? super String, ? super String> action) {
    for (int i = 0; i < names.size(); i++) {
      action.accept(names.get(i), values.get(i));
    }
  }

  /** The number of fields. */
  public int size() {
    return names.size();
  }

  /** What they hold of memory, in bytes. */
  int bytes() {
    int bytes = RequestDecoder.FIELD_BYTES * names.size();
    for (int i = 0; i < names.size(); i++) {
      bytes += names.get(i).length() + values.get(i).length();
    }
    return bytes;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    forEach((name, value) ->
        text.append(name.toLowerCase(Locale.ROOT)).append(": ").append(value).append('\n'));
    return text.toString();
  }
}
