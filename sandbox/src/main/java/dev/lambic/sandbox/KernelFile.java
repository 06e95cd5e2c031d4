package dev.lambic.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The files by which the kernel is asked and told: read and written by one call each, with the
 * kernel's error number, which Java's own classes do not pass on.
 */
final class KernelFile {
  private static final int MAX_BYTES = 256 * 1024;

  private KernelFile() {}

  /** Answers 0 or the negated error number. */
  static int write(String path, String text) {
    int fd = Native.open(path, Native.O_WRONLY);
    if (fd < 0) {
      return fd;
    }
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(UTF_8);
      MemorySegment segment = arena.allocate(Math.max(bytes.length, 1));
      MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
      long written = Native.write(fd, segment.asSlice(0, bytes.length));
      return written < 0 ? (int) written : 0;
    } finally {
      Native.close(fd);
    }
  }

  /**
   * Writes.
   *
   * @throws SandboxException with the given step if the kernel refuses
   */
  static void write(String step, String path, String text) {
    int result = write(path, text);
    if (result < 0) {
      throw new SandboxException(step, -result, path);
    }
  }

  /**
   * The whole text of the file.
   *
   * @throws SandboxException with the given step if the kernel refuses
   */
  static String read(String step, String path) {
    int fd = Native.open(path, Native.O_RDONLY);
    if (fd < 0) {
      throw new SandboxException(step, -fd, path);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(4096);
      StringBuilder text = new StringBuilder();
      while (text.length() < MAX_BYTES) {
        long length = Native.read(fd, buffer);
        if (length < 0) {
          throw new SandboxException(step, (int) -length, path);
        }
        if (length == 0) {
          break;
        }
        text.append(new String(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), UTF_8));
      }
      return text.toString();
    } finally {
      Native.close(fd);
    }
  }

  /** The number in the file; {@code Long.MAX_VALUE} for {@code max}. */
  static long readNumber(String step, String path) {
    String text = read(step, path).strip();
    return text.equals("max") ? Long.MAX_VALUE : Long.parseLong(text);
  }

  /** The number beside a key in a file of {@code key number} lines; 0 if the key is not there. */
  static long readNumber(String step, String path, String key) {
    return read(step, path)
        .lines()
        .filter(line -> line.startsWith(key + " "))
        .mapToLong(line -> Long.parseLong(line.substring(key.length() + 1).strip()))
        .findFirst()
        .orElse(0);
  }
}
