package dev.lambic.fronts;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What pages of other hosts may do with a function URL. Follows "Cross-origin resource sharing
 * (CORS)" of "Creating and managing Lambda function URLs".
 *
 * @param credentials whether they may send cookies
 * @param allowHeaders that they may send; a star for all
 * @param allowMethods that they may use; a star for all
 * @param allowOrigins from which they may come; a star for all
 * @param exposeHeaders that they may read
 * @param maxAge seconds for which a browser may keep the answer to its question; null for its usual
 */
public record Cors(
    boolean credentials,
    List<String> allowHeaders,
    List<String> allowMethods,
    List<String> allowOrigins,
    List<String> exposeHeaders,
    @Nullable Integer maxAge) {
  /** Copies the lists. */
  public Cors {
    allowHeaders = List.copyOf(allowHeaders);
    allowMethods = List.copyOf(allowMethods);
    allowOrigins = List.copyOf(allowOrigins);
    exposeHeaders = List.copyOf(exposeHeaders);
  }

  /** Whether a browser asks what it may do, which no function is run for. */
  static boolean isQuestion(HttpRequest request) {
    return request.method().equals("OPTIONS")
        && request.headers().has("Origin")
        && request.headers().has("Access-Control-Request-Method");
  }

  /** Adds the answer to such a question. */
  void answer(HttpRequest request, Headers answer) {
    if (!allows(request.headers().get("Origin"))) {
      return;
    }
    allow(request, answer);
    if (!allowMethods.isEmpty()) {
      answer.set("Access-Control-Allow-Methods", String.join(",", allowMethods));
    }
    if (!allowHeaders.isEmpty()) {
      answer.set("Access-Control-Allow-Headers", String.join(",", allowHeaders));
    }
    if (maxAge != null) {
      answer.set("Access-Control-Max-Age", maxAge.toString());
    }
  }

  /** Adds what a browser has to know of another answer, instead of what the function says. */
  void apply(HttpRequest request, Headers answer) {
    if (allows(request.headers().get("Origin"))) {
      allow(request, answer);
      if (!exposeHeaders.isEmpty()) {
        answer.set("Access-Control-Expose-Headers", String.join(",", exposeHeaders));
      }
    }
  }

  private void allow(HttpRequest request, Headers answer) {
    String origin = request.headers().get("Origin");
    boolean everybody = allowOrigins.contains("*") && !credentials;
    answer.set("Access-Control-Allow-Origin", everybody || origin == null ? "*" : origin);
    if (!everybody) {
      answer.add("Vary", "Origin");
    }
    if (credentials) {
      answer.set("Access-Control-Allow-Credentials", "true");
    }
  }

  private boolean allows(@Nullable String origin) {
    return origin != null
        && allowOrigins.stream()
            .anyMatch(allowed -> allowed.equals("*") || allowed.equalsIgnoreCase(origin));
  }
}
