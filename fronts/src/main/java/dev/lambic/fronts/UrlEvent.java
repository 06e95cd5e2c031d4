package dev.lambic.fronts;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.wire.Caller;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request as an event for a function: payload format 2.0. Follows "Request payload format" of
 * "Invoking Lambda function URLs".
 *
 * @param domain the host, without a port
 * @param caller who signed; null if nobody had to
 * @param trace the trace header for the function
 */
record UrlEvent(
    HttpRequest request,
    FunctionUrl url,
    String domain,
    @Nullable Caller caller,
    String requestId,
    String trace,
    Instant time) {
  private static final JsonFactory JSON = new JsonFactory();
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  /** The event's JSON. */
  byte[] json() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024 + request.body().length);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("version", "2.0");
      json.writeStringField("routeKey", "$default");
      json.writeStringField("rawPath", request.rawPath());
      json.writeStringField("rawQueryString", request.rawQuery());
      cookies(json);
      strings(json, "headers", headers());
      Map<String, List<String>> query = query();
      if (!query.isEmpty()) {
        strings(json, "queryStringParameters", query);
      }
      json.writeObjectFieldStart("requestContext");
      context(json);
      json.writeEndObject();
      body(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory can always be written", e);
    }
    return bytes.toByteArray();
  }

  private void cookies(JsonGenerator json) throws IOException {
    List<String> cookies = new ArrayList<>();
    for (String header : request.headers().all("Cookie")) {
      for (String cookie : header.split(";")) {
        if (!cookie.isBlank()) {
          cookies.add(cookie.strip());
        }
      }
    }
    if (!cookies.isEmpty()) {
      json.writeArrayFieldStart("cookies");
      for (String cookie : cookies) {
        json.writeString(cookie);
      }
      json.writeEndArray();
    }
  }

  /** Lower-case names; several fields of a name are one with commas. */
  private Map<String, List<String>> headers() {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    request
        .headers()
        .forEach((name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (!lower.equals("cookie") && !lower.equals("connection")) {
            add(headers, lower, value);
          }
        });
    headers.put("x-amzn-trace-id", List.of(trace));
    headers.put("x-forwarded-for", List.of(source()));
    headers.put("x-forwarded-port", List.of(port()));
    headers.put("x-forwarded-proto", List.of("http"));
    return headers;
  }

  private static void add(Map<String, List<String>> to, String name, String value) {
    to.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
  }

  private Map<String, List<String>> query() {
    Map<String, List<String>> query = new LinkedHashMap<>();
    for (String part : request.rawQuery().split("&")) {
      if (!part.isEmpty()) {
        int equals = part.indexOf('=');
        String name = equals < 0 ? part : part.substring(0, equals);
        String value = equals < 0 ? "" : part.substring(equals + 1);
        add(query, decoded(name, false), decoded(value, false));
      }
    }
    return query;
  }

  private void context(JsonGenerator json) throws IOException {
    json.writeStringField("accountId", caller == null ? "anonymous" : caller.account());
    json.writeStringField("apiId", url.id());
    if (caller != null) {
      json.writeObjectFieldStart("authorizer");
      json.writeObjectFieldStart("iam");
      String key = caller.accessKeyId() == null ? "" : caller.accessKeyId();
      String id = caller.principalArn().endsWith(":root") ? caller.account() : key;
      json.writeStringField("accessKey", key);
      json.writeStringField("accountId", caller.account());
      json.writeStringField("callerId", id);
      json.writeNullField("cognitoIdentity");
      json.writeNullField("principalOrgId");
      json.writeStringField("userArn", caller.principalArn());
      json.writeStringField("userId", id);
      json.writeEndObject();
      json.writeEndObject();
    }
    json.writeStringField("domainName", domain);
    json.writeStringField("domainPrefix", url.id());
    json.writeObjectFieldStart("http");
    json.writeStringField("method", request.method());
    json.writeStringField("path", decoded(request.rawPath(), true));
    json.writeStringField("protocol", "HTTP/1.1");
    json.writeStringField("sourceIp", source());
    String agent = request.headers().get("User-Agent");
    json.writeStringField("userAgent", agent == null ? "" : agent);
    json.writeEndObject();
    json.writeStringField("requestId", requestId);
    json.writeStringField("routeKey", "$default");
    json.writeStringField("stage", "$default");
    json.writeStringField("time", TIME.format(time));
    json.writeNumberField("timeEpoch", time.toEpochMilli());
  }

  private void body(JsonGenerator json) throws IOException {
    byte[] body = request.body();
    String text = body.length > 0 && isText() ? utf8(body) : null;
    if (text != null) {
      json.writeStringField("body", text);
    } else if (body.length > 0) {
      json.writeBinaryField("body", body);
    }
    json.writeBooleanField("isBase64Encoded", body.length > 0 && text == null);
  }

  /** Whether the body's type is one that is handed on as it is; of others nothing is known. */
  private boolean isText() {
    Headers headers = request.headers();
    String type = headers.get("Content-Type");
    if (type == null || headers.has("Content-Encoding")) {
      return false;
    }
    String plain = type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return plain.startsWith("text/")
        || plain.equals("application/json")
        || plain.equals("application/xml")
        || plain.equals("application/javascript");
  }

  private static @Nullable String utf8(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException _) {
      return null;
    }
  }

  private String source() {
    return request.remote() instanceof InetSocketAddress address && address.getAddress() != null
        ? address.getAddress().getHostAddress()
        : "127.0.0.1";
  }

  private String port() {
    String host = request.headers().get("Host");
    int colon = host == null ? -1 : host.lastIndexOf(':');
    return host == null || colon < 0 ? "80" : host.substring(colon + 1);
  }

  /** What is no valid escape stays as it is. */
  private static String decoded(String text, boolean keepPlus) {
    try {
      return URLDecoder.decode(keepPlus ? text.replace("+", "%2B") : text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      return text;
    }
  }

  private static void strings(JsonGenerator json, String name, Map<String, List<String>> values)
      throws IOException {
    json.writeObjectFieldStart(name);
    for (Map.Entry<String, List<String>> entry : values.entrySet()) {
      json.writeStringField(entry.getKey(), String.join(",", entry.getValue()));
    }
    json.writeEndObject();
  }
}
