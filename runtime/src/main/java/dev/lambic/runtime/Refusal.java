package dev.lambic.runtime;

import dev.lambic.http.Responder;

/** A request that is answered with an error. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String type;

  Refusal(int status, String type, String message) {
    super(message, null, false, false);
    this.status = status;
    this.type = type;
  }

  /** What most errors of these APIs are. */
  static Refusal forbidden(String type, String message) {
    return new Refusal(403, type, message);
  }

  int status() {
    return status;
  }

  String type() {
    return type;
  }

  void answer(Responder responder) {
    byte[] body =
        Json.object(json -> {
          json.writeStringField("errorMessage", String.valueOf(getMessage()));
          json.writeStringField("errorType", type);
        });
    responder.send(status, Json.headers(), body);
  }
}
