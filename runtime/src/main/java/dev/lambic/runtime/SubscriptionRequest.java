package dev.lambic.runtime;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What an extension asks of the Telemetry API or of the Logs API.
 *
 * <p>Follows "Lambda Telemetry API reference" and "Using the Lambda Logs API" of the Lambda
 * Developer Guide.
 *
 * @param types of {@code platform}, {@code function}, {@code extension}; at least one
 * @param maxItems events in a batch at most
 * @param maxBytes bytes in a batch at most, about
 * @param patience how long an event may wait for others
 */
record SubscriptionRequest(
    Schema schema,
    Set<String> types,
    int maxItems,
    int maxBytes,
    Duration patience,
    Destination destination) {
  /** Where the events go, on the loopback of the environment. */
  sealed interface Destination {
    int port();
  }

  /**
   * A server that is sent JSON arrays.
   *
   * @param method POST, or PUT if the Logs API was asked for it
   * @param target path and query
   */
  record Http(int port, String method, String target) implements Destination {}

  /** A listener that is sent one JSON object after the other, each on a line. */
  record Tcp(int port) implements Destination {}

  private static final List<String> TYPES = List.of("platform", "function", "extension");
  private static final int RUNTIME_API_PORT = 9001;

  /** Reads a request; a refusal names everything that is wrong with it. */
  static SubscriptionRequest parse(byte[] body, boolean logsApi) throws Refusal {
    Map<String, @Nullable Object> members;
    try {
      members = Json.members(body);
    } catch (IOException e) {
      throw refusal(logsApi, "Failed to parse JSON");
    }
    Reader reader = new Reader();
    SubscriptionRequest request = reader.read(members, logsApi);
    if (request == null || !reader.problems.isEmpty()) {
      throw refusal(logsApi, String.join("; ", reader.problems));
    }
    return request;
  }

  static Refusal refusal(boolean logsApi, String message) {
    return new Refusal(400, logsApi ? "Logs.ValidationError" : "ValidationError", message);
  }

  /** Collects what is wrong while it reads. */
  private static final class Reader {
    final List<String> problems = new ArrayList<>();
    private long maxItems = 10_000;
    private long maxBytes = 262_144;
    private long timeoutMs = 1000;

    @Nullable SubscriptionRequest read(Map<String, @Nullable Object> members, boolean logsApi) {
      Schema schema = schema(members.get("schemaVersion"), logsApi);
      Destination destination = destination(members.get("destination"), logsApi);
      Set<String> types = types(members.get("types"));
      buffering(members.get("buffering"));
      if (schema == null || destination == null) {
        return null;
      }
      Duration patience = Duration.ofMillis(timeoutMs);
      return new SubscriptionRequest(
          schema, types, (int) maxItems, (int) maxBytes, patience, destination);
    }

    private @Nullable Schema schema(@Nullable Object version, boolean logsApi) {
      if (version == null && logsApi) {
        return Schema.LOGS_2020;
      }
      Schema schema = version instanceof String text ? Schema.of(logsApi, text) : null;
      if (version == null) {
        problems.add("schemaVersion is not provided");
      } else if (schema == null) {
        problems.add("schemaVersion is not supported");
      }
      return schema;
    }

    private Set<String> types(@Nullable Object given) {
      Set<String> types = new LinkedHashSet<>();
      if (given instanceof List<?> list) {
        for (Object type : list) {
          if (type instanceof String text && TYPES.contains(text)) {
            types.add(text);
          } else {
            problems.add("types should be one of platform, function, extension");
            break; // said once, however many there are
          }
        }
      }
      if (types.isEmpty() && problems.stream().noneMatch(p -> p.startsWith("types"))) {
        problems.add("types should not be empty");
      }
      return types;
    }

    private void buffering(@Nullable Object given) {
      if (given == null) {
        return;
      }
      if (!(given instanceof Map<?, ?> buffering)) {
        problems.add("buffering should be an object");
        return;
      }
      number(buffering, "maxItems", 1000, 10_000, value -> maxItems = value);
      number(buffering, "maxBytes", 262_144, 1_048_576, value -> maxBytes = value);
      number(buffering, "timeoutMs", 25, 30_000, value -> timeoutMs = value);
    }

    private void number(Map<?, ?> from, String name, long min, long max, LongConsumer to) {
      if (!from.containsKey(name)) {
        return;
      }
      if (from.get(name) instanceof Long value && value >= min && value <= max) {
        to.accept(value);
      } else {
        problems.add(name + " should be between " + min + " and " + max);
      }
    }

    private @Nullable Destination destination(@Nullable Object given, boolean logsApi) {
      if (!(given instanceof Map<?, ?> map)) {
        problems.add("destination is not provided");
        return null;
      }
      Object protocol = map.get("protocol");
      if ("HTTP".equals(protocol)) {
        return http(map, logsApi);
      }
      if ("TCP".equals(protocol)) {
        return map.get("port") instanceof Long port && portOk(port)
            ? new Tcp((int) (long) port)
            : wrong("port should be between 1 and 65535, and not 9001");
      }
      return wrong("destination protocol should be HTTP or TCP");
    }

    private @Nullable Destination http(Map<?, ?> map, boolean logsApi) {
      if (!(map.get("URI") instanceof String text)) {
        return wrong("URI is not provided");
      }
      URI uri;
      try {
        uri = new URI(text);
      } catch (URISyntaxException e) {
        return wrong("URI is not valid");
      }
      String host = uri.getHost();
      if (!"http".equals(uri.getScheme())) {
        return wrong("URI scheme should be http");
      }
      if (!"sandbox.localdomain".equals(host) && !"sandbox".equals(host)) {
        return wrong("URI host should be sandbox.localdomain");
      }
      if (uri.getPort() < 0) {
        return wrong("URI port is not provided");
      }
      if (!portOk(uri.getPort())) {
        return wrong("URI port should be between 1 and 65535, and not 9001");
      }
      Object method = map.get("method");
      if (method != null && !(logsApi && "PUT".equals(method)) && !"POST".equals(method)) {
        return wrong("HTTP method is not supported");
      }
      String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      return new Http(uri.getPort(), method == null ? "POST" : (String) method, path + query);
    }

    private static boolean portOk(long port) {
      return port > 0 && port <= 65_535 && port != RUNTIME_API_PORT;
    }

    private @Nullable Destination wrong(String problem) {
      problems.add(problem);
      return null;
    }
  }
}
