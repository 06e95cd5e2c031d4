package dev.lambic.store;

/**
 * The name of a blob, which is its content's digest.
 *
 * @param sha256 sixty-four hexadecimal digits in lower case
 * @param size in bytes
 */
public record BlobId(String sha256, long size) {
  private static final int DIGITS = 64;

  /** Refuses what is not a digest, so that an id is safe as a file name. */
  public BlobId {
    if (!isSha256(sha256)) {
      throw new IllegalArgumentException("not a SHA-256 in lower-case hexadecimal: " + sha256);
    }
    if (size < 0) {
      throw new IllegalArgumentException("negative size");
    }
  }

  /** Whether the text is a SHA-256 in the form that ids have. */
  public static boolean isSha256(String text) {
    return text.length() == DIGITS
        && text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }
}
