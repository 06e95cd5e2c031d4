package dev.lambic.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The life of a server in short, for the JVM to watch: what is loaded and run in it goes into the
 * ahead-of-time cache (JEP 483, 514 and 515) from which later servers start.
 *
 * <p>It does what most servers do: answers calls about a function, and calls of it. A machine on
 * which the function cannot run has a cache without that. Blocks; for the command line.
 */
final class Training implements AutoCloseable {
  private static final String PATH = "/2015-03-31/functions";
  private static final String NAME = "training";
  private static final String HANDLER = "def handler(event, context):\n    return event\n";

  /** Enough for the JVM to see what is often called. */
  private static final int CALLS = 3_000;

  private static final int STATE_TRIES = 1_000;
  private static final DateTimeFormatter BASIC =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

  private final URI address;
  private final Socket socket = new Socket();
  private String id = "";
  private String secret = "";

  private Training(URI address, Path credentials) throws IOException {
    this.address = address;
    for (String line : Files.readAllLines(credentials)) {
      String value = line.substring(line.indexOf('=') + 1).trim();
      if (line.startsWith("aws_access_key_id")) {
        id = value;
      } else if (line.startsWith("aws_secret_access_key")) {
        secret = value;
      }
    }
    socket.setTcpNoDelay(true);
    socket.connect(new InetSocketAddress(address.getHost(), address.getPort()));
  }

  /**
   * Runs a server, calls it, and ends it.
   *
   * @param config with a data directory of its own
   * @throws IOException if the server does not start, or does not answer as it should
   */
  static void run(ServerConfig config) throws IOException, InterruptedException {
    try (LambicServer server = LambicServer.start(config);
        Training training = new Training(server.address(), config.data().resolve("credentials"))) {
      training.practise();
    }
  }

  private void practise() throws IOException, InterruptedException {
    expect(200, "GET", "/_lambic/health", "");
    String function =
        """
        {"FunctionName":"%s","Runtime":"python3.13","Handler":"app.handler","MemorySize":1769,
        "Role":"arn:aws:iam::000000000000:role/training","Code":{"ZipFile":"%s"}}\
        """
            .formatted(NAME, zip());
    expect(201, "POST", PATH, function);
    for (int i = 0; !state().contains("\"State\":\"Active\"") && i < STATE_TRIES; i++) {
      TimeUnit.MILLISECONDS.sleep(2);
    }
    String invocations = PATH + "/" + NAME + "/invocations";
    for (int i = 0; i < CALLS; i++) {
      if (!call("POST", invocations, "{\"name\":\"world\"}").startsWith("HTTP/1.1 200 ")) {
        break;
      }
    }
    expect(200, "GET", PATH + "/" + NAME, "");
    expect(200, "GET", PATH, "");
    expect(204, "DELETE", PATH + "/" + NAME, "");
  }

  private String state() throws IOException {
    return expect(200, "GET", PATH + "/" + NAME + "/configuration", "");
  }

  private static String zip() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("app.py"));
      zip.write(HANDLER.getBytes(UTF_8));
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  private String expect(int status, String method, String path, String body) throws IOException {
    String answer = call(method, path, body);
    if (!answer.startsWith("HTTP/1.1 " + status + " ")) {
      throw new IOException(method + " " + path + " was answered by " + answer);
    }
    return answer;
  }

  private String call(String method, String path, String body) throws IOException {
    String time = BASIC.format(Instant.now());
    String scope = time.substring(0, 8) + "/us-east-1/lambda/aws4_request";
    String signed = "host;x-amz-date";
    String canonical =
        "%s\n%s\n\nhost:%s\nx-amz-date:%s\n\n%s\n%s"
            .formatted(method, path, address.getAuthority(), time, signed, hash(body));
    String text = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + hash(canonical);
    byte[] key = ("AWS4" + secret).getBytes(UTF_8);
    for (String part : scope.split("/", -1)) {
      key = mac(key, part);
    }
    String head =
        "%s %s HTTP/1.1\r\nHost: %s\r\nX-Amz-Date: %s\r\nContent-Length: %d\r\n"
                .formatted(method, path, address.getAuthority(), time, body.length())
            + "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s\r\n\r\n"
                .formatted(id, scope, signed, HexFormat.of().formatHex(mac(key, text)));
    socket.getOutputStream().write((head + body).getBytes(UTF_8));
    return answer(socket.getInputStream());
  }

  private static String answer(InputStream in) throws IOException {
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the server closed the connection after " + answer);
      }
      answer.append((char) next);
    }
    String head = answer.toString().toLowerCase(java.util.Locale.ROOT);
    int at = head.indexOf("\r\ncontent-length: ");
    int length =
        at < 0 ? 0 : Integer.parseInt(head.substring(at + 18, head.indexOf('\r', at + 18)).trim());
    return answer + new String(in.readNBytes(length), ISO_8859_1);
  }

  private static String hash(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static byte[] mac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
