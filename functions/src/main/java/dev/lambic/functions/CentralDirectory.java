package dev.lambic.functions;

import java.io.IOException;
import java.io.InputStream;

/** The table at the end of a zip file, which readers load whole. */
final class CentralDirectory {
  private static final int ENTRY = 'P' << 24 | 'K' << 16 | 1 << 8 | 2;

  private CentralDirectory() {}

  /**
   * How many entries a reader can find at most, whatever the file says about itself.
   *
   * <p>Each entry of the table begins with the bytes {@code PK 1 2}, so counting those bounds the
   * memory that a reader needs before it allocates any. Stored archives inside count too.
   */
  static int possibleEntries(InputStream zip) throws IOException {
    int count = 0;
    int last = 0;
    byte[] piece = new byte[1 << 16];
    for (int length = zip.read(piece); length >= 0; length = zip.read(piece)) {
      for (int i = 0; i < length; i++) {
        last = last << 8 | (piece[i] & 0xff);
        if (last == ENTRY) {
          count++;
        }
      }
    }
    return count;
  }
}
