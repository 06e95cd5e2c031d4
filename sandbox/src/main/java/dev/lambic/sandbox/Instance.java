package dev.lambic.sandbox;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The short name that tells the servers on one host apart, derived from their directories. */
final class Instance {
  private Instance() {}

  static String of(Path directory) {
    return HexFormat.of().formatHex(digest(directory.normalize().toString()), 0, 5);
  }

  /** Sixteen bits of the text's digest. */
  static int hash16(String text) {
    byte[] digest = digest(text);
    return (digest[0] & 0xff) << 8 | (digest[1] & 0xff);
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
