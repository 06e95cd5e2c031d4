package dev.lambic.runtime;

import dev.lambic.sandbox.OutputListener;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a process writes before it is known whose it is; whoever it becomes gets it. Safe for use by
 * many threads.
 */
final class EarlyOutput implements OutputListener {
  private static final int MAX_BYTES = 16 << 10;

  private byte[] kept = new byte[0];
  private volatile @Nullable OutputListener to;

  @Override
  public void output(byte[] bytes, int length) {
    OutputListener known = to;
    if (known == null) {
      synchronized (this) {
        known = to;
        if (known == null) {
          keep(bytes, Math.min(length, MAX_BYTES - kept.length));
          return;
        }
      }
    }
    known.output(bytes, length);
  }

  private void keep(byte[] bytes, int length) {
    int before = kept.length;
    kept = Arrays.copyOf(kept, before + length);
    System.arraycopy(bytes, 0, kept, before, length);
  }

  /** Gives what was written so far, and all that follows, to the listener. */
  synchronized void to(OutputListener listener) {
    if (kept.length > 0) {
      listener.output(kept, kept.length);
      kept = new byte[0];
    }
    to = listener;
  }
}
