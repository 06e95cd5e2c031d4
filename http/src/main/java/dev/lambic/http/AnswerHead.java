package dev.lambic.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Arrays;

/**
 * The bytes of the head of an answer whose body is whole.
 *
 * <p>Follows RFC 9110 and 9112. Nothing gets into a field that would end it, whoever made it up.
 */
final class AnswerHead {
  private static final String LENGTH = "content-length";
  private static final int TYPICAL_BYTES = 512;

  private byte[] bytes = new byte[TYPICAL_BYTES];
  private int length;

  private AnswerHead() {}

  /** Whether answers of the status have a body. */
  static boolean hasBody(int status) {
    return status >= 200 && status != 204 && status != 205 && status != 304;
  }

  /**
   * The head, with the length of the body unless the fields tell it.
   *
   * @param bodyLength of the body, also if it is not sent
   * @param close whether the connection ends with this answer
   * @throws IllegalArgumentException if a field cannot be one
   */
  static byte[] bytes(int status, Headers headers, int bodyLength, boolean close) {
    AnswerHead head = new AnswerHead();
    head.text("HTTP/1.1 ");
    head.text(HttpResponseStatus.valueOf(status).toString());
    head.lineEnd();
    boolean hasBody = hasBody(status);
    // No length where nothing could be of that length.
    boolean[] told = {status < 200 || status == 204};
    headers.forEach((name, value) -> {
      boolean isLength = name.equalsIgnoreCase(LENGTH);
      if (!isLength || hasBody) {
        head.field(name, value);
      }
      told[0] |= isLength && hasBody;
    });
    if (!told[0]) {
      head.field(LENGTH, Integer.toString(status == 205 ? 0 : bodyLength));
    }
    if (close) {
      head.field("connection", "close");
    }
    head.lineEnd();
    return Arrays.copyOf(head.bytes, head.length);
  }

  private void field(String name, String value) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a field without a name");
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == ':') {
        throw new IllegalArgumentException("not the name of a field: " + name);
      }
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f) {
        throw new IllegalArgumentException("not the value of the field " + name);
      }
    }
    text(name);
    text(": ");
    text(value);
    lineEnd();
  }

  /** What does not fit into a byte becomes a question mark. */
  private void text(String text) {
    int end = length + text.length();
    byte[] into = room(end);
    int at = length;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      into[at++] = (byte) (c <= 0xff ? c : '?');
    }
    length = end;
  }

  private void lineEnd() {
    byte[] into = room(length + 2);
    into[length++] = '\r';
    into[length++] = '\n';
  }

  private byte[] room(int end) {
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(end + 2, 2 * bytes.length));
    }
    return bytes;
  }
}
