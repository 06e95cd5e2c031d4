package dev.lambic.bench;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A request or an answer as it came.
 *
 * @param head start line and fields, each ended by CR LF
 * @param body empty where there is none
 */
// Messages are never compared.
@SuppressWarnings("ArrayRecordComponent")
record HttpMessage(byte[] head, byte[] body) {
  /** The status of an answer. */
  int status() {
    return Integer.parseInt(new String(head, 9, 3, StandardCharsets.ISO_8859_1));
  }

  /** The value of a field, or null. */
  @Nullable String field(String name) {
    String prefix = name.toLowerCase(Locale.ROOT) + ":";
    return new String(head, StandardCharsets.ISO_8859_1)
        .lines()
        .skip(1)
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
        .map(line -> line.substring(prefix.length()).trim())
        .findFirst()
        .orElse(null);
  }

  /** The body as text. */
  String text() {
    return new String(body, StandardCharsets.UTF_8);
  }
}
