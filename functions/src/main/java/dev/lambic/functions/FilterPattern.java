package dev.lambic.functions;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Set;

/**
 * Checks the patterns of a mapping's filter criteria. Follows "Control which events Lambda sends to
 * your function", by which a pattern is an object whose leaves are lists of values and of tests.
 */
final class FilterPattern {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int MAX_DEPTH = 100;
  private static final Set<String> TESTS =
      Set.of(
          "prefix",
          "suffix",
          "anything-but",
          "numeric",
          "exists",
          "equals-ignore-case",
          "wildcard",
          "cidr");

  private FilterPattern() {}

  /** Refuses what is no pattern. */
  static void check(String pattern) {
    try (JsonParser in = JSON.createParser(pattern)) {
      if (in.nextToken() == JsonToken.START_OBJECT && fields(in, 0) && in.nextToken() == null) {
        return;
      }
    } catch (IOException e) {
      RuntimeException error = invalid();
      error.addSuppressed(e);
      throw error;
    }
    throw invalid();
  }

  private static RuntimeException invalid() {
    return Errors.invalid("Invalid filter pattern definition.");
  }

  /** Reads the fields of an object that has begun. */
  private static boolean fields(JsonParser in, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      return false;
    }
    while (in.nextToken() != JsonToken.END_OBJECT) {
      boolean alternatives = in.currentName().equals("$or");
      boolean good =
          switch (in.nextToken()) {
            case START_OBJECT -> fields(in, depth + 1);
            case START_ARRAY -> alternatives ? objects(in, depth + 1) : leaves(in);
            default -> false;
          };
      if (!good) {
        return false;
      }
    }
    return true;
  }

  private static boolean objects(JsonParser in, int depth) throws IOException {
    int count = 0;
    while (in.nextToken() != JsonToken.END_ARRAY) {
      if (in.currentToken() != JsonToken.START_OBJECT || !fields(in, depth)) {
        return false;
      }
      count++;
    }
    return count > 0;
  }

  private static boolean leaves(JsonParser in) throws IOException {
    int count = 0;
    while (in.nextToken() != JsonToken.END_ARRAY) {
      boolean good =
          in.currentToken() == JsonToken.START_OBJECT
              ? test(in)
              : in.currentToken().isScalarValue();
      if (!good) {
        return false;
      }
      count++;
    }
    return count > 0;
  }

  /** Reads an object with exactly one test. */
  private static boolean test(JsonParser in) throws IOException {
    if (in.nextToken() != JsonToken.FIELD_NAME || !TESTS.contains(in.currentName())) {
      return false;
    }
    in.nextToken();
    in.skipChildren();
    return in.nextToken() == JsonToken.END_OBJECT;
  }
}
