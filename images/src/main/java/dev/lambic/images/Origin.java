package dev.lambic.images;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

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

  /** All of a document of this machine. */
  static byte[] document(InputStream in) throws IOException {
    return document(in, Patience.STANDARD);
  }

  /** All of a document, which must come soon. */
  static byte[] document(InputStream in, Patience patience) throws IOException {
    try (in) {
      Deadline deadline = Deadline.closing(in, patience.document());
      byte[] bytes;
      try {
        bytes = in.readNBytes(MAX_DOCUMENT + 1);
      } catch (IOException e) {
        // A connection that breaks says nothing about the image.
        throw unavailable("A manifest or configuration did not come whole: " + e.getMessage(), e);
      } finally {
        deadline.cancel();
      }
      if (deadline.isOver()) {
        throw unavailable("A manifest or configuration did not come in time.", null);
      }
      if (bytes.length > MAX_DOCUMENT) {
        throw new ImageException(
            ImageException.Reason.INVALID,
            "A manifest or configuration is larger than " + MAX_DOCUMENT + " bytes.");
      }
      return bytes;
    }
  }

  private static ImageException unavailable(String message, @Nullable IOException cause) {
    return new ImageException(ImageException.Reason.UNAVAILABLE, message, cause);
  }
}
