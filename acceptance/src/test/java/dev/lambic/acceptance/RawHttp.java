package dev.lambic.acceptance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A connection on which anything may be said, also what is no HTTP. */
final class RawHttp implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 40_000;

  private final Socket socket = new Socket();

  private RawHttp() {}

  static RawHttp connect(URI server) throws IOException {
    RawHttp raw = new RawHttp();
    raw.socket.connect(new InetSocketAddress(server.getHost(), server.getPort()), TIMEOUT_MILLIS);
    raw.socket.setSoTimeout(TIMEOUT_MILLIS);
    return raw;
  }

  RawHttp say(String text) throws IOException {
    return say(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  RawHttp say(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return this;
  }

  /** Says that nothing more will come. */
  RawHttp end() throws IOException {
    socket.shutdownOutput();
    return this;
  }

  /** Reads until the server has said so. */
  RawHttp awaitText(String text) throws IOException {
    StringBuilder said = new StringBuilder();
    while (said.indexOf(text) < 0) {
      int next = socket.getInputStream().read();
      if (next < 0) {
        throw new AssertionError("closed after: " + said);
      }
      said.append((char) next);
    }
    return this;
  }

  /** All that the server says until it closes the connection. */
  String rest() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    InputStream in = socket.getInputStream();
    byte[] buffer = new byte[8192];
    try {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        all.write(buffer, 0, count);
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("not closed; said so far: " + all, e);
    } catch (IOException reset) {
      // A connection that is reset has ended too.
      return all.toString(StandardCharsets.ISO_8859_1);
    }
    return all.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
