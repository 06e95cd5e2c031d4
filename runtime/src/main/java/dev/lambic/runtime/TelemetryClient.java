package dev.lambic.runtime;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Hands batches of events to the listener of a subscriber.
 *
 * <p>What the listener sends is hostile: only so much of it is read, and only for so long. {@link
 * #send} is called by one thread at a time; {@link #abort} and {@link #close} by any.
 */
final class TelemetryClient {
  /** Opens a connection to a port on the loopback of the environment. */
  @FunctionalInterface
  interface Dialer {
    SocketChannel connect(int port, Duration limit) throws IOException;
  }

  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
  private static final int ANSWER_MILLIS = 30_000;
  private static final int MAX_HEAD_BYTES = 64 << 10;
  private static final int MAX_BODY_BYTES = 1 << 20;

  private final SubscriptionRequest.Destination destination;
  private final Dialer dialer;
  private volatile @Nullable SocketChannel open;
  private volatile boolean closed;

  TelemetryClient(SubscriptionRequest.Destination destination, Dialer dialer) {
    this.destination = destination;
    this.dialer = dialer;
  }

  /** Sends a batch; what it throws means that the listener may not have got it. */
  void send(List<byte[]> events) throws IOException {
    try {
      switch (destination) {
        case SubscriptionRequest.Http http -> post(http, events);
        case SubscriptionRequest.Tcp _ -> stream(events);
      }
    } catch (IOException | RuntimeException e) {
      abort();
      throw e;
    }
  }

  /** Ends the connection; a sending that is under way fails. */
  void abort() {
    SocketChannel channel = open;
    open = null;
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // It is of no more use in any case.
      }
    }
  }

  /** Ends the connection, and each that would be opened later. */
  void close() {
    closed = true;
    abort();
  }

  private SocketChannel connect() throws IOException {
    SocketChannel channel = dialer.connect(destination.port(), CONNECT_LIMIT);
    open = channel;
    if (closed) {
      throw new ClosedChannelException();
    }
    return channel;
  }

  private void stream(List<byte[]> events) throws IOException {
    SocketChannel channel = open;
    if (channel == null) {
      channel = connect();
    }
    channel.socket().getOutputStream().write(join(events, "", "\n", "\n"));
  }

  private void post(SubscriptionRequest.Http http, List<byte[]> events) throws IOException {
    byte[] body = join(events, "[", ",", "]");
    String head =
        http.method()
            + " "
            + http.target()
            + " HTTP/1.1\r\nHost: sandbox.localdomain:"
            + http.port()
            + "\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length
            + "\r\nConnection: close\r\n\r\n";
    // A connection for each batch: extensions may be frozen for hours between two.
    SocketChannel channel = connect();
    channel.socket().setSoTimeout(ANSWER_MILLIS);
    OutputStream out = channel.socket().getOutputStream();
    out.write(head.getBytes(StandardCharsets.US_ASCII));
    out.write(body);
    int status = answer(new BufferedInputStream(channel.socket().getInputStream(), 1024));
    abort();
    if (status < 200 || status > 299) {
      throw new IOException("HTTP status " + status);
    }
  }

  private static byte[] join(List<byte[]> events, String first, String between, String last) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(first.getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < events.size(); i++) {
      if (i > 0) {
        bytes.writeBytes(between.getBytes(StandardCharsets.US_ASCII));
      }
      bytes.writeBytes(events.get(i));
    }
    bytes.writeBytes(last.getBytes(StandardCharsets.US_ASCII));
    return bytes.toByteArray();
  }

  /** Reads a whole answer, for a server may be upset if its client leaves before; its status. */
  private static int answer(InputStream in) throws IOException {
    int[] room = {MAX_HEAD_BYTES};
    String first = line(in, room);
    if (!first.matches("HTTP/1\\.[01] \\d\\d\\d( .*)?")) {
      throw new IOException("no HTTP");
    }
    long length = MAX_BODY_BYTES;
    for (String line = line(in, room); !line.isEmpty(); line = line(in, room)) {
      String lower = line.toLowerCase(Locale.ROOT);
      if (lower.matches("content-length:\\s*\\d{1,9}\\s*")) {
        length = Long.parseLong(lower.substring(lower.indexOf(':') + 1).trim());
      }
    }
    int status = Integer.parseInt(first.substring(9, 12));
    if (status == 204 || status == 304) {
      length = 0;
    }
    try {
      in.skipNBytes(Math.min(length, MAX_BODY_BYTES));
    } catch (EOFException e) {
      // Without a length, this is how a body ends.
    }
    return status;
  }

  private static String line(InputStream in, int[] room) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0 || room[0]-- <= 0) {
        throw new IOException("the answer is cut off or too long");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
