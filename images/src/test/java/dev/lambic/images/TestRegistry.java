package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

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

  volatile boolean wantsToken;
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
      if (status != 0) {
        send(call, status, "text/plain", new byte[0]);
      } else if (path.equals("/token")) {
        String query = call.getRequestURI().getQuery();
        boolean right = "service=test&scope=repository:team/app:pull".equals(query);
        send(
            call,
            right ? 200 : 400,
            "application/json",
            "{\"token\":\"for-everybody\"}".getBytes(UTF_8));
      } else if (wantsToken
          && !"Bearer for-everybody".equals(call.getRequestHeaders().getFirst("Authorization"))) {
        call.getResponseHeaders()
            .set(
                "WWW-Authenticate",
                "Bearer realm=\"http://%s/token\",service=\"test\",scope=\"repository:team/app:pull\""
                    .formatted(host()));
        send(call, 401, "application/json", "{}".getBytes(UTF_8));
      } else {
        give(call, path);
      }
    }
  }

  private void give(HttpExchange call, String path) throws IOException {
    String name = path.substring(path.lastIndexOf('/') + 1);
    Document manifest = manifests.get(name);
    byte[] blob = blobs.get(name);
    if (path.startsWith("/v2/team/app/manifests/") && manifest != null) {
      send(call, 200, manifest.type, manifest.bytes);
    } else if (path.startsWith("/v2/team/app/blobs/") && !redirectBlobsTo.isEmpty()) {
      call.getResponseHeaders().set("Location", redirectBlobsTo + name);
      send(call, 307, "text/plain", new byte[0]);
    } else if ((path.startsWith("/v2/team/app/blobs/") || path.startsWith("/elsewhere/"))
        && blob != null) {
      send(call, 200, "application/octet-stream", blob);
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

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }
}
