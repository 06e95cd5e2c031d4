package dev.lambic.acceptance;

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

/** A registry on this machine, with the one repository {@code team/app}. */
final class ImageRegistry implements AutoCloseable {
  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, byte[]> manifests = new ConcurrentHashMap<>();
  private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();

  /** Paths that were asked for. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  private final String password;

  /** One that gives everything to everybody. */
  ImageRegistry() {
    this("");
  }

  /**
   * A registry.
   *
   * @param password name and password as the Basic scheme has them; empty for none
   */
  ImageRegistry(String password) {
    this.password = password;
    try {
      http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    http.setExecutor(threads);
    http.createContext("/v2/team/app/", this::answer);
    http.start();
  }

  /** Its login as {@code docker login} writes it to a file. */
  String login() {
    return "{\"auths\":{\"127.0.0.1:%d\":{\"auth\":\"%s\"}}}"
        .formatted(http.getAddress().getPort(), password);
  }

  /** The repository's name with a tag or a digest behind it. */
  String uri(String tagOrDigest) {
    return "127.0.0.1:" + http.getAddress().getPort() + "/team/app" + tagOrDigest;
  }

  void push(String tag, ContainerImage image) {
    blobs.putAll(image.blobs);
    manifests.put("sha256:" + image.digest, image.manifest);
    manifests.put(tag, image.manifest);
  }

  /** Forgets a blob, as a registry that is damaged. */
  void removeBlob(String digest) {
    blobs.remove(digest);
  }

  private void answer(HttpExchange call) throws IOException {
    try (call) {
      String path = call.getRequestURI().getPath();
      asked.add(path);
      String as = call.getRequestHeaders().getFirst("Authorization");
      if (!password.isEmpty() && !("Basic " + password).equals(as)) {
        call.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"ECR\"");
        call.sendResponseHeaders(401, -1);
        return;
      }
      String name = path.substring(path.lastIndexOf('/') + 1);
      boolean manifest = path.startsWith("/v2/team/app/manifests/");
      byte[] found = manifest ? manifests.get(name) : blobs.get(name.replace("sha256:", ""));
      if (found == null) {
        call.sendResponseHeaders(404, -1);
        return;
      }
      call.getResponseHeaders()
          .set("Content-Type", manifest ? ContainerImage.MEDIA_TYPE : "application/octet-stream");
      call.sendResponseHeaders(200, found.length);
      call.getResponseBody().write(found);
    }
  }

  /** Answers nobody any more. */
  void stop() {
    http.stop(0);
    threads.shutdownNow();
  }

  @Override
  public void close() {
    stop();
  }
}
