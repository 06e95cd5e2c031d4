package dev.lambic.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A peer that runs, with one hello function. For one thread at a time. */
final class PeerServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String PATH = "/2015-03-31/functions";
  private static final byte[] NOTHING = new byte[0];

  private final Peer peer;
  private final Peer.Setup setup;
  private final Scratch code;
  private final Child child;
  private final long startNanos;
  private final Signer signer;
  private @Nullable HttpClient client;
  private int changes;

  private PeerServer(Peer peer, Peer.Setup setup, Scratch code, Child child, long startNanos) {
    this.peer = peer;
    this.setup = setup;
    this.code = code;
    this.child = child;
    this.startNanos = startNanos;
    signer = new Signer("127.0.0.1:" + setup.port(), "test", "test");
  }

  /**
   * Starts it and waits until it answers.
   *
   * @throws IOException if it cannot be started; the message says why
   */
  static PeerServer start(Peer peer, Language language, Path program)
      throws IOException, InterruptedException {
    Path home = peer.home();
    Scratch code = Scratch.create();
    Child child = null;
    try {
      language.layOutFunction(code.path());
      List<Integer> ports = freePorts(3);
      Peer.Setup setup =
          new Peer.Setup(
              language,
              program,
              language.runtime(),
              home,
              code.path(),
              ports.getFirst(),
              ports.subList(1, 3));
      List<String> command = peer.command(setup);
      long begin = System.nanoTime();
      child = Child.start(command, peer.environment(setup), code.path());
      await(peer, setup.port(), child);
      return new PeerServer(peer, setup, code, child, System.nanoTime() - begin);
    } catch (IOException | InterruptedException | RuntimeException e) {
      if (child != null) {
        child.closeTree();
      }
      code.close();
      throw e;
    }
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      List<Integer> ports = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        sockets.add(socket);
        ports.add(socket.getLocalPort());
      }
      return ports;
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  private static void await(Peer peer, int port, Child child)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try (HttpClient client = HttpClient.connect(port)) {
        if (!peer.health().isEmpty()) {
          client.send(
              ("GET " + peer.health() + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\n\r\n")
                  .getBytes(StandardCharsets.ISO_8859_1));
          client.awaitAnything();
        }
        return;
      } catch (IOException notYet) {
        if (!child.isAlive() || System.nanoTime() > deadline) {
          throw new IOException("it does not start: " + child.said(), notYet);
        }
        TimeUnit.MILLISECONDS.sleep(5);
      }
    }
  }

  /** From the start of its process until it answered. */
  long startNanos() {
    return startNanos;
  }

  /** The resident memory of it and all that it has started, in bytes. */
  long residentBytes() throws IOException {
    long bytes = child.residentBytes();
    for (long pid : Processes.descendants(child.pid(), 1)) {
      bytes += Memory.resident(pid);
    }
    return bytes;
  }

  /** Makes the function, where that is to be done, and calls it once. */
  void create() throws IOException, InterruptedException {
    if (peer.hasApi()) {
      // Who knows no roles takes this for something else, and does not mind.
      exchange(role());
      String body =
          """
          {"FunctionName":"%s","Runtime":"%s","Handler":"hello.handler","MemorySize":%d,\
          "Timeout":60,"Role":"arn:aws:iam::%s:role/bench","Code":{"ZipFile":"%s"}}\
          """
              .formatted(
                  peer.function(),
                  setup.runtime(),
                  Functions.MEMORY_MB,
                  peer.account(),
                  Base64.getEncoder().encodeToString(setup.language().zip()));
      HttpMessage made = exchange(request("POST", PATH, body.getBytes(StandardCharsets.UTF_8)));
      if (made.status() != 201) {
        throw new IOException("no function could be made: " + made.status() + " " + made.text());
      }
      await("State", "Active");
    }
    Hello.of(exchange(call()));
  }

  private byte[] role() {
    return ("POST /?Action=CreateRole&RoleName=bench&AssumeRolePolicyDocument=%7B%7D"
            + "&Version=2010-05-08 HTTP/1.1\r\nHost: 127.0.0.1:"
            + setup.port()
            + "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/"
            + "aws4_request, SignedHeaders=host, Signature=0\r\nContent-Length: 0\r\n\r\n")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Changes the configuration, so that no environment may be used any more. */
  void change() throws IOException, InterruptedException {
    String body = "{\"Environment\":{\"Variables\":{\"CHANGE\":\"%d\"}}}".formatted(++changes);
    String path = PATH + "/" + peer.function() + "/configuration";
    HttpMessage answer = exchange(request("PUT", path, body.getBytes(StandardCharsets.UTF_8)));
    if (answer.status() != 200) {
      throw new IOException("the function cannot be changed: " + answer.text());
    }
    await("LastUpdateStatus", "Successful");
  }

  private void await(String member, String wanted) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    String path = PATH + "/" + peer.function() + "/configuration";
    while (true) {
      String found = Json.optional(exchange(request("GET", path, NOTHING)).body(), member);
      if (found == null || found.equals(wanted)) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new IOException("the function stays " + found);
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private byte[] request(String method, String path, byte[] body) {
    return signer.request(method, path, body, Instant.now());
  }

  byte[] call() {
    return call("{\"name\":\"world\"}");
  }

  /** A call that stays in its handler for so long. */
  byte[] hold(long millis) {
    return call("{\"name\":\"world\",\"hold\":" + millis + "}");
  }

  private byte[] call(String event) {
    return request(
        "POST",
        PATH + "/" + peer.function() + "/invocations",
        event.getBytes(StandardCharsets.UTF_8));
  }

  HttpClient connect() throws IOException {
    return HttpClient.connect(setup.port());
  }

  /** By a connection that is kept where the peer keeps it, and made anew where it does not. */
  HttpMessage exchange(byte[] request) throws IOException {
    HttpClient kept = client;
    client = null;
    if (kept != null) {
      try {
        return keep(kept, kept.exchange(request));
      } catch (IOException closed) {
        kept.close();
      }
    }
    HttpClient next = connect();
    return keep(next, next.exchange(request));
  }

  private HttpMessage keep(HttpClient used, HttpMessage answer) throws IOException {
    String connection = answer.field("Connection");
    if (connection != null && connection.equalsIgnoreCase("close")) {
      used.close();
    } else {
      client = used;
    }
    return answer;
  }

  @Override
  public void close() throws IOException {
    if (client != null) {
      client.close();
    }
    child.closeTree();
    code.close();
  }
}
