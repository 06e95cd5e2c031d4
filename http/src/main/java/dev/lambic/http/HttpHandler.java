package dev.lambic.http;

import java.nio.charset.StandardCharsets;

/**
 * Answers requests.
 *
 * <p>Called on a thread of the server, which it must not block: work that may wait is handed to a
 * virtual thread. What it throws becomes a plain 500 and is reported as a fault.
 */
@FunctionalInterface
public interface HttpHandler {
  /** Answers one request, now or later. */
  void handle(HttpRequest request, Responder responder);

  /**
   * Answers what never became a request: bytes that are no HTTP (400) or a body over the limit
   * (413). The connection ends afterwards.
   *
   * @param reason for a person
   */
  default void refuse(int status, String reason, Responder responder) {
    String json = "{\"message\":\"" + reason + "\"}";
    responder.send(
        status,
        Headers.of("Content-Type", "application/json"),
        json.getBytes(StandardCharsets.UTF_8));
  }
}
