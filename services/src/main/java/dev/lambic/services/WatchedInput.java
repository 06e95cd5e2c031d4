package dev.lambic.services;

import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A stream of somebody who may stop to send without an end: a read that waits for too long fails.
 * How long its reader takes between reads does not count. For one reader.
 */
final class WatchedInput extends InputStream {
  private static final int LOOKS = 4;

  private final InputStream in;
  private final Duration limit;
  private final Ticker ticker;
  private final Thread watch;
  private volatile long since;
  private volatile boolean reading;
  private volatile boolean givenUp;

  /**
   * Watches a stream until it is closed.
   *
   * @param in whose reads end when it is closed by another thread
   * @param limit how long one read may take
   */
  WatchedInput(InputStream in, Duration limit, Ticker ticker) {
    this.in = in;
    this.limit = limit;
    this.ticker = ticker;
    watch = Thread.ofVirtual().name("watch").start(this::watch);
  }

  private void watch() {
    try {
      while (!reading || ticker.nanos() - since < limit.toNanos()) {
        Thread.sleep(limit.dividedBy(LOOKS));
      }
      givenUp = true;
      in.close();
    } catch (InterruptedException closed) {
      // Nobody reads any more.
    } catch (IOException e) {
      // The read ends all the same, or has ended.
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    since = ticker.nanos();
    reading = true;
    int count;
    try {
      count = in.read(to, offset, length);
    } catch (IOException e) {
      throw givenUp ? stalled(e) : e;
    } finally {
      reading = false;
    }
    if (givenUp) {
      throw stalled(null);
    }
    return count;
  }

  private IOException stalled(@Nullable IOException cause) {
    return new IOException("nothing came for " + limit.toSeconds() + " s", cause);
  }

  @Override
  public void close() throws IOException {
    watch.interrupt();
    in.close();
  }
}
