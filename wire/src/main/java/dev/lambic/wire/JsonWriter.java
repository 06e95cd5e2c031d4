package dev.lambic.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.document.Document;

/** Writes SDK shapes as JSON; a member that was never set is left out. */
final class JsonWriter {
  private final JsonReader.Keys keys;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
  private final JsonGenerator json;

  private JsonWriter(JsonReader.Keys keys) throws IOException {
    this.keys = keys;
    this.json = Json.FACTORY.createGenerator(bytes);
  }

  /** The members of the shape that belong into a body, or all of them. */
  static byte[] write(SdkPojo shape, JsonReader.Keys keys) {
    return document(keys, writer -> writer.structure(shape));
  }

  /** One member as a whole document. */
  static byte[] writeValue(Member member, Object value) {
    return document(JsonReader.Keys.WIRE, writer -> writer.value(member, value));
  }

  /** An error: strings first, then the members of the shape where there is one. */
  static byte[] writeError(Map<String, @Nullable String> strings, @Nullable SdkPojo shape) {
    return document(
        JsonReader.Keys.WIRE,
        writer -> {
          writer.json.writeStartObject();
          for (Map.Entry<String, @Nullable String> entry : strings.entrySet()) {
            writer.json.writeStringField(entry.getKey(), entry.getValue());
          }
          if (shape != null) {
            for (Member member : SdkBinding.structure(shape).members()) {
              if (!strings.containsKey(member.wireName()) && !"".equals(member.get(shape))) {
                writer.member(shape, member);
              }
            }
          }
          writer.json.writeEndObject();
        });
  }

  @FunctionalInterface
  private interface Content {
    void into(JsonWriter writer) throws IOException;
  }

  private static byte[] document(JsonReader.Keys keys, Content content) {
    try {
      JsonWriter writer = new JsonWriter(keys);
      content.into(writer);
      writer.json.close();
      return writer.bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void structure(SdkPojo shape) throws IOException {
    json.writeStartObject();
    for (Member member : SdkBinding.structure(shape).members()) {
      member(shape, member);
    }
    json.writeEndObject();
  }

  private void member(SdkPojo shape, Member member) throws IOException {
    if (keys == JsonReader.Keys.WIRE && (member.place() != Place.BODY || member.payload())) {
      return;
    }
    Object value = member.get(shape);
    if (value != null) {
      json.writeFieldName(keys == JsonReader.Keys.WIRE ? member.wireName() : member.name());
      value(member, value);
    }
  }

  private void value(Member member, @Nullable Object value) throws IOException {
    if (value == null) {
      json.writeNull();
      return;
    }
    switch (member.kind()) {
      case STRING -> json.writeString((String) value);
      case BYTE, SHORT, INTEGER -> json.writeNumber(((Number) value).intValue());
      case LONG -> json.writeNumber((Long) value);
      case FLOAT -> {
        float number = (Float) value;
        if (Float.isFinite(number)) {
          json.writeNumber(number);
        } else {
          json.writeString(Float.toString(number));
        }
      }
      case DOUBLE -> {
        double number = (Double) value;
        if (Double.isFinite(number)) {
          json.writeNumber(number);
        } else {
          json.writeString(Double.toString(number));
        }
      }
      case BIG_DECIMAL -> json.writeNumber((BigDecimal) value);
      case BOOLEAN -> json.writeBoolean((Boolean) value);
      case INSTANT -> instant(member, (Instant) value);
      case BYTES -> json.writeBinary(((SdkBytes) value).asByteArrayUnsafe());
      case STRUCTURE -> structure((SdkPojo) value);
      case LIST -> {
        json.writeStartArray();
        for (Object element : (List<?>) value) {
          value(member.elementOf(), element);
        }
        json.writeEndArray();
      }
      case MAP -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
          json.writeFieldName((String) entry.getKey());
          value(member.elementOf(), entry.getValue());
        }
        json.writeEndObject();
      }
      case DOCUMENT -> document((Document) value);
    }
  }

  private void instant(Member member, Instant time) throws IOException {
    if (keys == JsonReader.Keys.MODEL) {
      json.writeNumber(TimeFormat.seconds(time));
    } else if (member.time() == null || member.time() == TimeFormat.UNIX) {
      json.writeNumber(new BigDecimal(TimeFormat.UNIX.write(time)));
    } else {
      json.writeString(member.time().write(time));
    }
  }

  private void document(Document value) throws IOException {
    if (value.isMap()) {
      json.writeStartObject();
      for (Map.Entry<String, Document> entry : value.asMap().entrySet()) {
        json.writeFieldName(entry.getKey());
        document(entry.getValue());
      }
      json.writeEndObject();
    } else if (value.isList()) {
      json.writeStartArray();
      for (Document element : value.asList()) {
        document(element);
      }
      json.writeEndArray();
    } else if (value.isString()) {
      json.writeString(value.asString());
    } else if (value.isBoolean()) {
      json.writeBoolean(value.asBoolean());
    } else if (value.isNumber()) {
      json.writeNumber(value.asNumber().bigDecimalValue());
    } else {
      json.writeNull();
    }
  }
}
