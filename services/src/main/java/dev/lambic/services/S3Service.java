package dev.lambic.services;

import dev.lambic.http.BodySink;
import dev.lambic.http.Headers;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.wire.Call;
import dev.lambic.wire.StreamedBody;
import dev.lambic.wire.StreamedPassThrough;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * S3 by S3Proxy on a directory, which runs as a process of its own from the first request on.
 *
 * <p>Requests come authenticated and are passed on as they are, without their signatures, piece by
 * piece in both directions; all accounts and regions share one space of buckets. An acknowledged
 * object survives the end of every process, but S3Proxy does not force it to the disk. Safe for use
 * by many threads; handling blocks.
 */
public final class S3Service implements StreamedPassThrough, AutoCloseable {
  private static final int PIECE = 64 << 10;

  /** Calls that pass through at one time; the others wait with their bodies unread. */
  private static final int MAX_CALLS = 100;

  /** Those of one access key, and every environment has its own. */
  private static final int MAX_CALLS_EACH = 20;

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** How long S3Proxy may stand still within a body. */
  private static final Duration PIECE_LIMIT = Duration.ofSeconds(60);

  /** It begins to answer when it is done, and five gibibytes may have to be copied. */
  private static final Duration ANSWER_LIMIT = Duration.ofMinutes(10);

  /** For single objects, which the server itself reads and writes. */
  private static final Duration OWN_LIMIT = Duration.ofSeconds(60);

  /** An object of five gibibytes over a slow line takes long. */
  private static final Duration CALL_LIMIT = Duration.ofHours(6);

  /** What belongs to one connection, or to what was checked already. */
  private static final Set<String> NOT_PASSED_ON =
      Set.of(
          "host",
          "connection",
          "keep-alive",
          "proxy-connection",
          "transfer-encoding",
          "te",
          "trailer",
          "upgrade",
          "expect",
          "content-length",
          "authorization",
          "x-amz-date",
          "x-amz-security-token",
          "x-amz-user-agent");

  private static final Set<String> NOT_PASSED_BACK =
      Set.of("connection", "keep-alive", "transfer-encoding", "server", "date");

  private final NeighbourProcess process;
  private final Turns turns = new Turns(MAX_CALLS, MAX_CALLS_EACH);
  private final NeighbourClient client;

  /**
   * Starts nothing yet.
   *
   * @param installation directory with the jars
   * @param objects directory of the buckets
   * @param log file for what the process prints
   */
  public S3Service(Path installation, Path objects, Path log, Ticker ticker) {
    process =
        new NeighbourProcess(
            new NeighbourProcess.Program(
                "S3Proxy",
                "s3",
                installation,
                objects,
                List.of("-Xmx256m"),
                S3ProxyMain.class,
                port -> List.of(objects.toString(), Integer.toString(port))),
            log,
            ticker);
    client = new NeighbourClient(PIECE_LIMIT, ticker);
  }

  @Override
  public void handle(Call call, StreamedBody body) {
    String target = S3Target.of(call.request());
    String user = Objects.requireNonNullElse(call.caller().accessKeyId(), "");
    awaitTurn(user);
    try {
      if (body.length() == 0) {
        // Nothing of it is passed on, but the end of what was signed must be there.
        body.transferTo(OutputStream.nullOutputStream());
      }
      NeighbourClient.Upload upload = body.length() == 0 ? null : client.new Upload(body);
      HttpRequest forward = forwarded(call.request(), target, upload, body.length());
      NeighbourClient.Answer answer = client.ask(forward, upload, ANSWER_LIMIT);
      try (InputStream content = answer.body()) {
        pass(call, answer.head(), content);
      }
    } catch (IOException e) {
      LambicException refusal = body.refusal();
      throw refusal != null
          ? refusal
          : NeighbourProcess.unavailable("S3Proxy did not answer: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw NeighbourProcess.unavailable("Interrupted.", e);
    } finally {
      turns.end(user);
    }
  }

  private void awaitTurn(String user) {
    try {
      if (turns.begin(user, PATIENCE)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new LambicException("SlowDown", Blame.CAPACITY, "Please reduce your request rate.");
  }

  private HttpRequest forwarded(
      dev.lambic.http.HttpRequest request, String target, @Nullable InputStream body, long length) {
    try {
      HttpRequest.Builder forward =
          HttpRequest.newBuilder(S3Target.at(process.port(), target))
              .timeout(CALL_LIMIT)
              .method(request.method(), publisher(body, length));
      request
          .headers()
          .forEach((name, value) -> {
            if (isPassedOn(name.toLowerCase(Locale.ROOT), value)) {
              forward.header(name, value);
            }
          });
      return forward.build();
    } catch (IllegalArgumentException e) {
      throw new LambicException(
          "InvalidRequest",
          Blame.CALLER,
          "The method, the address or a header of the request cannot be passed on.",
          e);
    }
  }

  private static boolean isPassedOn(String name, String value) {
    if (name.equals("x-amz-content-sha256")) {
      // Says how the body is encoded, where it is.
      return value.startsWith("STREAMING-");
    }
    return !NOT_PASSED_ON.contains(name);
  }

  private static BodyPublisher publisher(@Nullable InputStream body, long length) {
    if (body == null) {
      return BodyPublishers.noBody();
    }
    BodyPublisher pieces = BodyPublishers.ofInputStream(() -> body);
    return length < 0 ? pieces : BodyPublishers.fromPublisher(pieces, length);
  }

  private static void pass(Call call, HttpResponse<InputStream> answer, InputStream content)
      throws IOException {
    Headers headers = Headers.empty();
    answer
        .headers()
        .map()
        .forEach((name, values) -> {
          if (!NOT_PASSED_BACK.contains(name.toLowerCase(Locale.ROOT))) {
            values.forEach(value -> headers.add(name, value));
          }
        });
    int status = answer.statusCode();
    if (call.request().method().equals("HEAD") || status == 204 || status == 304) {
      call.responder().send(status, headers, new byte[0]);
      return;
    }
    BodySink sink = call.responder().begin(status, headers);
    try {
      byte[] piece = content.readNBytes(PIECE);
      while (piece.length > 0) {
        sink.write(piece);
        piece = content.readNBytes(PIECE);
      }
    } catch (IOException e) {
      // The answer has begun, so its end is all that is left to say.
      sink.abort();
      return;
    }
    sink.end(Headers.empty());
  }

  /** What asking for an object came to. */
  public sealed interface Fetched {
    /** The object; to be closed. */
    record Found(InputStream content) implements Fetched {}

    /** S3's code and message, such as {@code NoSuchKey}. */
    record Refused(String code, String message) implements Fetched {}
  }

  /**
   * Asks for an object.
   *
   * @param version of the object; null for the latest
   * @throws LambicException if S3 cannot be asked
   */
  public Fetched fetch(String bucket, String key, @Nullable String version) {
    String target;
    try {
      target = S3Target.of(bucket, key, version);
    } catch (LambicException e) {
      return new Fetched.Refused(e.code(), String.valueOf(e.getMessage()));
    }
    try {
      NeighbourClient.Answer answer =
          client.ask(
              HttpRequest.newBuilder(S3Target.at(process.port(), target)).build(), null, OWN_LIMIT);
      if (answer.status() == 200) {
        return new Fetched.Found(answer.body());
      }
      try (InputStream content = answer.body()) {
        return S3Target.refusal(answer.status(), content.readNBytes(PIECE));
      }
    } catch (IOException e) {
      throw NeighbourProcess.unavailable("S3Proxy did not answer: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw NeighbourProcess.unavailable("Interrupted.", e);
    }
  }

  /** What writing an object came to. */
  public sealed interface Stored {
    /** It is there. */
    record Done() implements Stored {}

    /** S3's code and message, such as {@code NoSuchBucket}. */
    record Refused(String code, String message) implements Stored {}
  }

  /**
   * Writes an object of JSON.
   *
   * @throws LambicException if S3 cannot be asked, or failed
   */
  public Stored store(String bucket, String key, byte[] json) {
    String target = S3Target.of(bucket, key, null);
    try {
      NeighbourClient.Answer answer =
          client.ask(
              HttpRequest.newBuilder(S3Target.at(process.port(), target))
                  .header("Content-Type", "application/json")
                  .PUT(BodyPublishers.ofByteArray(json))
                  .build(),
              null,
              OWN_LIMIT);
      int status = answer.status();
      byte[] said;
      try (InputStream content = answer.body()) {
        said = content.readNBytes(PIECE);
      }
      if (status == 200) {
        return new Stored.Done();
      }
      Fetched.Refused why = S3Target.refusal(status, said);
      if (status >= 500) {
        throw NeighbourProcess.unavailable("S3Proxy failed: " + why.message(), null);
      }
      return new Stored.Refused(why.code(), why.message());
    } catch (IOException e) {
      throw NeighbourProcess.unavailable("S3Proxy did not answer: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw NeighbourProcess.unavailable("Interrupted.", e);
    }
  }

  @Override
  public void close() {
    process.close();
    client.close();
  }
}
