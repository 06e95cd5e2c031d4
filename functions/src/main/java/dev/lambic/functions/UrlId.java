package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The first part of the host of a function URL: the same whenever the same URL is made again. */
final class UrlId {
  private static final String DIGITS = "abcdefghijklmnopqrstuvwxyz234567";
  private static final int LENGTH = 32;

  private UrlId() {}

  /**
   * The id of a function's or alias's URL.
   *
   * @param alias empty for the function itself
   */
  static String of(FunctionKey key, String alias) {
    byte[] digest = digest("lambic url 1\n" + key.recordKey() + "\n" + alias);
    StringBuilder id = new StringBuilder(LENGTH);
    for (int i = 0; i < LENGTH; i++) {
      // One byte for each digit wastes bits, of which there are enough for this many.
      id.append(DIGITS.charAt(digest[i] & 31));
    }
    return id.toString();
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
