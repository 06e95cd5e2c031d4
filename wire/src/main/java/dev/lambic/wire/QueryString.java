package dev.lambic.wire;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The parameters of a raw query, decoded, in their order. Immutable. */
final class QueryString {
  private static final QueryString EMPTY = new QueryString(List.of());

  private record Pair(String name, String value) {}

  private final List<Pair> pairs;

  private QueryString(List<Pair> pairs) {
    this.pairs = pairs;
  }

  static QueryString parse(String raw) {
    if (raw.isEmpty()) {
      return EMPTY;
    }
    List<Pair> pairs = new ArrayList<>();
    int start = 0;
    while (start <= raw.length()) {
      int end = raw.indexOf('&', start);
      if (end < 0) {
        end = raw.length();
      }
      if (end > start) {
        int equals = raw.indexOf('=', start);
        String name = raw.substring(start, equals < 0 || equals > end ? end : equals);
        String value = equals < 0 || equals > end ? "" : raw.substring(equals + 1, end);
        pairs.add(new Pair(Percent.decode(name, true), Percent.decode(value, true)));
      }
      start = end + 1;
    }
    return new QueryString(pairs);
  }

  @Nullable String get(String name) {
    for (Pair pair : pairs) {
      if (pair.name.equals(name)) {
        return pair.value;
      }
    }
    return null;
  }

  List<String> all(String name) {
    List<String> found = new ArrayList<>();
    for (Pair pair : pairs) {
      if (pair.name.equals(name)) {
        found.add(pair.value);
      }
    }
    return found;
  }

  /** The first value of a name in a raw query, or null; the rest is not decoded. */
  static @Nullable String find(String raw, String name) {
    int start = 0;
    while (start < raw.length()) {
      int end = raw.indexOf('&', start);
      if (end < 0) {
        end = raw.length();
      }
      int equals = raw.indexOf('=', start);
      int stop = equals < 0 || equals > end ? end : equals;
      // An escape makes three characters of one.
      if (stop - start <= 3 * name.length()
          && Percent.decode(raw.substring(start, stop), true).equals(name)) {
        return stop == end ? "" : Percent.decode(raw.substring(stop + 1, end), true);
      }
      start = end + 1;
    }
    return null;
  }

  /** The distinct names with the first value of each, in their order. */
  Map<String, String> firsts() {
    Map<String, String> firsts = new LinkedHashMap<>();
    pairs.forEach(pair -> firsts.putIfAbsent(pair.name, pair.value));
    return firsts;
  }

  /** The distinct names, in their order. */
  List<String> names() {
    return pairs.stream().map(Pair::name).distinct().toList();
  }

  /** As a signature covers it: encoded anew, sorted, without the one parameter. */
  String canonical(@Nullable String without) {
    List<Pair> encoded = new ArrayList<>(pairs.size());
    for (Pair pair : pairs) {
      if (!Objects.equals(pair.name, without)) {
        encoded.add(new Pair(encode(pair.name), encode(pair.value)));
      }
    }
    encoded.sort(Comparator.comparing(Pair::name).thenComparing(Pair::value));
    StringBuilder out = new StringBuilder();
    for (Pair pair : encoded) {
      if (!out.isEmpty()) {
        out.append('&');
      }
      out.append(pair.name).append('=').append(pair.value);
    }
    return out.toString();
  }

  private static String encode(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    Percent.encode(text, false, out);
    return out.toString();
  }
}
