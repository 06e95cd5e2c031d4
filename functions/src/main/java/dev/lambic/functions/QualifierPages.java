package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Pages of what the qualifiers of one function have. A marker names the last qualifier that was
 * shown, so those that come and go between two pages neither hide nor repeat others.
 *
 * @param items of this page
 * @param next the marker of the next page; null if there is none
 */
record QualifierPages<T>(List<T> items, @Nullable String next) {
  /** More is never given at once, whatever the caller asks for. */
  private static final int MAX_ITEMS = 50;

  static <T> QualifierPages<T> page(
      SortedMap<String, T> all, @Nullable String marker, @Nullable Integer wanted) {
    int size = wanted == null ? MAX_ITEMS : Math.min(wanted, MAX_ITEMS);
    String after = marker == null ? null : decode(marker);
    List<T> items = new ArrayList<>();
    String last = "";
    for (Map.Entry<String, T> entry : all.entrySet()) {
      if (after != null && entry.getKey().compareTo(after) <= 0) {
        continue;
      }
      if (items.size() == size) {
        return new QualifierPages<>(items, encode(last));
      }
      items.add(entry.getValue());
      last = entry.getKey();
    }
    return new QualifierPages<>(items, null);
  }

  private static String encode(String qualifier) {
    // The function itself has no qualifier, and an empty marker would mean the beginning.
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((":" + qualifier).getBytes(UTF_8));
  }

  private static String decode(String marker) {
    try {
      String text = new String(Base64.getUrlDecoder().decode(marker), UTF_8);
      if (text.startsWith(":")) {
        return text.substring(1);
      }
    } catch (IllegalArgumentException e) {
      RuntimeException error = Errors.invalid("Invalid marker");
      error.addSuppressed(e);
      throw error;
    }
    throw Errors.invalid("Invalid marker");
  }
}
