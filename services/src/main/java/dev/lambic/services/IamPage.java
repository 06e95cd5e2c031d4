package dev.lambic.services;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One page of a sorted list.
 *
 * @param marker of the next page, or null if this is the last
 */
record IamPage<T>(List<T> items, @Nullable String marker) {
  private static final int STANDARD = 100;

  /**
   * Cuts a page.
   *
   * @param all sorted by the key
   * @param marker of an earlier page, or null for the first
   * @param max items, or null for as many as IAM gives
   */
  static <T> IamPage<T> of(
      List<T> all, Function<T, String> key, @Nullable String marker, @Nullable Integer max) {
    String after = marker == null ? "" : read(marker);
    List<T> rest =
        marker == null
            ? all
            : all.stream().filter(item -> key.apply(item).compareTo(after) > 0).toList();
    int size = max == null ? STANDARD : max;
    if (rest.size() <= size) {
      return new IamPage<>(rest, null);
    }
    List<T> page = rest.subList(0, size);
    String last = key.apply(page.getLast());
    return new IamPage<>(
        page, Base64.getUrlEncoder().encodeToString(last.getBytes(StandardCharsets.UTF_8)));
  }

  private static String read(String marker) {
    try {
      return new String(Base64.getUrlDecoder().decode(marker), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw IamErrors.invalidMarker();
    }
  }

  boolean truncated() {
    return marker != null;
  }
}
