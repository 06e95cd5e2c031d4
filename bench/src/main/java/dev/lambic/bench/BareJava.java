package dev.lambic.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/**
 * The least that can call a Java handler over HTTP: one process, one connection, no isolation.
 *
 * <p>Connects to the port of 127.0.0.1 that the only argument names and answers what is asked
 * there. Uses the JDK only, and of that what is quick to start; reads of the event what the handler
 * does.
 */
final class BareJava {
  private static final String HEAD =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
  private static final String LENGTH = "\r\ncontent-length:";

  private BareJava() {}

  /** Serves until the connection ends. */
  public static void main(String[] args) throws IOException, InterruptedException {
    InetAddress host = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    try (Socket socket = new Socket(host, Integer.parseInt(args[0]))) {
      socket.setTcpNoDelay(true);
      serve(socket.getInputStream(), socket.getOutputStream());
    }
  }

  private static void serve(InputStream in, OutputStream out)
      throws IOException, InterruptedException {
    HelloFunction function = new HelloFunction();
    byte[] buffer = new byte[65536];
    int have = 0;
    while (true) {
      int whole = length(new String(buffer, 0, have, StandardCharsets.ISO_8859_1));
      if (have >= whole) {
        String request = new String(buffer, 0, whole, StandardCharsets.ISO_8859_1);
        System.arraycopy(buffer, whole, buffer, 0, have - whole);
        have -= whole;
        out.write(answer(function.handle(Map.of("name", name(request)))));
        continue;
      }
      int more = in.read(buffer, have, buffer.length - have);
      if (more <= 0) {
        return;
      }
      have += more;
    }
  }

  /** Of the whole request; more than there can be if its head is not there yet. */
  private static int length(String text) {
    int head = text.indexOf("\r\n\r\n");
    if (head < 0) {
      return Integer.MAX_VALUE;
    }
    int at = text.toLowerCase(Locale.ROOT).indexOf(LENGTH) + LENGTH.length();
    return head + 4 + Integer.parseInt(text.substring(at, text.indexOf('\r', at)).strip());
  }

  private static String name(String request) {
    int at = request.indexOf("\"name\":\"", request.indexOf("\r\n\r\n")) + 8;
    return request.substring(at, request.indexOf('"', at));
  }

  private static byte[] answer(Map<String, Object> members) {
    StringBuilder json = new StringBuilder("{");
    for (Map.Entry<String, Object> member : members.entrySet()) {
      String quote = member.getValue() instanceof String ? "\"" : "";
      json.append(json.length() > 1 ? "," : "").append('"').append(member.getKey()).append("\":");
      json.append(quote).append(member.getValue()).append(quote);
    }
    byte[] body = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
    byte[] head =
        HEAD.concat(String.valueOf(body.length))
            .concat("\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    byte[] all = Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, all, head.length, body.length);
    return all;
  }
}
