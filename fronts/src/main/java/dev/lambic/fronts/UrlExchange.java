package dev.lambic.fronts;

import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One request to a function URL, and how it is answered.
 *
 * @param trace the trace header that the function gets; null as long as none is run
 * @param cors null if the function is left to say what browsers may do
 */
record UrlExchange(
    HttpRequest request,
    Responder responder,
    String requestId,
    @Nullable String trace,
    @Nullable Cors cors) {
  private static final byte[] NOTHING = new byte[0];

  /** The same with the trace of its invocation. */
  UrlExchange traced(String newTrace) {
    return new UrlExchange(request, responder, requestId, newTrace, cors);
  }

  void send(int status, Headers headers, byte[] body) {
    responder.send(status, complete(headers), hasBody(status) ? body : NOTHING);
  }

  BodySink begin(int status, Headers headers) {
    return responder.begin(status, complete(headers));
  }

  /** Whether a message of this status may have a body. */
  static boolean hasBody(int status) {
    return status >= 200 && status != 204 && status != 304;
  }

  private Headers complete(Headers headers) {
    headers.set("x-amzn-RequestId", requestId);
    if (trace != null) {
      headers.set("X-Amzn-Trace-Id", trace);
    }
    if (cors != null) {
      cors.apply(request, headers);
    }
    return headers;
  }

  /** An answer of Lambda itself. */
  void refuse(int status, String member, String message) {
    String json = "{\"" + member + "\":\"" + message + "\"}";
    send(
        status,
        Headers.of("Content-Type", "application/json"),
        json.getBytes(StandardCharsets.UTF_8));
  }

  /** For a function that failed, or whose result says nothing. */
  void broken() {
    send(
        502,
        Headers.of("Content-Type", "application/json"),
        "Internal Server Error".getBytes(StandardCharsets.UTF_8));
  }
}
