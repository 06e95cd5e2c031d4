package dev.lambic.functions;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the table at the end of a zip file can hold at most, whatever the file says about itself.
 *
 * <p>Readers load the table whole. Each of its entries begins with the bytes {@code PK 1 2} and
 * says how long its texts are, so adding up wherever these bytes are found bounds the memory that a
 * reader needs before it allocates any. Stored archives inside count too.
 *
 * @param entries how many there are
 * @param textBytes of their names and comments
 * @param extraBytes of their extra fields, of which each may be four bytes and costs many more
 */
record CentralDirectory(int entries, long textBytes, long extraBytes) {
  private static final int ENTRY = 0x02014b50;
  private static final int NAME_LENGTH = 28;
  private static final int EXTRA_LENGTH = 30;
  private static final int COMMENT_LENGTH = 32;

  /** What of an entry is looked at. */
  private static final int BEGIN = 34;

  /** Looks through a whole zip file. */
  static CentralDirectory atMost(InputStream zip) throws IOException {
    int entries = 0;
    long text = 0;
    long extra = 0;
    byte[] piece = new byte[1 << 16];
    ByteBuffer view = ByteBuffer.wrap(piece).order(ByteOrder.LITTLE_ENDIAN);
    int held = 0;
    for (int n = zip.read(piece); n >= 0; n = zip.read(piece, held, piece.length - held)) {
      held += n;
      int at = 0;
      // Every place counts: what looks like an entry may lie in the begin of another one.
      for (; at + BEGIN <= held; at++) {
        if (view.getInt(at) == ENTRY) {
          entries++;
          text += unsigned(view, at + NAME_LENGTH) + unsigned(view, at + COMMENT_LENGTH);
          extra += unsigned(view, at + EXTRA_LENGTH);
        }
      }
      held -= at;
      System.arraycopy(piece, at, piece, 0, held);
    }
    return new CentralDirectory(entries, text, extra);
  }

  private static int unsigned(ByteBuffer view, int at) {
    return Short.toUnsignedInt(view.getShort(at));
  }
}
