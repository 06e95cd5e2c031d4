package dev.lambic.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

/**
 * One kept-alive connection that sends bytes made before and reads whole answers.
 *
 * <p>Blocking, for one thread at a time.
 */
final class HttpClient implements AutoCloseable {
  /** The longest that an answer may take. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Socket socket;
  private final OutputStream out;
  private final HttpMessages answers;

  /** Takes over a connection. */
  HttpClient(Socket connected) throws IOException {
    socket = connected;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout((int) PATIENCE.toMillis());
    out = socket.getOutputStream();
    answers = new HttpMessages(socket.getInputStream());
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

  /** Sends a request and waits for its answer. */
  HttpMessage exchange(byte[] request) throws IOException {
    send(request);
    return receive();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
