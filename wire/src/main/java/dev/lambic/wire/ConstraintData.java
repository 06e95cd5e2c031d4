package dev.lambic.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the public service model says and the SDK does not carry: limits, errors, statuses.
 *
 * <p>Read from {@code constraints-SERVICE.json}, which {@code wire/tools/constraints.py} makes.
 * Immutable.
 *
 * @param errors by error code
 * @param statuses HTTP status of success by operation, where it is not 200
 * @param refusals code of the error about a broken limit by operation, where it is not
 *     ValidationException
 * @param types limits by shape
 * @param structures by shape, or by operation and "Request": the type of each member, with an
 *     exclamation mark in front where it is required
 * @param facts about the service as a whole, by name
 * @param silent operations of the query protocol that answer nothing
 */
record ConstraintData(
    Map<String, ErrorShape> errors,
    Map<String, Integer> statuses,
    Map<String, String> refusals,
    Map<String, Limits> types,
    Map<String, Map<String, String>> structures,
    Map<String, String> facts,
    Set<String> silent) {

  /** Nothing at all. */
  static final ConstraintData NONE =
      new ConstraintData(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Set.of());

  /** The data of a service; empty where there is none. */
  static ConstraintData of(String service) {
    ConstraintData data =
        new ConstraintData(
            new HashMap<>(),
            new HashMap<>(),
            new HashMap<>(),
            new HashMap<>(),
            new HashMap<>(),
            new HashMap<>(),
            new HashSet<>());
    try (InputStream file =
        ConstraintData.class.getResourceAsStream("constraints-" + service + ".json")) {
      if (file != null) {
        try (JsonParser json = Json.FACTORY.createParser(file)) {
          data.read(json);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return data;
  }

  /** The namespace of the service's XML; empty where it speaks none. */
  String namespace() {
    return facts.getOrDefault("namespace", "");
  }

  /** Whether messages about broken limits repeat neither values nor enumerations. */
  boolean terse() {
    return facts.containsKey("terse");
  }

  private void read(JsonParser json) throws IOException {
    json.nextToken();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String part = json.currentName();
      json.nextToken();
      switch (part) {
        case "errors" -> each(json, code -> errors.put(code, error(json)));
        case "statuses" -> each(json, operation -> statuses.put(operation, json.getIntValue()));
        case "refusals" -> each(json, operation -> refusals.put(operation, json.getText()));
        case "types" -> each(json, shape -> types.put(shape, limits(json)));
        case "structures" -> each(json, shape -> structures.put(shape, strings(json)));
        case "facts" -> facts.putAll(strings(json));
        case "silent" -> {
          while (json.nextToken() != JsonToken.END_ARRAY) {
            silent.add(json.getText());
          }
        }
        default -> json.skipChildren();
      }
    }
  }

  @FunctionalInterface
  private interface Entry {
    void read(String key) throws IOException;
  }

  private static void each(JsonParser json, Entry entry) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      entry.read(key);
    }
  }

  private static Map<String, String> strings(JsonParser json) throws IOException {
    Map<String, String> map = new LinkedHashMap<>();
    each(json, key -> map.put(key, json.getText()));
    return map;
  }

  private static ErrorShape error(JsonParser json) throws IOException {
    int status = 400;
    String text = "message";
    boolean typed = false;
    boolean receiver = false;
    Map<String, String> headers = Map.of();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      switch (key) {
        case "status" -> status = json.getIntValue();
        case "text" -> text = json.getText();
        case "type" -> typed = json.getBooleanValue();
        case "receiver" -> receiver = json.getBooleanValue();
        case "headers" -> headers = strings(json);
        default -> throw new IOException("unknown: " + key);
      }
    }
    return new ErrorShape(status, text, typed, receiver, headers);
  }

  private static Limits limits(JsonParser json) throws IOException {
    Map<String, String> texts = new HashMap<>();
    List<String> values = new ArrayList<>();
    each(
        json,
        key -> {
          if (key.equals("enum")) {
            while (json.nextToken() != JsonToken.END_ARRAY) {
              values.add(json.getText());
            }
          } else {
            texts.put(key, json.getText());
          }
        });
    String pattern = texts.get("pattern");
    return new Limits(
        texts.get("min"),
        texts.get("max"),
        pattern == null ? null : new Regex(pattern),
        List.copyOf(values),
        texts.getOrDefault("member", ""),
        texts.getOrDefault("key", ""),
        texts.getOrDefault("value", ""),
        texts.containsKey("notNull"),
        texts.containsKey("number"),
        texts.containsKey("sensitive"));
  }
}
