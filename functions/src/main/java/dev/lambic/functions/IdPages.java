package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A page of things that are in the order of their ids. A marker names the last one that was shown,
 * so what comes and goes between two pages neither hides nor repeats others.
 *
 * @param items at most as many as were asked for
 * @param next the marker of the next page; null if there is none
 */
record IdPages<T>(List<T> items, @Nullable String next) {
  /**
   * Cuts the page that begins after the marker.
   *
   * @param wanted how many the caller wants; null for as many as there may be
   * @param limit how many there may be
   */
  static <T> IdPages<T> page(
      List<T> sorted,
      Function<T, String> id,
      @Nullable String marker,
      @Nullable Integer wanted,
      int limit) {
    List<T> items = new ArrayList<>(sorted);
    if (marker != null && !marker.isEmpty()) {
      String last = decode(marker);
      items.removeIf(item -> id.apply(item).compareTo(last) <= 0);
    }
    int size = wanted == null ? limit : Math.min(wanted, limit);
    if (items.size() <= size) {
      return new IdPages<>(items, null);
    }
    items.subList(size, items.size()).clear();
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
