package dev.lambic.wire;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.SdkRequest;

/** restJson1: members in the path, the query and headers; the rest, or one member, is the body. */
final class RestJson implements Protocol {
  private static final JsonReader READER = new JsonReader(JsonReader.Keys.WIRE);
  private static final byte[] NOTHING = new byte[0];

  @Override
  public SdkRequest read(RouteTable.Match match, HttpRequest request) {
    Operation operation = match.operation();
    SdkPojo builder = operation.newRequest().get();
    Structure input = SdkBinding.structure(builder);
    QueryString query = QueryString.parse(request.rawQuery());
    for (Member member : input.members()) {
      Object value =
          switch (member.place()) {
            case PATH -> {
              String label = match.label(member.wireName());
              yield label == null ? null : Scalars.parse(label, member, TimeFormat.ISO_8601);
            }
            case QUERY -> fromQuery(query, member, input);
            case HEADER -> fromHeader(request.headers(), member);
            case BODY, STATUS -> null;
          };
      if (value != null) {
        member.set(builder, value);
      }
    }
    Member payload = input.payload();
    if (payload != null) {
      payload.set(builder, payload(request.body(), payload));
    } else if (!input.body().isEmpty()) {
      READER.read(request.body(), builder);
    }
    return (SdkRequest) SdkBinding.build(builder);
  }

  private static @Nullable Object payload(byte[] body, Member payload) {
    return switch (payload.kind()) {
      case BYTES -> body.length == 0 ? null : SdkBytes.fromByteArrayUnsafe(body);
      case STRING -> body.length == 0 ? null : new String(body, StandardCharsets.UTF_8);
      default -> READER.readValue(body, payload);
    };
  }

  private static @Nullable Object fromQuery(QueryString query, Member member, Structure input) {
    return switch (member.kind()) {
      case LIST -> {
        List<String> texts = query.all(member.wireName());
        yield texts.isEmpty() ? null : list(texts, member, TimeFormat.ISO_8601);
      }
      case MAP -> {
        Map<String, Object> map = new LinkedHashMap<>();
        for (String name : query.names()) {
          if (!boundInQuery(name, input)) {
            Member element = member.elementOf();
            map.put(
                name,
                element.kind() == Kind.LIST
                    ? list(query.all(name), element, TimeFormat.ISO_8601)
                    : Objects.requireNonNullElse(query.get(name), ""));
          }
        }
        yield map.isEmpty() ? null : map;
      }
      default -> {
        String text = query.get(member.wireName());
        yield text == null ? null : Scalars.parse(text, member, TimeFormat.ISO_8601);
      }
    };
  }

  /** Whether the parameter belongs to another member than the map of all others. */
  private static boolean boundInQuery(String name, Structure input) {
    for (Member member : input.members()) {
      if (member.place() == Place.QUERY
          && member.kind() != Kind.MAP
          && member.wireName().equals(name)) {
        return true;
      }
    }
    return false;
  }

  private static @Nullable Object fromHeader(Headers headers, Member member) {
    if (member.kind() == Kind.MAP) {
      Map<String, String> map = new LinkedHashMap<>();
      String prefix = member.wireName();
      headers.forEach((name, value) -> {
        if (name.regionMatches(true, 0, prefix, 0, prefix.length())) {
          map.put(name.substring(prefix.length()).toLowerCase(Locale.ROOT), value);
        }
      });
      return map.isEmpty() ? null : map;
    }
    if (member.kind() == Kind.LIST) {
      List<String> texts = new ArrayList<>();
      for (String value : headers.all(member.wireName())) {
        // A date has a comma of its own.
        if (member.elementOf().kind() == Kind.INSTANT) {
          texts.add(value);
        } else {
          Arrays.stream(value.split(",", -1)).map(String::strip).forEach(texts::add);
        }
      }
      return texts.isEmpty() ? null : list(texts, member, TimeFormat.RFC_822);
    }
    String text = headers.get(member.wireName());
    if (text != null && member.jsonText()) {
      try {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw Malformed.text(Kind.BYTES, e);
      }
    }
    return text == null ? null : Scalars.parse(text, member, TimeFormat.RFC_822);
  }

  private static List<Object> list(List<String> texts, Member list, TimeFormat times) {
    List<Object> values = new ArrayList<>();
    for (String text : texts) {
      values.add(Scalars.parse(text, list.elementOf(), times));
    }
    return values;
  }

  @Override
  public Answer write(SdkPojo response, int status, HttpRequest request, Headers headers) {
    Structure shape = SdkBinding.structure(response);
    int answered = status;
    for (Member member : shape.members()) {
      Object value = member.get(response);
      if (value == null) {
        continue;
      }
      if (member.place() == Place.STATUS) {
        answered = (Integer) value;
      } else if (member.place() == Place.HEADER) {
        header(member, value, headers);
      }
    }
    Member payload = shape.payload();
    if (payload != null) {
      Object value = payload.get(response);
      headers.add("Content-Type", contentType(payload.kind()));
      return new Answer(answered, headers, value == null ? NOTHING : payload(payload, value));
    }
    if (answered == 204) {
      return new Answer(answered, headers, NOTHING);
    }
    headers.add("Content-Type", "application/json");
    return new Answer(answered, headers, JsonWriter.write(response, JsonReader.Keys.WIRE));
  }

  private static String contentType(Kind payload) {
    return switch (payload) {
      case BYTES -> "application/octet-stream";
      case STRING -> "text/plain";
      default -> "application/json";
    };
  }

  private static byte[] payload(Member payload, Object value) {
    return switch (payload.kind()) {
      case BYTES -> ((SdkBytes) value).asByteArrayUnsafe();
      case STRING -> ((String) value).getBytes(StandardCharsets.UTF_8);
      default -> JsonWriter.writeValue(payload, value);
    };
  }

  private static void header(Member member, Object value, Headers headers) {
    if (value instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        headers.add(member.wireName() + entry.getKey(), line(String.valueOf(entry.getValue())));
      }
    } else if (value instanceof List<?> list) {
      List<String> texts = new ArrayList<>();
      for (Object element : list) {
        texts.add(Scalars.text(member.elementOf(), element, TimeFormat.RFC_822));
      }
      headers.add(member.wireName(), line(String.join(",", texts)));
    } else {
      headers.add(member.wireName(), line(Scalars.text(member, value, TimeFormat.RFC_822)));
    }
  }

  /** Without control characters, which would end the header. */
  private static String line(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ') {
        return text.replaceAll("\\p{Cntrl}", " ");
      }
    }
    return text;
  }
}
