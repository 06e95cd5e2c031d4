package dev.lambic.services;

import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Asks a neighbour, and gives a call up when the neighbour makes no progress with it: takes nothing
 * more of a request, does not begin to answer, or stops within its answer. Safe for use by many
 * threads; blocks.
 */
final class NeighbourClient implements AutoCloseable {
  private static final int LOOKS = 4;

  private final Duration pieceLimit;
  private final Ticker ticker;
  private final LazyClient client =
      new LazyClient(() ->
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(Duration.ofSeconds(5))
              .followRedirects(HttpClient.Redirect.NEVER)
              .executor(Executors.newVirtualThreadPerTaskExecutor())
              .build());

  /**
   * Makes no call yet.
   *
   * @param pieceLimit how long the neighbour may take for the next piece of a body
   */
  NeighbourClient(Duration pieceLimit, Ticker ticker) {
    this.pieceLimit = pieceLimit;
    this.ticker = ticker;
  }

  /** A request's body that is read from somebody who may be slow. */
  final class Upload extends InputStream {
    private final InputStream in;
    private volatile long since = ticker.nanos();
    private volatile boolean waiting;
    private volatile boolean ended;

    Upload(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      waiting = true;
      try {
        int count = in.read(to, offset, length);
        ended |= count < 0;
        return count;
      } finally {
        since = ticker.nanos();
        waiting = false;
      }
    }

    @Override
    public void close() throws IOException {
      ended = true;
      in.close();
    }
  }

  /**
   * Asks, and waits until the answer begins.
   *
   * @param upload what the request's body is read from; null if that is in memory, or there is none
   * @param limit how long the neighbour may take to begin with its answer when it has the request
   * @return an answer whose body fails if it does not come on; to be closed
   * @throws IOException if the neighbour cannot be asked or makes no progress
   */
  Answer ask(HttpRequest request, @Nullable Upload upload, Duration limit)
      throws IOException, InterruptedException {
    long began = ticker.nanos();
    CompletableFuture<HttpResponse<InputStream>> answer =
        client.get().sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
    while (true) {
      try {
        HttpResponse<InputStream> begun =
            answer.get(
                Math.min(limit.toNanos(), pieceLimit.toNanos()) / LOOKS, TimeUnit.NANOSECONDS);
        return new Answer(begun, new WatchedInput(begun.body(), pieceLimit, ticker));
      } catch (TimeoutException e) {
        boolean sent = upload == null || upload.ended;
        long since = upload == null ? began : upload.since;
        long most = (sent ? limit : pieceLimit).toNanos();
        if ((upload == null || !upload.waiting) && ticker.nanos() - since > most) {
          answer.cancel(true);
          throw new IOException("it makes no progress", e);
        }
      } catch (ExecutionException e) {
        throw e.getCause() instanceof IOException known ? known : new IOException(e.getCause());
      } catch (InterruptedException e) {
        answer.cancel(true);
        throw e;
      }
    }
  }

  /**
   * An answer that has begun.
   *
   * @param head status and headers
   * @param body to be closed
   */
  record Answer(HttpResponse<InputStream> head, InputStream body) {
    int status() {
      return head.statusCode();
    }
  }

  /** Ends its calls. */
  @Override
  public void close() {
    client.close();
  }
}
