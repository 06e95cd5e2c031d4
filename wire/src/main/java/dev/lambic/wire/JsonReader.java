package dev.lambic.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.document.Document;

/**
 * Reads JSON into SDK shapes, token by token.
 *
 * <p>Members that the shape does not have are skipped, as AWS does; a null is the same as an absent
 * member. What does not fit is refused with a SerializationException.
 */
final class JsonReader {
  private static final String NUMBER = "com.amazon.coral.value.json.numbers.TruncatingBigNumber";

  /** Which members are looked for, under which key. */
  enum Keys {
    /** Those that a protocol puts into the body, by their wire names. */
    WIRE,
    /** All, by their names in the service model. */
    MODEL
  }

  private final Keys keys;

  JsonReader(Keys keys) {
    this.keys = keys;
  }

  /**
   * Fills the builder from one JSON object; an empty body counts as an empty object.
   *
   * @throws dev.lambic.kernel.LambicException if the bytes do not fit the shape
   */
  void read(byte[] json, SdkPojo builder) {
    if (json.length == 0) {
      return;
    }
    try (JsonParser parser = Json.FACTORY.createParser(json)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        return;
      }
      expect(first, JsonToken.START_OBJECT);
      fill(parser, builder);
      end(parser);
    } catch (JsonProcessingException e) {
      throw notJson(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A whole body that is one member, as with a payload structure or document. */
  @Nullable Object readValue(byte[] json, Member member) {
    try (JsonParser parser = Json.FACTORY.createParser(json)) {
      if (parser.nextToken() == null) {
        return null;
      }
      Object value = value(parser, member);
      end(parser);
      return value;
    } catch (JsonProcessingException e) {
      throw notJson(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void end(JsonParser parser) throws IOException {
    if (parser.nextToken() != null) {
      throw Malformed.because("Unexpected token received from parser", null);
    }
  }

  private static RuntimeException notJson(JsonProcessingException e) {
    return Malformed.because(
        e instanceof StreamConstraintsException
            ? "Structure or number is too large"
            : "Unexpected token received from parser",
        e);
  }

  private void fill(JsonParser parser, SdkPojo builder) throws IOException {
    Structure shape = SdkBinding.structure(builder);
    Map<String, Member> members = keys == Keys.WIRE ? shape.body() : shape.byName();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      Member member = members.get(parser.currentName());
      JsonToken token = parser.nextToken();
      if (member == null) {
        parser.skipChildren();
      } else if (token != JsonToken.VALUE_NULL || member.kind() == Kind.DOCUMENT) {
        member.set(builder, value(parser, member));
      }
    }
  }

  private @Nullable Object value(JsonParser parser, Member member) throws IOException {
    JsonToken token = parser.currentToken();
    if (member.kind() == Kind.DOCUMENT) {
      return document(parser);
    }
    if (token == JsonToken.VALUE_NULL) {
      return null;
    }
    return switch (member.kind()) {
      case STRUCTURE -> {
        expect(token, JsonToken.START_OBJECT);
        SdkPojo builder = member.constructor().get();
        fill(parser, builder);
        yield SdkBinding.build(builder);
      }
      case LIST -> {
        expect(token, JsonToken.START_ARRAY);
        List<@Nullable Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(parser, member.elementOf()));
        }
        yield list;
      }
      case MAP -> {
        expect(token, JsonToken.START_OBJECT);
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String key = parser.currentName();
          parser.nextToken();
          map.put(key, value(parser, member.elementOf()));
        }
        yield map;
      }
      default -> scalar(parser, Objects.requireNonNull(token), member);
    };
  }

  private static void expect(JsonToken token, JsonToken wanted) {
    if (token == wanted) {
      return;
    }
    throw switch (token) {
      case START_ARRAY -> Malformed.list();
      case START_OBJECT -> Malformed.structure();
      default -> Malformed.scalar();
    };
  }

  private static Object scalar(JsonParser parser, JsonToken token, Member member)
      throws IOException {
    Kind kind = member.kind();
    return switch (token) {
      case START_ARRAY -> throw Malformed.list();
      case START_OBJECT -> throw Malformed.structure();
      case VALUE_STRING -> text(parser, member);
      case VALUE_TRUE, VALUE_FALSE -> {
        if (kind != Kind.BOOLEAN) {
          throw Malformed.wrongType("java.lang.Boolean", kind);
        }
        yield token == JsonToken.VALUE_TRUE;
      }
      default -> number(parser, token, kind);
    };
  }

  private static Object text(JsonParser parser, Member member) throws IOException {
    Kind kind = member.kind();
    return switch (kind) {
      case STRING -> parser.getText();
      case BYTES -> {
        try {
          yield SdkBytes.fromByteArrayUnsafe(parser.getBinaryValue());
        } catch (JsonProcessingException e) {
          throw Malformed.wrongType("java.lang.String", kind);
        }
      }
      case FLOAT, DOUBLE -> notFinite(parser.getText(), kind);
      case INSTANT -> {
        try {
          TimeFormat format = member.time() == null ? TimeFormat.ISO_8601 : member.time();
          yield format.parse(parser.getText());
        } catch (IllegalArgumentException e) {
          throw Malformed.wrongType("java.lang.String", kind);
        }
      }
      default -> throw Malformed.wrongType("java.lang.String", kind);
    };
  }

  private static Object notFinite(String text, Kind kind) {
    double value =
        switch (text) {
          case "NaN" -> Double.NaN;
          case "Infinity" -> Double.POSITIVE_INFINITY;
          case "-Infinity" -> Double.NEGATIVE_INFINITY;
          default -> throw Malformed.wrongType("java.lang.String", kind);
        };
    return kind == Kind.FLOAT ? (Object) (float) value : (Object) value;
  }

  private static Object number(JsonParser parser, JsonToken token, Kind kind) throws IOException {
    return switch (kind) {
      case BYTE -> (byte) whole(parser, token, kind, Byte.MIN_VALUE, Byte.MAX_VALUE);
      case SHORT -> (short) whole(parser, token, kind, Short.MIN_VALUE, Short.MAX_VALUE);
      case INTEGER -> (int) whole(parser, token, kind, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case LONG -> whole(parser, token, kind, Long.MIN_VALUE, Long.MAX_VALUE);
      case FLOAT -> parser.getFloatValue();
      case DOUBLE -> parser.getDoubleValue();
      case BIG_DECIMAL -> parser.getDecimalValue();
      case INSTANT -> {
        try {
          yield TimeFormat.fromSeconds(parser.getDecimalValue());
        } catch (NumberFormatException e) {
          throw Malformed.wrongType(NUMBER, kind);
        }
      }
      default -> throw Malformed.wrongType(NUMBER, kind);
    };
  }

  /** Cuts a fraction off, as AWS does. */
  private static long whole(JsonParser parser, JsonToken token, Kind kind, long min, long max)
      throws IOException {
    long value;
    if (token == JsonToken.VALUE_NUMBER_INT) {
      try {
        value = parser.getLongValue();
      } catch (JsonProcessingException e) {
        throw Malformed.wrongType(NUMBER, kind);
      }
    } else {
      double exact = parser.getDoubleValue();
      if (Double.isNaN(exact) || Math.abs(exact) > 0x1p62) {
        throw Malformed.wrongType(NUMBER, kind);
      }
      value = (long) exact;
    }
    if (value < min || value > max) {
      throw Malformed.wrongType(NUMBER, kind);
    }
    return value;
  }

  private static Document document(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Document> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String key = parser.currentName();
          parser.nextToken();
          map.put(key, document(parser));
        }
        yield Document.fromMap(map);
      }
      case START_ARRAY -> {
        List<Document> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(document(parser));
        }
        yield Document.fromList(list);
      }
      case VALUE_STRING -> Document.fromString(parser.getText());
      case VALUE_TRUE -> Document.fromBoolean(true);
      case VALUE_FALSE -> Document.fromBoolean(false);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
        BigDecimal number = parser.getDecimalValue();
        yield Document.fromNumber(number);
      }
      default -> Document.fromNull();
    };
  }
}
