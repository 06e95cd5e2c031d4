package dev.lambic.server;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers whether the server can do its work: 200, or 503 with the parts that cannot. Everybody may
 * ask, so what is wrong with them is left to the log. Safe for use by many threads.
 */
final class Health implements HttpHandler {
  private final Map<String, Supplier<@Nullable String>> parts;

  /**
   * Looks at these parts.
   *
   * @param parts by their names, which need no escapes; each tells what is wrong, or null
   */
  Health(Map<String, Supplier<@Nullable String>> parts) {
    this.parts = new TreeMap<>(parts);
  }

  @Override
  public void handle(HttpRequest request, Responder responder) {
    StringBuilder failing = new StringBuilder();
    parts.forEach((name, trouble) -> {
      if (trouble.get() != null) {
        failing.append(failing.isEmpty() ? "\"" : ",\"").append(name).append('"');
      }
    });
    boolean well = failing.isEmpty();
    String text =
        well ? "{\"status\":\"ready\"}" : "{\"status\":\"failing\",\"parts\":[" + failing + "]}";
    responder.send(
        well ? 200 : 503,
        Headers.of("Content-Type", "application/json"),
        text.getBytes(StandardCharsets.UTF_8));
  }
}
