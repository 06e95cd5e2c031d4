package dev.lambic.server;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what a web page of somebody else makes a browser send.
 *
 * <p>On a developer's machine any page can reach loopback, and a server that accepts every access
 * key would run its code. Browsers mark such requests; the SDKs and tools of AWS never do.
 */
final class BrowserGuard implements HttpHandler {
  private static final byte[] REFUSED =
      "{\"message\":\"Requests from web pages are not accepted.\"}"
          .getBytes(StandardCharsets.UTF_8);

  private final HttpHandler inner;

  BrowserGuard(HttpHandler inner) {
    this.inner = inner;
  }

  @Override
  public void handle(HttpRequest request, Responder responder) {
    @Nullable String site = request.headers().get("Sec-Fetch-Site");
    boolean foreign =
        request.headers().has("Origin")
            || (site != null && !site.equals("none") && !site.equals("same-origin"));
    if (foreign) {
      responder.send(403, Headers.of("Content-Type", "application/json"), REFUSED);
    } else {
      inner.handle(request, responder);
    }
  }

  @Override
  public void refuse(int status, String reason, Responder responder) {
    inner.refuse(status, reason, responder);
  }
}
