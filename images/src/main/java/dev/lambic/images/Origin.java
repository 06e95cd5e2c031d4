package dev.lambic.images;

import java.io.IOException;
import java.io.InputStream;

/** Gives the parts of one image. Used by one thread, and closed by it. */
interface Origin extends AutoCloseable {
  /**
   * The bytes of a manifest or of a list of manifests, and the media type that they were said to
   * have.
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Found(byte[] bytes, String mediaType) {}

  /** What manifests and configurations may have of bytes. */
  int MAX_DOCUMENT = 4 << 20;

  /**
   * The manifest that is asked for.
   *
   * @param wanted what the user named
   */
  Found manifest(ImageReference wanted) throws IOException;

  /** The manifest of a digest. */
  Found manifest(Digest digest) throws IOException;

  /** A blob, of whose bytes nothing is checked yet. */
  InputStream blob(Descriptor blob) throws IOException;

  @Override
  void close() throws IOException;

  /** All of a document. */
  static byte[] document(InputStream in) throws IOException {
    try (in) {
      byte[] bytes = in.readNBytes(MAX_DOCUMENT + 1);
      if (bytes.length > MAX_DOCUMENT) {
        throw new ImageException(
            ImageException.Reason.INVALID,
            "A manifest or configuration is larger than " + MAX_DOCUMENT + " bytes.");
      }
      return bytes;
    }
  }
}
