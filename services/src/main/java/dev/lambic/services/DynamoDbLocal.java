package dev.lambic.services;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.wire.Call;
import dev.lambic.wire.PassThrough;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.zip.CRC32;

/**
 * DynamoDB by AWS's own DynamoDB Local, which runs as a process of its own from the first request
 * on.
 *
 * <p>Requests come authenticated and are forwarded as they are, but for the region and account in
 * ARNs: all regions and accounts share one database in the given directory, and each sees ARNs of
 * its own. The process is started anew if it ended, and it ends with this one. Safe for use by many
 * threads; handling blocks.
 */
public final class DynamoDbLocal implements PassThrough, AutoCloseable {
  private static final Duration CALL_LIMIT = Duration.ofSeconds(60);

  private final NeighbourProcess process;
  private final LazyClient client =
      new LazyClient(() ->
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(Duration.ofSeconds(5))
              .build());

  /**
   * Starts nothing yet.
   *
   * @param installation directory with the jars and native libraries
   * @param database directory of the tables
   * @param log file for what the process prints
   */
  public DynamoDbLocal(Path installation, Path database, Path log, Ticker ticker) {
    process =
        new NeighbourProcess(
            new NeighbourProcess.Program(
                "DynamoDB Local",
                "dynamodb",
                installation,
                database,
                List.of(
                    "-Xmx512m",
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow",
                    "-Djava.library.path=" + installation),
                DynamoDbLocalMain.class,
                port ->
                    List.of(
                        "-port",
                        Integer.toString(port),
                        "-sharedDb",
                        "-dbPath",
                        database.toString(),
                        "-disableTelemetry")),
            log,
            ticker);
  }

  @Override
  public void handle(Call call) {
    java.net.http.HttpRequest forward =
        forwarded(call).uri(URI.create("http://127.0.0.1:" + process.port() + "/")).build();
    try {
      HttpResponse<byte[]> answer =
          client.get().send(forward, HttpResponse.BodyHandlers.ofByteArray());
      Headers headers = call.answerHeaders();
      answer
          .headers()
          .firstValue("Content-Type")
          .ifPresent(value -> headers.set("Content-Type", value));
      byte[] body = LocalArns.answered(answer.body(), call.caller());
      CRC32 checksum = new CRC32();
      checksum.update(body);
      headers.set("x-amz-crc32", Long.toString(checksum.getValue()));
      call.responder().send(answer.statusCode(), headers, body);
    } catch (IOException e) {
      throw NeighbourProcess.unavailable("DynamoDB Local did not answer: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw NeighbourProcess.unavailable("Interrupted.", e);
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
                  java.net.http.HttpRequest.BodyPublishers.ofByteArray(
                      LocalArns.asked(request.body())))
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

  @Override
  public void close() {
    process.close();
    client.close();
  }
}
