package dev.lambic.wire;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Looks at a body while it passes by, and refuses one that is not what was signed. */
interface BodyCheck {
  /**
   * Looks at the next bytes.
   *
   * @throws dev.lambic.kernel.LambicException if they are not what was signed
   */
  void bytes(byte[] bytes, int from, int length);

  /**
   * Looks at the whole, which is over.
   *
   * @throws dev.lambic.kernel.LambicException if it is not what was signed
   */
  void end();

  /** Takes everything. */
  static BodyCheck none() {
    return new BodyCheck() {
      @Override
      public void bytes(byte[] bytes, int from, int length) {}

      @Override
      public void end() {}
    };
  }

  /** Takes the body with this SHA-256 only, in hexadecimal digits. */
  static BodyCheck sha256(String wanted) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    return new BodyCheck() {
      @Override
      public void bytes(byte[] bytes, int from, int length) {
        digest.update(bytes, from, length);
      }

      @Override
      public void end() {
        if (!HexFormat.of().formatHex(digest.digest()).equals(wanted)) {
          throw SignatureErrors.bodyHash();
        }
      }
    };
  }
}
