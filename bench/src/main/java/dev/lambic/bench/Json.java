package dev.lambic.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The little that has to be read out of answers. */
final class Json {
  private static final JsonFactory JSON = new JsonFactory();

  private Json() {}

  /**
   * The text of a member of the outermost object.
   *
   * @throws IOException if the bytes are no such object or have no such member
   */
  static String member(byte[] json, String name) throws IOException {
    String found = optional(json, name);
    if (found == null) {
      throw new IOException(name + " is missing in " + new String(json, StandardCharsets.UTF_8));
    }
    return found;
  }

  /**
   * The same, or null if the object has no such member.
   *
   * @throws IOException if the bytes are no such object
   */
  static @Nullable String optional(byte[] json, String name) throws IOException {
    try (JsonParser parser = JSON.createParser(json)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String found = parser.currentName();
          parser.nextToken();
          if (found.equals(name) && parser.currentToken().isScalarValue()) {
            return parser.getText();
          }
          parser.skipChildren();
        }
      }
    }
    return null;
  }

  /** A member that is a whole number. */
  static long number(byte[] json, String name) throws IOException {
    return Long.parseLong(member(json, name));
  }
}
