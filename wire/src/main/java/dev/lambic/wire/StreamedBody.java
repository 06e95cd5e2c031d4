package dev.lambic.wire;

import dev.lambic.kernel.LambicException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request while it arrives. It is checked in passing, so its end is only seen of one
 * that is what its sender signed; nor are the last bytes where its length was announced.
 *
 * <p>For use by one thread at a time.
 */
public final class StreamedBody extends InputStream {
  private final InputStream source;
  private final BodyCheck check;
  private final long length;
  private volatile @Nullable LambicException refusal;
  private long seen;
  private boolean ended;

  StreamedBody(InputStream source, long length, BodyCheck check) {
    this.source = source;
    this.length = length;
    this.check = check;
  }

  /** What its sender announced, in bytes; -1 if nothing. */
  public long length() {
    return length;
  }

  /** What the sender is to be told, once reading has failed because of what came; else null. */
  public @Nullable LambicException refusal() {
    return refusal;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /**
   * Waits for the next bytes.
   *
   * @throws IOException if the sender is gone, or sent something else than it signed
   */
  @Override
  public int read(byte[] into, int from, int most) throws IOException {
    if (ended) {
      return -1;
    }
    int count = source.read(into, from, most);
    try {
      if (count > 0) {
        check.bytes(into, from, count);
        seen += count;
        if (seen == length) {
          // Whoever takes as many bytes as were announced needs no further end.
          check.end();
          ended = true;
        }
      } else if (count < 0) {
        check.end();
        ended = true;
      }
    } catch (LambicException e) {
      refusal = e;
      throw new IOException("the body is not what was signed", e);
    }
    return count;
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
