package every;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Scanner;
import javax.net.ssl.SSLContext;

/** What ./lambic test runtimes asks of every Java. */
public class App implements RequestHandler<Map<String, Object>, Object> {
  @Override
  public Object handleRequest(Map<String, Object> event, Context context) {
    try {
      return act(String.valueOf(event.get("do")), event);
    } catch (IOException | java.security.GeneralSecurityException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static Object act(String what, Map<String, Object> event)
      throws IOException, java.security.GeneralSecurityException {
    switch (what) {
      case "version":
        return "java" + System.getProperty("java.specification.version").replace("1.", "");
      case "echo":
        return event.get("value");
      case "environment":
        Map<String, String> all = new HashMap<>(System.getenv());
        all.put("trace", String.valueOf(System.getProperty("com.amazonaws.xray.traceHeader")));
        return all;
      case "libraries":
        SSLContext.getDefault();
        byte[] sum = MessageDigest.getInstance("SHA-256").digest("x".getBytes(StandardCharsets.UTF_8));
        String hex = String.format("%064x", new BigInteger(1, sum));
        return Arrays.asList(21, hex.substring(0, 8), ZoneId.of("Europe/Berlin").getId());
      case "shell":
        System.out.println("printed");
        Process shell = new ProcessBuilder("sh", "-c", "echo hello | sed s/h/j/").start();
        try (Scanner out = new Scanner(shell.getInputStream(), "UTF-8")) {
          return out.nextLine();
        }
      default:
        throw new IllegalStateException("no luck");
    }
  }

  /** A handler of streams. */
  public static class Streams implements RequestStreamHandler {
    @Override
    public void handleRequest(InputStream in, OutputStream out, Context context) throws IOException {
      try (Scanner text = new Scanner(in, "UTF-8").useDelimiter("\\A")) {
        out.write(text.next().toUpperCase(java.util.Locale.ROOT).getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  /** A handler of plain objects. */
  public Point mirrored(Point point) {
    Point mirrored = new Point();
    mirrored.setX(point.getY());
    mirrored.setY(point.getX());
    return mirrored;
  }

  /** An event with properties. */
  public static class Point {
    private int x;
    private int y;

    public int getX() {
      return x;
    }

    public void setX(int x) {
      this.x = x;
    }

    public int getY() {
      return y;
    }

    public void setY(int y) {
      this.y = y;
    }
  }
}
