package dev.lambic.runtime;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Cuts the output of a process into lines.
 *
 * <p>A line is what ends with a line feed, or what has become too long for one. The line ends
 * within a message come as carriage returns from bootstraps, so that they do not end it; they are
 * line feeds again in the text. Safe for use by many threads.
 */
public final class Lines {
  /** The largest event of CloudWatch Logs. */
  private static final int MAX_LINE_BYTES = 256 * 1024;

  private final Consumer<String> to;
  private byte[] line = new byte[256];
  private int length;

  /**
   * Cuts for a receiver.
   *
   * @param to takes each line; called with this object's lock held, must not block
   */
  public Lines(Consumer<String> to) {
    this.to = to;
  }

  /** Takes output; only the first {@code count} bytes count. */
  public synchronized void take(byte[] bytes, int count) {
    int from = 0;
    for (int i = 0; i < count; i++) {
      if (bytes[i] == '\n') {
        append(bytes, from, i);
        end();
        from = i + 1;
      }
    }
    append(bytes, from, count);
  }

  /** Ends a line that has no end yet. */
  public synchronized void flush() {
    if (length > 0) {
      end();
    }
  }

  private void append(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      int count = Math.min(MAX_LINE_BYTES - length, to - at);
      if (length + count > line.length) {
        line = Arrays.copyOf(line, Math.min(MAX_LINE_BYTES, 2 * (length + count)));
      }
      System.arraycopy(bytes, at, line, length, count);
      length += count;
      at += count;
      if (length == MAX_LINE_BYTES) {
        end();
      }
    }
  }

  private void end() {
    int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
    String text = new String(line, 0, end, StandardCharsets.UTF_8).replace('\r', '\n');
    length = 0;
    if (line.length > 8192) {
      line = new byte[256];
    }
    to.accept(text);
  }
}
