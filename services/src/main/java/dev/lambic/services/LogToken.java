package dev.lambic.services;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * What a {@code nextToken} says: a gap between two events, and in which direction to go on.
 *
 * <p>Written as AWS does it, {@code f/DIGITS/s} or {@code b/DIGITS/s}.
 *
 * @param position of the first event behind the gap, if there is one
 */
record LogToken(boolean forward, LogPosition position) {
  String text() {
    return (forward ? "f/" : "b/") + position.digits() + "/s";
  }

  /**
   * Reads a token; null stays null.
   *
   * @throws RuntimeException an AWS error if it is none
   */
  static @Nullable LogToken of(@Nullable String text) {
    if (text == null) {
      return null;
    }
    boolean forward = text.startsWith("f/");
    if ((forward || text.startsWith("b/")) && text.endsWith("/s") && text.length() == 60) {
      LogPosition position = LogPosition.ofDigits(text.substring(2, 58));
      if (position != null) {
        return new LogToken(forward, position);
      }
    }
    throw LogErrors.invalidToken();
  }

  /** A token that says with which name, and which time before it, a page of names ended. */
  static String ofName(long time, String name) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((time + " " + name).getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Where a page of names ended.
   *
   * @param time 0 where names are not ordered by time
   */
  record Name(long time, String name) {}

  /** Reads a token of names. */
  static Name name(String text) {
    try {
      String plain = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8);
      int space = plain.indexOf(' ');
      if (space > 0) {
        return new Name(Long.parseLong(plain.substring(0, space)), plain.substring(space + 1));
      }
    } catch (IllegalArgumentException e) {
      throw LogErrors.invalidToken();
    }
    throw LogErrors.invalidToken();
  }
}
