package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A bootstrap that runs as a plain process of this host, and the Runtime API that it talks to.
 *
 * <p>The task root is a directory of the test's; nothing else of an environment is imitated.
 */
final class BootstrapProcess implements AutoCloseable {
  private static final HttpConfig LIMITS =
      new HttpConfig(RuntimeApi.MAX_RESPONSE_BYTES + 4096, 16 << 20, 64 << 10, 64, Duration.ZERO);
  private static final String ARN = "arn:aws:lambda:us-east-1:123456789012:function:shop";

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final RecordingListener heard = new RecordingListener();
  private final RuntimeApi api = new RuntimeApi(heard, had -> heard.ready());
  private final HttpServer server;
  private final HttpServer.Listener listener;
  private final Process process;
  private final Thread reader;
  private int invocations;

  private BootstrapProcess(List<String> argv, Path root, String handler, Map<String, String> more)
      throws IOException {
    server = HttpServer.start(1, (where, fault) -> faults.add(fault));
    listener =
        server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), LIMITS, api);
    ProcessBuilder builder = new ProcessBuilder(argv).directory(root.toFile());
    builder.redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.putAll(variables(root, handler, listener.address().getPort()));
    environment.putAll(more);
    process = builder.start();
    reader = Thread.ofVirtual().start(this::read);
    var _ =
        process
            .onExit()
            .thenAccept(ended -> {
              join(reader);
              heard.exited(ended.exitValue(), 0);
            });
  }

  /** Starts the program; it initialises meanwhile. */
  static BootstrapProcess start(
      List<String> argv, Path root, String handler, Map<String, String> more) {
    try {
      return new BootstrapProcess(argv, root, handler, more);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, String> variables(Path root, String handler, int port) {
    Map<String, String> all = new HashMap<>();
    all.put("PATH", "/usr/bin:/bin");
    all.put("LC_CTYPE", "C.UTF-8");
    all.put("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:" + port);
    all.put("LAMBDA_TASK_ROOT", root.toString());
    all.put("_HANDLER", handler);
    all.put("AWS_LAMBDA_FUNCTION_NAME", "shop");
    all.put("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    all.put("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512");
    all.put("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/shop");
    all.put("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0123");
    return all;
  }

  private void read() {
    byte[] buffer = new byte[8192];
    try (InputStream in = process.getInputStream()) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        heard.output(buffer, n);
      }
    } catch (IOException killed) {
      // What it wrote until then is there.
      Thread.currentThread().interrupt();
    }
  }

  private static void join(Thread thread) {
    try {
      assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits until it asks for its first event. */
  BootstrapProcess ready() {
    heard.next("ready");
    return this;
  }

  /** Gives it an event; returns the result or the error, and waits until it asks for the next. */
  RecordingListener.Event invoke(String payload) {
    RecordingListener.Event given = invokeOnly(payload, null, null);
    heard.next("ready");
    return given;
  }

  /** The result of an event that must succeed. */
  String result(String payload) {
    RecordingListener.Event event = invoke(payload);
    assertThat(event.kind()).as("%s", event).isEqualTo("responded");
    return event.body();
  }

  /** The error of an event that must fail. */
  RecordingListener.Event error(String payload) {
    RecordingListener.Event event = invoke(payload);
    assertThat(event.kind()).as("%s", event).isEqualTo("failed");
    return event;
  }

  /** Gives it an event and returns what it tells first. */
  RecordingListener.Event invokeOnly(
      String payload, @Nullable String trace, @Nullable String clientContext) {
    String id = deliver(payload, trace, clientContext, false);
    RecordingListener.Event event = heard.next();
    if (!event.kind().equals("exited")) {
      assertThat(event.id()).isEqualTo(id);
    }
    return event;
  }

  private String deliver(
      String payload, @Nullable String trace, @Nullable String clientContext, boolean streamed) {
    byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
    String id = "id-" + ++invocations;
    long deadline = System.currentTimeMillis() + 30_000;
    api.deliver(new Work(id, bytes, ARN, deadline, trace, clientContext, streamed));
    return id;
  }

  /** Gives it an event whose result is wanted in pieces. */
  void stream(String payload) {
    deliver(payload, null, null, true);
  }

  /** Gives it such an event; returns the joined pieces and then how it ended. */
  List<RecordingListener.Event> streamed(String payload) {
    stream(payload);
    RecordingListener.Event begun = heard.next();
    List<RecordingListener.Event> all = new ArrayList<>();
    all.add(begun);
    if (begun.kind().equals("streaming")) {
      all.addAll(rest());
    }
    heard.next("ready");
    return all;
  }

  /** What remains of a result in pieces: the joined pieces, and how it ended. */
  List<RecordingListener.Event> rest() {
    StringBuilder joined = new StringBuilder();
    while (true) {
      RecordingListener.Event event = heard.next();
      if (!event.kind().equals("streamed")) {
        return List.of(
            new RecordingListener.Event("streamed", event.id(), "", joined.toString()), event);
      }
      joined.append(event.body());
    }
  }

  /** What it told, as it comes. */
  RecordingListener heard() {
    return heard;
  }

  RecordingListener.Event next(String kind) {
    return heard.next(kind);
  }

  /** Waits for the process to end; returns its exit code. */
  int exitCode() {
    return Integer.parseInt(heard.next("exited").body());
  }

  /** What it has written so far. */
  String output() {
    return heard.output();
  }

  /** What it has written, waited for until it contains the text. */
  String outputWith(String text) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!output().contains(text)) {
      assertThat(System.nanoTime())
          .as("waiting for %s in: %s", text, output())
          .isLessThan(deadline);
      Thread.onSpinWait();
    }
    return output();
  }

  static void write(Path root, String file, String text) {
    try {
      Path target = root.resolve(file);
      Files.createDirectories(target.getParent());
      Files.writeString(target, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    join(reader);
    listener.close();
    server.close();
    assertThat(faults).isEmpty();
  }
}
