package dev.lambic.runtime;

import dev.lambic.sandbox.OutputListener;
import java.util.Arrays;

/**
 * Turns the frames in which AWS's clients log, among plain output, into lines.
 *
 * <p>A frame is the bytes {@code a5 5a 00} and one of flags, the length of the message in four
 * bytes, its time in eight, and the message, which is one event whatever lines it has. Its line
 * feeds become carriage returns, as bootstraps write them, and one line feed ends it. What another
 * thread of the function prints in the middle of a frame is taken for a part of it, and nothing is
 * ever lost or kept. Used by one thread at a time, as every output listener.
 */
final class LogFrames implements OutputListener {
  /** The variable that tells clients where to write frames. */
  static final String VARIABLE = "_LAMBDA_TELEMETRY_LOG_FD";

  private static final byte[] MAGIC = {(byte) 0xa5, 0x5a, 0};
  private static final int HEAD_BYTES = 16;

  private final OutputListener to;
  private final byte[] head = new byte[HEAD_BYTES];
  private int headLength;

  /** Bytes of the message that are still to come. */
  private long messageLeft;

  /** Line feeds of the message that count only if something follows. */
  private long breaks;

  private boolean lineIsOpen;
  private byte[] out = new byte[1024];
  private int outLength;

  LogFrames(OutputListener to) {
    this.to = to;
  }

  @Override
  public void output(byte[] bytes, int length) {
    for (int i = 0; i < length; i++) {
      if (messageLeft > 0) {
        message(bytes[i]);
      } else {
        outside(bytes[i]);
      }
    }
    if (outLength > 0) {
      to.output(out, outLength);
      outLength = 0;
    }
  }

  private void outside(byte next) {
    if (headLength < MAGIC.length && next != MAGIC[headLength]) {
      for (int i = 0; i < headLength; i++) {
        plain(head[i]);
      }
      headLength = 0;
      if (next != MAGIC[0]) {
        plain(next);
        return;
      }
    }
    head[headLength++] = next;
    if (headLength == HEAD_BYTES) {
      headLength = 0;
      begin();
    }
  }

  private void begin() {
    for (int i = 4; i < 8; i++) {
      messageLeft = (messageLeft << 8) | (head[i] & 0xff);
    }
    if (lineIsOpen) {
      plain((byte) '\n');
    }
    if (messageLeft == 0) {
      plain((byte) '\n');
    }
  }

  private void message(byte next) {
    messageLeft--;
    if (next == '\n') {
      breaks++;
    } else {
      for (; breaks > 0; breaks--) {
        plain((byte) '\r');
      }
      plain(next);
    }
    if (messageLeft == 0) {
      breaks = 0;
      plain((byte) '\n');
    }
  }

  private void plain(byte next) {
    if (outLength == out.length) {
      out = Arrays.copyOf(out, 2 * out.length);
    }
    out[outLength++] = next;
    lineIsOpen = next != '\n';
  }
}
