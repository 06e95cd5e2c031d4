package dev.lambic.bench;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads HTTP/1.1 messages whose bodies have a length, with as little work as that takes: what this
 * costs is part of every figure. Not safe for use by several threads.
 */
final class HttpMessages {
  private static final byte[] LENGTH = "\r\ncontent-length:".getBytes(StandardCharsets.US_ASCII);
  private static final int MAX_MESSAGE = 16 << 20;

  private final InputStream in;
  private byte[] buffer = new byte[16 << 10];
  private int from;
  private int to;

  HttpMessages(InputStream in) {
    this.in = in;
  }

  /**
   * The next message, or null if none follows.
   *
   * @throws IOException if it is none, is too long, or ends too early
   */
  @Nullable HttpMessage next() throws IOException {
    int end = endOfHead();
    if (end < 0) {
      return null;
    }
    byte[] head = Arrays.copyOfRange(buffer, from, end);
    from = end + 2;
    int length = contentLength(head);
    while (to - from < length) {
      if (!fill()) {
        throw new EOFException("the body ends too early");
      }
    }
    byte[] body = Arrays.copyOfRange(buffer, from, from + length);
    from += length;
    return new HttpMessage(head, body);
  }

  /** The index of the empty line, or -1 if nothing comes at all. */
  private int endOfHead() throws IOException {
    int seen = 0;
    while (true) {
      for (int i = from + seen; i + 4 <= to; i++) {
        if (buffer[i] == '\r' && buffer[i + 1] == '\n' && buffer[i + 2] == '\r') {
          return i + 2;
        }
      }
      seen = Math.max(to - from - 3, 0);
      if (!fill()) {
        if (to == from) {
          return -1;
        }
        throw new EOFException("the head ends too early");
      }
    }
  }

  private boolean fill() throws IOException {
    if (from > 0) {
      System.arraycopy(buffer, from, buffer, 0, to - from);
      to -= from;
      from = 0;
    }
    if (to == buffer.length) {
      if (to >= MAX_MESSAGE) {
        throw new IOException("the message is too long");
      }
      buffer = Arrays.copyOf(buffer, 2 * to);
    }
    int read = in.read(buffer, to, buffer.length - to);
    if (read > 0) {
      to += read;
    }
    return read > 0;
  }

  /** The announced length; 0 if none is. */
  private static int contentLength(byte[] head) throws IOException {
    int at = valueOf(LENGTH, head);
    if (at < 0) {
      return 0;
    }
    while (at < head.length && head[at] == ' ') {
      at++;
    }
    long length = 0;
    int first = at;
    for (; at < head.length && head[at] >= '0' && head[at] <= '9'; at++) {
      length = 10 * length + head[at] - '0';
      if (length > MAX_MESSAGE) {
        throw new IOException("the message is too long");
      }
    }
    if (at == first || (at < head.length && head[at] != '\r')) {
      throw new IOException("the length is not a number");
    }
    return (int) length;
  }

  /** Where the value of a field begins, or -1. */
  private static int valueOf(byte[] name, byte[] head) {
    for (int i = 0; i + name.length <= head.length; i++) {
      int matched = 0;
      while (matched < name.length && lower(head[i + matched]) == name[matched]) {
        matched++;
      }
      if (matched == name.length) {
        return i + name.length;
      }
    }
    return -1;
  }

  private static int lower(byte b) {
    return b >= 'A' && b <= 'Z' ? b + 32 : b;
  }
}
