package dev.lambic.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** What is sent to the launcher; the same layout as in launcher.h. */
final class Message {
  static final int CREATE = 1;
  static final int ATTACH = 2;
  static final int START = 3;
  static final int SIGNAL = 4;
  static final int KILL = 5;
  static final int CLEAR = 6;
  static final int CHECKPOINT = 12;
  static final int RESTORE = 13;
  static final int FORK = 7;
  static final int SHARE = 8;

  /** The largest message that the launcher takes. */
  static final int MAX_BYTES = 192 * 1024;

  private static final int E2BIG = 7;

  private final String step;
  private ByteBuffer bytes = ByteBuffer.allocate(512).order(ByteOrder.nativeOrder());

  Message(int type, int request, int slot, String step) {
    this.step = step;
    put(type).put(request).put(slot);
  }

  Message put(int number) {
    room(4).putInt(number);
    return this;
  }

  Message put(long number) {
    room(8).putLong(number);
    return this;
  }

  Message put(String text) {
    byte[] encoded = text.getBytes(UTF_8);
    put(encoded.length);
    room(encoded.length + 1).put(encoded).put((byte) 0);
    return this;
  }

  Message put(List<String> texts) {
    put(texts.size());
    texts.forEach(this::put);
    return this;
  }

  /** What was put, ready to be read. */
  ByteBuffer bytes() {
    return bytes.flip();
  }

  private ByteBuffer room(int more) {
    int needed = bytes.position() + more;
    if (needed > MAX_BYTES) {
      throw new SandboxException(step, E2BIG, "");
    }
    if (bytes.remaining() < more) {
      ByteBuffer larger =
          ByteBuffer.allocate(Math.min(MAX_BYTES, Math.max(needed, 2 * bytes.capacity())));
      bytes = larger.order(ByteOrder.nativeOrder()).put(bytes.flip());
    }
    return bytes;
  }
}
