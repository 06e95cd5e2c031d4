package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A registry on this machine, with one repository, {@code team/app}. */
final class TestRegistry implements AutoCloseable {
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Document(String type, byte[] bytes) {}

  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Document> manifests = new ConcurrentHashMap<>();
  private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();

  /** Paths that were asked for. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  /** What was told of who asks, each as {@code PATH HEADER}; requests without it are left out. */
  final List<String> told = new CopyOnWriteArrayList<>();

  /** Tokens that the service has given, each for one request. */
  private final List<String> tokens = new CopyOnWriteArrayList<>();

  volatile boolean wantsToken;

  /** Names another token service than this registry's own. */
  volatile String realm = "";

  /** As the Basic scheme has it; wanted by the token service, or by all if there are no tokens. */
  volatile String password = "";

  /** A refresh token, which the token service takes in a POST. */
  volatile String identity = "";

  /** Whether each token is good for one request only. */
  volatile boolean tokensEnd;

  /** Blobs and manifests of this name come to their middle, and their rest when this is gone. */
  volatile String stalled = "";

  private final CountDownLatch over = new CountDownLatch(1);
  volatile String redirectBlobsTo = "";
  volatile int status;

  TestRegistry() {
    try {
      http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    http.setExecutor(threads);
    http.createContext("/", this::answer);
    http.start();
  }

  String host() {
    return "127.0.0.1:" + http.getAddress().getPort();
  }

  ImageReference reference(String tagOrDigest) {
    return ImageReference.parse(host() + "/team/app" + tagOrDigest);
  }

  void push(String tag, TestImage image) {
    push(tag, TestImage.OCI, image.manifestBytes());
    push(image.manifest.toString(), TestImage.OCI, image.manifestBytes());
    image.blobs.forEach((digest, bytes) -> blobs.put(digest.toString(), bytes));
  }

  void push(String name, String type, byte[] manifest) {
    manifests.put(name, new Document(type, manifest));
  }

  void replaceBlob(Digest digest, byte[] bytes) {
    blobs.put(digest.toString(), bytes);
  }

  void removeBlob(Digest digest) {
    blobs.remove(digest.toString());
  }

  private void answer(HttpExchange call) throws IOException {
    try (call) {
      String path = call.getRequestURI().getPath();
      asked.add(path);
      String as = call.getRequestHeaders().getFirst("Authorization");
      if (as != null) {
        told.add(path + " " + as);
      }
      if (status != 0) {
        send(call, status, "text/plain", new byte[0]);
      } else if (path.equals("/token")) {
        giveToken(call, as);
      } else if (path.startsWith("/elsewhere/")) {
        give(call, path);
      } else if (wantsToken && !(as != null && takes(as))) {
        String service = realm.isEmpty() ? "http://" + host() + "/token" : realm;
        challenge(
            call,
            "Bearer realm=\"%s\",service=\"test\",scope=\"repository:team/app:pull\""
                .formatted(service));
      } else if (!wantsToken && !password.isEmpty() && !("Basic " + password).equals(as)) {
        challenge(call, "Basic realm=\"test\"");
      } else {
        give(call, path);
      }
    }
  }

  private static void challenge(HttpExchange call, String with) throws IOException {
    call.getResponseHeaders().set("WWW-Authenticate", with);
    send(call, 401, "application/json", "{}".getBytes(UTF_8));
  }

  private boolean takes(String as) {
    String token = as.replaceFirst("^Bearer ", "");
    return tokensEnd ? tokens.remove(token) : tokens.contains(token);
  }

  private void giveToken(HttpExchange call, @Nullable String as) throws IOException {
    String asked = "service=test&scope=repository:team/app:pull";
    boolean right;
    if (call.getRequestMethod().equals("POST")) {
      String form =
          URLDecoder.decode(new String(call.getRequestBody().readAllBytes(), UTF_8), UTF_8);
      right =
          !identity.isEmpty()
              && form.contains("grant_type=refresh_token")
              && form.contains("refresh_token=" + identity + "&" + asked);
    } else {
      right =
          asked.equals(call.getRequestURI().getQuery())
              && (password.isEmpty() ? as == null : ("Basic " + password).equals(as));
    }
    String token = "token-" + tokens.size() + "-" + asked.length();
    tokens.add(token);
    send(
        call,
        right ? 200 : 401,
        "application/json",
        ("{\"token\":\"" + (right ? token : "none") + "\"}").getBytes(UTF_8));
  }

  private void give(HttpExchange call, String path) throws IOException {
    String name = path.substring(path.lastIndexOf('/') + 1);
    Document manifest = manifests.get(name);
    byte[] blob = blobs.get(name);
    if (path.startsWith("/v2/team/app/manifests/") && manifest != null) {
      sendMaybeSlowly(call, name, manifest.type, manifest.bytes);
    } else if (path.startsWith("/v2/team/app/blobs/") && !redirectBlobsTo.isEmpty()) {
      call.getResponseHeaders().set("Location", redirectBlobsTo + name);
      send(call, 307, "text/plain", new byte[0]);
    } else if ((path.startsWith("/v2/team/app/blobs/") || path.startsWith("/elsewhere/"))
        && blob != null) {
      sendMaybeSlowly(call, name, "application/octet-stream", blob);
    } else {
      send(call, 404, "application/json", "{}".getBytes(UTF_8));
    }
  }

  private static void send(HttpExchange call, int status, String type, byte[] body)
      throws IOException {
    call.getResponseHeaders().set("Content-Type", type);
    call.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    call.getResponseBody().write(body);
  }

  private void sendMaybeSlowly(HttpExchange call, String name, String type, byte[] body)
      throws IOException {
    if (!stalled.equals(name)) {
      send(call, 200, type, body);
      return;
    }
    call.getResponseHeaders().set("Content-Type", type);
    call.sendResponseHeaders(200, body.length);
    call.getResponseBody().write(body, 0, body.length / 2);
    call.getResponseBody().flush();
    try {
      if (!over.await(60, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    call.getResponseBody().write(body, body.length / 2, body.length - body.length / 2);
  }

  /** Lets what is stalled go on. */
  void goOn() {
    over.countDown();
  }

  @Override
  public void close() {
    goOn();
    http.stop(0);
    threads.shutdownNow();
  }
}
