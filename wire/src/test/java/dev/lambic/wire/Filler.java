package dev.lambic.wire;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.document.Document;

/** Fills every member of any shape with some value that is like no other. */
final class Filler {
  /** Shapes may contain themselves. */
  private static final int MAX_DEPTH = 6;

  private final String text;
  private int counter;

  Filler() {
    this("ä&= \"\\\u0001€😀");
  }

  /** With texts that begin so, for protocols that cannot carry everything. */
  Filler(String text) {
    this.text = text;
  }

  /** Fills the builder and everything below. */
  SdkPojo filled(SdkPojo builder) {
    return fill(builder, 0);
  }

  private SdkPojo fill(SdkPojo builder, int depth) {
    for (Member member : SdkBinding.structure(builder).members()) {
      if (depth < MAX_DEPTH) {
        member.set(builder, value(member, depth));
      }
    }
    return SdkBinding.build(builder);
  }

  private Object value(Member member, int depth) {
    counter++;
    return switch (member.kind()) {
      case STRING ->
          switch (member.place()) {
            case PATH -> "a:b/c +~ä" + counter;
            case HEADER -> "a \"b\", c" + counter;
            default -> text + counter;
          };
      case BYTE -> (byte) (counter % 100);
      case SHORT -> (short) counter;
      case INTEGER -> member.place() == Place.STATUS ? 203 : (Object) (-counter);
      case LONG -> Long.MAX_VALUE - counter;
      case FLOAT -> counter + 0.5f;
      case DOUBLE -> counter + 0.125;
      case BIG_DECIMAL -> new BigDecimal("12345678901234567890." + counter);
      case BOOLEAN -> counter % 2 == 0;
      // Protocols carry milliseconds in bodies, but headers only whole seconds.
      case INSTANT ->
          Instant.ofEpochSecond(
              1_700_000_000L + counter, member.place() == Place.BODY ? 123_000_000 : 0);
      case BYTES -> SdkBytes.fromUtf8String("bytes \u0000 " + counter);
      case STRUCTURE -> fill(member.constructor().get(), depth + 1);
      case LIST -> {
        List<Object> list = new ArrayList<>();
        list.add(value(member.elementOf(), depth + 1));
        list.add(value(member.elementOf(), depth + 1));
        yield list;
      }
      case MAP -> {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("key " + counter, value(member.elementOf(), depth + 1));
        map.put("Ключ " + counter, value(member.elementOf(), depth + 1));
        yield map;
      }
      case DOCUMENT ->
          Document.fromMap(
              Map.of(
                  "list",
                  Document.fromList(List.of(Document.fromNumber(counter), Document.fromNull())),
                  "text",
                  Document.fromString("t" + counter)));
    };
  }
}
