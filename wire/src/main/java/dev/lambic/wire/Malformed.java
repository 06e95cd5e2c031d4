package dev.lambic.wire;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import org.jspecify.annotations.Nullable;

/** The errors of a request that cannot be read, in the words of AWS where those are known. */
final class Malformed {
  private Malformed() {}

  /** Something that is not JSON at all, or no base64, or no such number. */
  static LambicException because(String message, @Nullable Throwable cause) {
    return new LambicException("SerializationException", Blame.CALLER, message, cause);
  }

  /** A scalar of the wrong type. */
  static LambicException wrongType(String javaClass, Kind wanted) {
    return because("class " + javaClass + " can not be converted to an " + typeName(wanted), null);
  }

  /** A scalar where a structure, list or map belongs. */
  static LambicException scalar() {
    return because("Unexpected value type in payload", null);
  }

  /** A structure or map where something else belongs. */
  static LambicException structure() {
    return because("Start of structure or map found where not expected.", null);
  }

  /** A list where something else belongs. */
  static LambicException list() {
    return because("Start of list found where not expected.", null);
  }

  /** A text, from outside of the body, that does not fit its type. */
  static LambicException text(Kind wanted, @Nullable Throwable cause) {
    return because("STRING_VALUE can not be converted to an " + typeName(wanted), cause);
  }

  private static String typeName(Kind kind) {
    return switch (kind) {
      case STRING -> "String";
      case BYTE -> "Byte";
      case SHORT -> "Short";
      case INTEGER -> "Integer";
      case LONG -> "Long";
      case FLOAT -> "Float";
      case DOUBLE -> "Double";
      case BIG_DECIMAL -> "BigDecimal";
      case BOOLEAN -> "Boolean";
      case INSTANT -> "Timestamp";
      case BYTES -> "Blob";
      case STRUCTURE -> "Structure";
      case LIST -> "List";
      case MAP -> "Map";
      case DOCUMENT -> "Document";
    };
  }
}
