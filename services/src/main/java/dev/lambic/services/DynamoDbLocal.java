package dev.lambic.services;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.wire.Call;
import dev.lambic.wire.PassThrough;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * DynamoDB by AWS's own DynamoDB Local, which runs as a process of its own from the first request
 * on.
 *
 * <p>Requests come authenticated and are forwarded as they are; all regions and accounts share one
 * database in the given directory. The process is started anew if it ended, and it ends with this
 * one. Safe for use by many threads; handling blocks.
 */
public final class DynamoDbLocal implements PassThrough, AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration CALL_LIMIT = Duration.ofSeconds(60);

  private final Path installation;
  private final Path database;
  private final Path log;
  private final Ticker ticker;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final ReentrantLock starting = new ReentrantLock();
  private volatile @Nullable Child child;
  private volatile boolean closed;

  private record Child(Process process, int port) {}

  /**
   * Starts nothing yet.
   *
   * @param installation directory with the jars and native libraries
   * @param database directory of the tables
   * @param log file for what the process prints
   */
  public DynamoDbLocal(Path installation, Path database, Path log, Ticker ticker) {
    this.installation = installation;
    this.database = database;
    this.log = log;
    this.ticker = ticker;
  }

  @Override
  public void handle(Call call) {
    java.net.http.HttpRequest forward =
        forwarded(call).uri(URI.create("http://127.0.0.1:" + port() + "/")).build();
    try {
      HttpResponse<byte[]> answer = client.send(forward, HttpResponse.BodyHandlers.ofByteArray());
      Headers headers = call.answerHeaders();
      for (String name : List.of("Content-Type", "x-amz-crc32")) {
        answer.headers().firstValue(name).ifPresent(value -> headers.set(name, value));
      }
      call.responder().send(answer.statusCode(), headers, answer.body());
    } catch (IOException e) {
      throw unavailable("DynamoDB Local did not answer: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("Interrupted.", e);
    }
  }

  private static java.net.http.HttpRequest.Builder forwarded(Call call) {
    HttpRequest request = call.request();
    try {
      java.net.http.HttpRequest.Builder forward =
          java.net.http.HttpRequest.newBuilder()
              .timeout(CALL_LIMIT)
              .method(
                  request.method(),
                  java.net.http.HttpRequest.BodyPublishers.ofByteArray(request.body()))
              // Who asks was established already; the process only wants to see a key.
              .header(
                  "Authorization",
                  "AWS4-HMAC-SHA256 Credential=lambic/20260101/"
                      + call.caller().region()
                      + "/dynamodb/aws4_request, SignedHeaders=host, Signature=0");
      for (String name : List.of("X-Amz-Target", "Content-Type", "X-Amz-Date")) {
        String value = request.headers().get(name);
        if (value != null) {
          forward.header(name, value);
        }
      }
      return forward;
    } catch (IllegalArgumentException e) {
      throw new LambicException(
          "SerializationException",
          Blame.CALLER,
          "The method or a header of the request cannot be passed on.",
          e);
    }
  }

  /** The port of a process that is ready; starts one if there is none. */
  private int port() {
    Child running = child;
    if (running != null && running.process.isAlive()) {
      return running.port;
    }
    if (!isMyTurn()) {
      throw unavailable("DynamoDB Local is still being started. Try again.", null);
    }
    try {
      running = child;
      if (running == null || !running.process.isAlive()) {
        running = start();
        child = running;
      }
      return running.port;
    } finally {
      starting.unlock();
    }
  }

  private boolean isMyTurn() {
    try {
      return starting.tryLock(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Child start() {
    if (closed) {
      throw unavailable("The server is being shut down.", null);
    }
    if (!Files.isDirectory(installation)) {
      throw unavailable(
          "DynamoDB Local is not installed. Install it with: ./lambic install dynamodb", null);
    }
    try {
      Files.createDirectories(database);
      int port = freePort();
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx512m",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-Djava.library.path=" + installation,
                  "-cp",
                  installation + "/*" + File.pathSeparator + ownClasses(),
                  DynamoDbLocalMain.class.getName(),
                  "-port",
                  Integer.toString(port),
                  "-sharedDb",
                  "-dbPath",
                  database.toString(),
                  "-disableTelemetry")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.to(log.toFile()))
              .start();
      awaitReady(process, port);
      return new Child(process, port);
    } catch (IOException e) {
      throw unavailable("DynamoDB Local could not be started: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("Interrupted.", e);
    }
  }

  private static String ownClasses() {
    return Path.of(
            URI.create(
                DynamoDbLocalMain.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toString()))
        .toString();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitReady(Process process, int port) throws IOException, InterruptedException {
    long end = ticker.nanos() + START_LIMIT.toNanos();
    while (ticker.nanos() < end && !closed) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
        throw new IOException("it ended with code " + process.exitValue() + ", see " + log);
      }
      if (listens(port)) {
        return;
      }
    }
    process.destroyForcibly();
    throw new IOException("it did not listen in time, see " + log);
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  private static LambicException unavailable(String message, @Nullable Throwable cause) {
    return new LambicException("ServiceUnavailable", Blame.PLATFORM, message, cause);
  }

  @Override
  public void close() {
    closed = true;
    starting.lock();
    try {
      Child running = child;
      if (running != null) {
        running.process.destroy();
        if (!running.process.waitFor(10, TimeUnit.SECONDS)) {
          running.process.destroyForcibly();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      starting.unlock();
      client.shutdownNow();
    }
  }
}
