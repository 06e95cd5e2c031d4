package dev.lambic.sandbox;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/**
 * A file of the kernel's with a number in it that is asked for again and again: opened at the first
 * time, then read by one call each. Safe for use by many threads.
 */
final class KeptFile {
  private static final int BUFFER_BYTES = 32;

  private final String path;
  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES);
  private int fd = -1;
  private boolean closed;

  /**
   * A file that is not open yet.
   *
   * @param path empty for none
   */
  KeptFile(String path) {
    this.path = path;
    this.closed = path.isEmpty();
  }

  /** The number; -1 if there is none, or the file is closed. */
  synchronized long readNumber() {
    if (closed) {
      return -1;
    }
    if (fd < 0) {
      fd = Native.open(path, Native.O_RDONLY);
    }
    long length;
    try {
      length = fd < 0 ? fd : Native.readAt(fd, buffer, 0);
    } finally {
      Reference.reachabilityFence(buffer);
    }
    if (length <= 0) {
      close();
      return -1;
    }
    long number = 0;
    for (long i = 0; i < length; i++) {
      int digit = buffer.get(ValueLayout.JAVA_BYTE, i) - '0';
      if (digit < 0 || digit > 9) {
        return i == 0 ? -1 : number;
      }
      number = 10 * number + digit;
    }
    return number;
  }

  /** Gives the descriptor back; nothing is read any more. */
  synchronized void close() {
    closed = true;
    if (fd >= 0) {
      Native.close(fd);
      fd = -1;
    }
  }
}
