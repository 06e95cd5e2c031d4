package dev.lambic.images;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A value of a JSON text that somebody else wrote: what is not there, or is of another kind than
 * asked for, is absent.
 */
final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final int MAX_DEPTH = 32;
  private static final Json ABSENT = new Json(null);

  /** A map, a list, a text, a number, a boolean, or null. */
  private final @Nullable Object value;

  private Json(@Nullable Object value) {
    this.value = value;
  }

  /** Reads a text, which is of a bounded length. */
  static Json parse(byte[] text, String what) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw new IOException("nothing in it");
      }
      Json read = new Json(read(parser, 0));
      if (parser.nextToken() != null) {
        throw new IOException("more than one value");
      }
      return read;
    } catch (IOException e) {
      throw new ImageException(
          ImageException.Reason.INVALID, what + " is no JSON: " + e.getMessage(), e);
    }
  }

  private static @Nullable Object read(JsonParser parser, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("too deep");
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          members.put(name, read(parser, depth + 1));
        }
        yield members;
      }
      case START_ARRAY -> {
        List<@Nullable Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(read(parser, depth + 1));
        }
        yield items;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getBigIntegerValue();
      case VALUE_NUMBER_FLOAT -> parser.getDecimalValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new IOException("unexpected end");
    };
  }

  Json get(String name) {
    return value instanceof Map<?, ?> map && map.containsKey(name)
        ? new Json(map.get(name))
        : ABSENT;
  }

  boolean isAbsent() {
    return value == null;
  }

  List<Json> list() {
    if (!(value instanceof List<?> items)) {
      return List.of();
    }
    List<Json> all = new ArrayList<>();
    items.forEach(item -> all.add(new Json(item)));
    return all;
  }

  /** The texts of a list; anything else in it is left out. */
  List<String> texts() {
    return list().stream().flatMap(item -> item.text().stream()).toList();
  }

  /** The texts of an object's members; anything else in it is left out. */
  Map<String, String> members() {
    Map<String, String> all = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach((name, member) -> {
        if (member instanceof String text) {
          all.put(String.valueOf(name), text);
        }
      });
    }
    return all;
  }

  /** The objects among an object's members. */
  Map<String, Json> objects() {
    Map<String, Json> all = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach((name, member) -> {
        if (member instanceof Map<?, ?>) {
          all.put(String.valueOf(name), new Json(member));
        }
      });
    }
    return all;
  }

  Optional<String> text() {
    return value instanceof String text ? Optional.of(text) : Optional.empty();
  }

  Optional<Long> number() {
    return value instanceof java.math.BigInteger number && number.bitLength() < 64
        ? Optional.of(number.longValue())
        : Optional.empty();
  }

  /** A text of somebody else for a message of ours. */
  static String shortened(String text) {
    String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
    return printable.length() <= 200 ? printable : printable.substring(0, 200) + "...";
  }
}
