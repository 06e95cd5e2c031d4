package dev.lambic.http;

import java.time.Duration;

/**
 * The limits of one listener.
 *
 * @param maxBodyBytes a longer request body is refused with 413
 * @param maxBufferedBytes requests in memory at one time, heads and bodies, whole or not, over all
 *     connections; what comes on top is refused with 503
 * @param maxHeadBytes a longer request line, or longer headers in all, are refused with 400
 * @param maxConnections further connections are closed at once
 * @param idleTimeout how long a connection may stay without a byte either way while no request of
 *     it is being answered, how long the head of a request may take from its first byte on, and how
 *     long a client may leave an answer's pieces unread; zero means for ever, but for heads
 */
public record HttpConfig(
    int maxBodyBytes,
    long maxBufferedBytes,
    int maxHeadBytes,
    int maxConnections,
    Duration idleTimeout) {
  /** Limits for a listener that anybody on the network may reach. */
  public static HttpConfig standard() {
    return new HttpConfig(80 << 20, 400L << 20, 64 << 10, 10_000, Duration.ofSeconds(75));
  }

  /** Checks the values. */
  public HttpConfig {
    if (maxBodyBytes <= 0
        || maxBufferedBytes < maxBodyBytes
        || maxHeadBytes <= 0
        || maxConnections <= 0
        || idleTimeout.isNegative()) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }
}
