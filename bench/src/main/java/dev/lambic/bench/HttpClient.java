package dev.lambic.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/**
 * One kept-alive connection that sends bytes made before and reads whole answers.
 *
 * <p>Blocking, for one thread at a time.
 */
final class HttpClient implements AutoCloseable {
  /** The longest that an answer may take. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final HttpMessages answers;

  /** Takes over a connection. */
  HttpClient(Socket connected) throws IOException {
    socket = connected;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout((int) PATIENCE.toMillis());
    out = socket.getOutputStream();
    in = socket.getInputStream();
    answers = new HttpMessages(in);
  }

  /** Connects to the address. */
  static HttpClient connect(InetSocketAddress address) throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(address, (int) PATIENCE.toMillis());
      return new HttpClient(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Connects to a port of 127.0.0.1. */
  static HttpClient connect(int port) throws IOException {
    return connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /** A request with a body of JSON to this machine, as bytes. */
  static byte[] post(String path, String body) {
    return ("POST "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  void send(byte[] request) throws IOException {
    out.write(request);
  }

  /**
   * The answer that comes next.
   *
   * @throws IOException if none does
   */
  HttpMessage receive() throws IOException {
    HttpMessage answer = answers.next();
    if (answer == null) {
      throw new IOException("the server has closed the connection");
    }
    return answer;
  }

  /**
   * Waits for the first byte of an answer of whatever kind.
   *
   * @throws IOException if none comes
   */
  void awaitAnything() throws IOException {
    if (in.read() < 0) {
      throw new IOException("the server has closed the connection");
    }
  }

  /** Sends a request and waits for its answer. */
  HttpMessage exchange(byte[] request) throws IOException {
    send(request);
    return receive();
  }

  /**
   * Sends a request whose answer comes in chunks and reads that to its end.
   *
   * @return the time at which the first byte of its body was there
   * @throws IOException if it is not a chunked 200
   */
  long firstByte(byte[] request) throws IOException {
    send(request);
    byte[] answer = new byte[64 << 10];
    int length = 0;
    int body = -1;
    long first = 0;
    while (body < 0 || !endsWith(answer, length, LAST_CHUNK)) {
      int read = length == answer.length ? -1 : in.read(answer, length, answer.length - length);
      if (read < 0) {
        throw new IOException("the answer does not end: " + text(answer, length));
      }
      length += read;
      if (body < 0) {
        int head = text(answer, length).indexOf("\r\n\r\n");
        if (head >= 0 && length > head + 4) {
          body = head + 4;
          first = System.nanoTime();
        }
      }
    }
    if (!text(answer, length).startsWith("HTTP/1.1 200 ")) {
      throw new IOException("the call failed: " + text(answer, length));
    }
    return first;
  }

  private static boolean endsWith(byte[] bytes, int length, byte[] end) {
    return length >= end.length
        && Arrays.equals(bytes, length - end.length, length, end, 0, end.length);
  }

  private static String text(byte[] bytes, int length) {
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
