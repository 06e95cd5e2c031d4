package dev.lambic.acceptance;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The answer to one request to a host that no name server knows, on the server's own address.
 *
 * @param head status line and headers
 * @param body decoded
 */
record UrlCall(String head, String body) {
  /**
   * Sends a request.
   *
   * @param url whose host goes into the Host header
   * @param headers names and values in turn
   */
  static UrlCall send(URI server, String method, URI url, List<String> headers, String body)
      throws IOException {
    String target = url.getRawPath() + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery());
    StringBuilder head =
        new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: " + url.getAuthority());
    for (int i = 0; i < headers.size(); i += 2) {
      head.append("\r\n").append(headers.get(i)).append(": ").append(headers.get(i + 1));
    }
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    head.append("\r\nConnection: close\r\nContent-Length: ").append(bytes.length);
    try (RawHttp raw = RawHttp.connect(server)) {
      String said = raw.say(head.append("\r\n\r\n").toString()).say(bytes).rest();
      int end = said.indexOf("\r\n\r\n");
      String answer = said.substring(0, end).toLowerCase(Locale.ROOT);
      String rest = said.substring(end + 4);
      return new UrlCall(
          said.substring(0, end),
          answer.contains("transfer-encoding: chunked") ? join(rest) : rest);
    }
  }

  private static String join(String chunks) {
    StringBuilder body = new StringBuilder();
    int at = 0;
    while (true) {
      int line = chunks.indexOf("\r\n", at);
      int size = Integer.parseInt(chunks.substring(at, line), 16);
      if (size == 0) {
        return body.toString();
      }
      body.append(chunks, line + 2, line + 2 + size);
      at = line + 2 + size + 2;
    }
  }

  int status() {
    return Integer.parseInt(head.split(" ", 3)[1]);
  }

  /** All values of a header. */
  List<String> header(String name) {
    List<String> values = new ArrayList<>();
    for (String line : head.split("\r\n")) {
      if (line.regionMatches(true, 0, name + ":", 0, name.length() + 1)) {
        values.add(line.substring(name.length() + 1).strip());
      }
    }
    return values;
  }
}
