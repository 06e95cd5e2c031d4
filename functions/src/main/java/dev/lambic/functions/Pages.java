package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Cuts lists into pages. A marker names the last item that was shown, so items that come and go
 * between two pages neither hide nor repeat others.
 */
final class Pages {
  /** More is never given at once, whatever the caller asks for. */
  static final int MAX_ITEMS = 50;

  private Pages() {}

  /**
   * One page.
   *
   * @param next the marker of the page that follows; null if this is the last one
   */
  record Page<T>(List<T> items, @Nullable String next) {}

  /**
   * A page of no more items than the caller wants.
   *
   * @param items those behind the marker; no more are taken than are shown, but for one
   * @param wanted null for as many as there may be
   * @param name by which {@link #last} finds the item again
   */
  static <T> Page<T> cut(
      Iterable<? extends T> items, @Nullable Integer wanted, Function<T, String> name) {
    int size = wanted == null ? MAX_ITEMS : Math.min(wanted, MAX_ITEMS);
    Iterator<? extends T> from = items.iterator();
    List<T> page = new ArrayList<>();
    while (page.size() < size && from.hasNext()) {
      page.add(from.next());
    }
    return new Page<>(page, from.hasNext() ? encode(name.apply(page.getLast())) : null);
  }

  private static String encode(String name) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(name.getBytes(UTF_8));
  }

  /**
   * The name in a marker.
   *
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException for what is no marker
   */
  static String last(String marker) {
    try {
      return new String(Base64.getUrlDecoder().decode(marker), UTF_8);
    } catch (IllegalArgumentException e) {
      throw invalid(e);
    }
  }

  /** The number that is the name in a marker. */
  static long lastNumber(String marker) {
    try {
      return Long.parseUnsignedLong(last(marker));
    } catch (NumberFormatException e) {
      throw invalid(e);
    }
  }

  static RuntimeException invalid(@Nullable Exception cause) {
    RuntimeException error = Errors.invalid("Invalid marker");
    if (cause != null) {
      error.addSuppressed(cause);
    }
    return error;
  }
}
