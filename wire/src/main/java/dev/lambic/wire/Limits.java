package dev.lambic.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the service model demands of a shape that is no structure.
 *
 * @param min least value, or length of a text, blob, list or map
 * @param max greatest value or length
 * @param pattern of the whole text
 * @param values of an enumeration, in AWS's order; empty where it is none
 * @param member shape of a list's elements; empty where nothing is demanded of them
 * @param key shape of a map's keys, likewise
 * @param value shape of a map's values, likewise
 * @param notNull whether elements or values may not be null
 * @param number whether min and max are values
 * @param sensitive whether the value is kept out of messages
 */
record Limits(
    @Nullable String min,
    @Nullable String max,
    @Nullable Regex pattern,
    List<String> values,
    String member,
    String key,
    String value,
    boolean notNull,
    boolean number,
    boolean sensitive) {

  /** No demands. */
  static final Limits NONE =
      new Limits(null, null, null, List.of(), "", "", "", false, false, false);
}
