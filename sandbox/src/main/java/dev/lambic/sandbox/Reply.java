package dev.lambic.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/**
 * What the launcher says.
 *
 * @param body what follows the header
 * @param fd the attached descriptor, owned by whoever takes the reply; -1 if none
 */
record Reply(int type, int request, int slot, ByteBuffer body, int fd) {
  static final int DONE = 16;
  static final int FAILED = 17;
  static final int EXITED = 18;
  static final int GONE = 19;

  int number() {
    return body.getInt();
  }

  String text() {
    byte[] encoded = new byte[body.getInt()];
    body.get(encoded).get();
    return new String(encoded, UTF_8);
  }

  SandboxException failure() {
    return new SandboxException(text(), number(), text());
  }

  void closeDescriptor() {
    if (fd >= 0) {
      Native.close(fd);
    }
  }
}
