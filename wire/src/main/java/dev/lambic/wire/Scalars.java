package dev.lambic.wire;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Objects;
import software.amazon.awssdk.core.SdkBytes;

/** Values that travel as plain text: in paths, queries, headers and forms. */
final class Scalars {
  private static final int MAX_NUMBER = 40;

  private Scalars() {}

  /**
   * The value that a text stands for.
   *
   * @param times the format of points in time where the member demands none
   * @throws dev.lambic.kernel.LambicException a SerializationException if it is none of its kind
   */
  static Object parse(String text, Member member, TimeFormat times) {
    Kind kind = member.kind();
    try {
      return switch (kind) {
        case STRING -> text;
        case BYTE -> Byte.valueOf(text);
        case SHORT -> Short.valueOf(text);
        case INTEGER -> Integer.valueOf(text);
        case LONG -> Long.valueOf(text);
        case FLOAT -> Float.valueOf(text);
        case DOUBLE -> Double.valueOf(text);
        case BIG_DECIMAL -> {
          if (text.length() > MAX_NUMBER) {
            throw Malformed.text(kind, null);
          }
          yield new BigDecimal(text);
        }
        case BOOLEAN -> {
          if (!text.equals("true") && !text.equals("false")) {
            throw Malformed.text(kind, null);
          }
          yield text.equals("true");
        }
        case INSTANT -> Objects.requireNonNullElse(member.time(), times).parse(text);
        case BYTES -> SdkBytes.fromByteArrayUnsafe(Base64.getDecoder().decode(text));
        case STRUCTURE, LIST, MAP, DOCUMENT ->
            throw new IllegalStateException(member.name() + " is no scalar");
      };
    } catch (IllegalArgumentException e) {
      throw Malformed.text(kind, e);
    }
  }

  /** The text of a value; the format of points in time is given as for {@link #parse}. */
  static String text(Member member, Object value, TimeFormat times) {
    if (value instanceof Instant time) {
      return Objects.requireNonNullElse(member.time(), times).write(time);
    }
    if (value instanceof SdkBytes bytes) {
      return Base64.getEncoder().encodeToString(bytes.asByteArrayUnsafe());
    }
    if (member.jsonText()) {
      return Base64.getEncoder().encodeToString(value.toString().getBytes(StandardCharsets.UTF_8));
    }
    return value.toString();
  }
}
