package dev.lambic.http;

import java.net.SocketAddress;

/**
 * One whole request: head and body.
 *
 * @param method as sent, such as {@code GET}
 * @param target the request target exactly as sent: raw path, then {@code ?} and raw query where
 *     there is one; never decoded, because signatures are made over these bytes; a server gives
 *     only such to its handlers as begin with a slash
 * @param headers as sent
 * @param body empty where there is none; owned by the receiver
 * @param remote the peer
 */
// Requests are never compared, and a copy of every body would be paid on the hot path.
@SuppressWarnings("ArrayRecordComponent")
public record HttpRequest(
    String method, String target, Headers headers, byte[] body, SocketAddress remote) {
  /** The raw path, without the query. */
  public String rawPath() {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /** The raw query without its question mark; empty where there is none. */
  public String rawQuery() {
    int query = target.indexOf('?');
    return query < 0 ? "" : target.substring(query + 1);
  }

  /** What the head holds of memory, in bytes; somewhat more rather than less. */
  int headBytes() {
    return method.length() + target.length() + headers.bytes();
  }
}
