package dev.lambic.images;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The name of a content.
 *
 * @param hex its SHA-256, 64 lower-case digits
 */
public record Digest(String hex) {
  private static final String PREFIX = "sha256:";
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  public Digest {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException("no digest: " + hex);
    }
  }

  static boolean isDigest(String text) {
    return text.startsWith(PREFIX) && HEX.matcher(text.substring(PREFIX.length())).matches();
  }

  /** Reads {@code sha256:...}; other algorithms are refused. */
  static Digest parse(String text) {
    if (!isDigest(text)) {
      throw new ImageException(
          ImageException.Reason.UNSUPPORTED,
          "The digest " + Json.shortened(text) + " is no SHA-256.");
    }
    return new Digest(text.substring(PREFIX.length()));
  }

  static Digest of(byte[] content) {
    return new Digest(HexFormat.of().formatHex(sha256().digest(content)));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** With the algorithm before it. */
  @Override
  public String toString() {
    return PREFIX + hex;
  }
}
