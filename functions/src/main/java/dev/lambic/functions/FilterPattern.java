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
  private static final Set<String> COMPARISONS = Set.of("=", "<", "<=", ">", ">=");
  private static final Set<String> IGNORING_CASE = Set.of("equals-ignore-case");
  private static final Set<String> EXCLUDING =
      Set.of("prefix", "suffix", "equals-ignore-case", "wildcard");

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
    if (in.nextToken() != JsonToken.FIELD_NAME) {
      return false;
    }
    String name = in.currentName();
    JsonToken value = in.nextToken();
    boolean good =
        switch (name) {
          case "exists" -> value.isBoolean();
          case "equals-ignore-case", "wildcard", "cidr" -> value == JsonToken.VALUE_STRING;
          case "prefix", "suffix" ->
              value == JsonToken.VALUE_STRING || only(in, IGNORING_CASE, JsonToken.VALUE_STRING);
          case "numeric" -> value == JsonToken.START_ARRAY && comparisons(in);
          case "anything-but" -> value == JsonToken.START_ARRAY ? scalars(in) : other(in);
          default -> false;
        };
    return good && in.nextToken() == JsonToken.END_OBJECT;
  }

  /** Reads an object with exactly one field, of one of the names. */
  private static boolean only(JsonParser in, Set<String> names, JsonToken type) throws IOException {
    return in.currentToken() == JsonToken.START_OBJECT
        && in.nextToken() == JsonToken.FIELD_NAME
        && names.contains(in.currentName())
        && in.nextToken() == type
        && in.nextToken() == JsonToken.END_OBJECT;
  }

  private static boolean other(JsonParser in) throws IOException {
    JsonToken value = in.currentToken();
    if (value != JsonToken.START_OBJECT) {
      return value == JsonToken.VALUE_STRING || value.isNumeric();
    }
    if (in.nextToken() != JsonToken.FIELD_NAME || !EXCLUDING.contains(in.currentName())) {
      return false;
    }
    JsonToken excluded = in.nextToken();
    boolean good =
        excluded == JsonToken.VALUE_STRING || (excluded == JsonToken.START_ARRAY && scalars(in));
    return good && in.nextToken() == JsonToken.END_OBJECT;
  }

  private static boolean scalars(JsonParser in) throws IOException {
    int count = 0;
    while (in.nextToken() != JsonToken.END_ARRAY) {
      JsonToken value = in.currentToken();
      if (value != JsonToken.VALUE_STRING && !value.isNumeric()) {
        return false;
      }
      count++;
    }
    return count > 0;
  }

  /** Reads one comparison, or two that make a range. */
  private static boolean comparisons(JsonParser in) throws IOException {
    int count = 0;
    while (in.nextToken() != JsonToken.END_ARRAY) {
      if (in.currentToken() != JsonToken.VALUE_STRING
          || !COMPARISONS.contains(in.getText())
          || !in.nextToken().isNumeric()) {
        return false;
      }
      count++;
    }
    return count == 1 || count == 2;
  }
}
