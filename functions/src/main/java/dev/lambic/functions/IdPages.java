package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A page of things that are in the order of their ids. A marker names the last one that was shown,
 * so what comes and goes between two pages neither hides nor repeats others.
 *
 * @param items at most as many as were asked for
 * @param next the marker of the next page; null if there is none
 */
record IdPages<T>(List<T> items, @Nullable String next) {
  /** The id after which the page of the marker begins; null for the first page. */
  static @Nullable String after(@Nullable String marker) {
    return marker == null || marker.isEmpty() ? null : decode(marker);
  }

  /**
   * Cuts the page that begins with the stream, of which no more is looked at than needed.
   *
   * @param sorted what comes after the marker, in the order of the ids
   * @param wanted how many the caller wants; null for as many as there may be
   * @param limit how many there may be
   */
  static <T> IdPages<T> page(
      Stream<T> sorted, Function<T, String> id, @Nullable Integer wanted, int limit) {
    int size = wanted == null ? limit : Math.min(wanted, limit);
    List<T> items = new ArrayList<>(sorted.limit(size + 1L).toList());
    if (items.size() <= size) {
      return new IdPages<>(items, null);
    }
    items.removeLast();
    String next =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(id.apply(items.getLast()).getBytes(UTF_8));
    return new IdPages<>(items, next);
  }

  private static String decode(String marker) {
    try {
      return new String(Base64.getUrlDecoder().decode(marker), UTF_8);
    } catch (IllegalArgumentException e) {
      RuntimeException error = Errors.invalid("Invalid marker");
      error.addSuppressed(e);
      throw error;
    }
  }
}
