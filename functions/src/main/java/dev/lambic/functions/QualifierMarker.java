package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Markers of pages of what hangs on a function's versions and aliases. A marker names the last
 * qualifier that was shown, so what comes and goes between two pages neither hides nor repeats
 * others.
 */
final class QualifierMarker {
  /** More is never given at once. */
  static final int MAX_ITEMS = 50;

  private QualifierMarker() {}

  static String encode(String last) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(last.getBytes(UTF_8));
  }

  /** The qualifier after which the page begins; before all others if there is no marker. */
  static String decode(@Nullable String marker) {
    if (marker == null || marker.isEmpty()) {
      return "";
    }
    try {
      return new String(Base64.getUrlDecoder().decode(marker), UTF_8);
    } catch (IllegalArgumentException e) {
      RuntimeException error = Errors.invalid("Invalid marker");
      error.addSuppressed(e);
      throw error;
    }
  }
}
