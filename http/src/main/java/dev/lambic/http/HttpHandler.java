package dev.lambic.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

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
   * Whether the body of this request shall come in pieces, by {@link #receive}, rather than whole.
   *
   * <p>To be told by the head alone: it is asked while earlier requests of the connection may still
   * wait for their answers. The listener's limits of body sizes do not hold for pieces.
   *
   * @param head the request without its body
   */
  default boolean wantsPieces(HttpRequest head) {
    return false;
  }

  /**
   * Begins to take a request whose body comes in pieces; earlier requests of the connection were
   * answered. The answer may be given before the body's end; the connection ends with it then.
   *
   * @param head the request without its body
   */
  default BodyReceiver receive(HttpRequest head, BodyFlow flow, Responder responder) {
    throw new UnsupportedOperationException("takes no pieces");
  }

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

  /**
   * As the other one, for those to whom it matters what was asked for.
   *
   * @param head the request without its body; null if not even that could be read
   */
  default void refuse(int status, String reason, @Nullable HttpRequest head, Responder responder) {
    refuse(status, reason, responder);
  }
}
