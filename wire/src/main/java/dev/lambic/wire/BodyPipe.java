package dev.lambic.wire;

import dev.lambic.http.BodyFlow;
import dev.lambic.http.BodyReceiver;
import dev.lambic.http.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * From the thread on which a body arrives to the one that reads it, holding little in between, and
 * nothing before it is read for the first time.
 *
 * <p>Written on one thread, read on another.
 */
final class BodyPipe extends InputStream implements BodyReceiver {
  /** What makes the sender wait; one more piece may come then. */
  private static final int FULL = 256 << 10;

  /** The listener ends connections on which nothing comes long before that. */
  private static final int MAX_WAIT_MINUTES = 15;

  private final BodyFlow flow;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<byte[]> pieces = new ArrayDeque<>();
  private int taken;
  private long held;
  private boolean paused = true;
  private boolean over;
  private boolean closed;
  private @Nullable String broken;

  BodyPipe(BodyFlow flow) {
    this.flow = flow;
    flow.pause();
  }

  @Override
  public void piece(byte[] bytes) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      pieces.add(bytes);
      held += bytes.length;
      if (held >= FULL && !paused) {
        paused = true;
        flow.pause();
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void end(Headers trailers) {
    lock.lock();
    try {
      over = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void broken(String reason) {
    lock.lock();
    try {
      broken = reason;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int from, int most) throws IOException {
    if (most == 0) {
      return 0;
    }
    lock.lock();
    try {
      while (pieces.isEmpty()) {
        if (broken != null) {
          throw new IOException(broken);
        }
        if (over) {
          return -1;
        }
        goOn();
        if (closed || !changed.await(MAX_WAIT_MINUTES, TimeUnit.MINUTES)) {
          throw new IOException("Nothing comes any more.");
        }
      }
      byte[] first = pieces.element();
      int count = Math.min(most, first.length - taken);
      System.arraycopy(first, taken, into, from, count);
      taken += count;
      held -= count;
      if (taken == first.length) {
        pieces.remove();
        taken = 0;
      }
      if (held < FULL / 2) {
        goOn();
      }
      return count;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      lock.unlock();
    }
  }

  private void goOn() {
    if (paused) {
      paused = false;
      flow.resume();
    }
  }

  /** Lets go of what is here and of what still comes. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      pieces.clear();
      held = 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
