package dev.lambic.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Percent-encoding as AWS's signatures define it: only unreserved characters stand as they are. */
final class Percent {
  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  private Percent() {}

  static boolean unreserved(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '_'
        || c == '.'
        || c == '~';
  }

  /** Appends the text encoded; slashes stay if asked for. */
  static void encode(CharSequence text, boolean keepSlash, StringBuilder out) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (unreserved(c) || (c == '/' && keepSlash)) {
        out.append(c);
      } else if (c < 0x80) {
        hex(c, out);
      } else {
        int end = i + 1;
        if (Character.isHighSurrogate(c) && end < text.length()) {
          end++;
        }
        for (byte b : text.subSequence(i, end).toString().getBytes(StandardCharsets.UTF_8)) {
          hex(b & 0xff, out);
        }
        i = end - 1;
      }
    }
  }

  private static void hex(int b, StringBuilder out) {
    out.append('%').append(HEX[b >> 4]).append(HEX[b & 15]);
  }

  /**
   * Decodes; what is no valid escape stays as it is.
   *
   * @param plusIsSpace as in a query
   */
  static String decode(String text, boolean plusIsSpace) {
    if (text.indexOf('%') < 0 && (!plusIsSpace || text.indexOf('+') < 0)) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      int high = c == '%' && i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
      int low = high >= 0 ? Character.digit(text.charAt(i + 2), 16) : -1;
      if (low >= 0) {
        bytes.write(high << 4 | low);
        i += 3;
      } else if (c == '+' && plusIsSpace) {
        bytes.write(' ');
        i++;
      } else if (c < 0x80) {
        bytes.write(c);
        i++;
      } else {
        int end = Character.isHighSurrogate(c) && i + 1 < text.length() ? i + 2 : i + 1;
        bytes.writeBytes(text.substring(i, end).getBytes(StandardCharsets.UTF_8));
        i = end;
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
