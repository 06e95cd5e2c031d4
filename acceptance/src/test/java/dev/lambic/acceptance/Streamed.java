package dev.lambic.acceptance;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaAsyncClient;
import software.amazon.awssdk.services.lambda.model.InvokeWithResponseStreamCompleteEvent;
import software.amazon.awssdk.services.lambda.model.InvokeWithResponseStreamResponse;
import software.amazon.awssdk.services.lambda.model.InvokeWithResponseStreamResponseEvent;
import software.amazon.awssdk.services.lambda.model.InvokeWithResponseStreamResponseHandler;
import software.amazon.awssdk.services.lambda.model.LogType;

/** One streamed invocation, as AWS's asynchronous SDK receives it. */
final class Streamed {
  private static final int SECONDS = 60;

  private final LinkedBlockingQueue<byte[]> pieces = new LinkedBlockingQueue<>();
  private final CompletableFuture<InvokeWithResponseStreamResponse> head =
      new CompletableFuture<>();
  private final CompletableFuture<InvokeWithResponseStreamCompleteEvent> complete =
      new CompletableFuture<>();
  private final CompletableFuture<Subscription> subscription = new CompletableFuture<>();
  private final AtomicLong length = new AtomicLong();
  private final boolean kept;
  private final CompletableFuture<Void> done;

  private Streamed(
      LambdaAsyncClient client,
      String function,
      String event,
      LogType log,
      boolean kept,
      long wanted) {
    this.kept = kept;
    done =
        client.invokeWithResponseStream(
            request ->
                request.functionName(function).logType(log).payload(SdkBytes.fromUtf8String(event)),
            InvokeWithResponseStreamResponseHandler.builder()
                .onResponse(head::complete)
                .subscriber(() -> new Taker(wanted))
                .build());
  }

  /** Begins an invocation whose events are taken as they come. */
  static Streamed start(LambdaAsyncClient client, String function, String event) {
    return new Streamed(client, function, event, LogType.NONE, true, Long.MAX_VALUE);
  }

  static Streamed startWithLog(LambdaAsyncClient client, String function, String event) {
    return new Streamed(client, function, event, LogType.TAIL, true, Long.MAX_VALUE);
  }

  /** Begins an invocation whose pieces are only counted. */
  static Streamed startCounting(LambdaAsyncClient client, String function, String event) {
    return new Streamed(client, function, event, LogType.NONE, false, Long.MAX_VALUE);
  }

  /**
   * Begins an invocation of which only the first event is taken before {@link #takeAll}, and whose
   * pieces are only counted.
   */
  static Streamed startSlowly(LambdaAsyncClient client, String function, String event) {
    return new Streamed(client, function, event, LogType.NONE, false, 1);
  }

  private final class Taker implements Subscriber<InvokeWithResponseStreamResponseEvent> {
    private final long wanted;
    private final InvokeWithResponseStreamResponseHandler.Visitor visitor =
        InvokeWithResponseStreamResponseHandler.Visitor.builder()
            .onPayloadChunk(chunk -> take(chunk.payload().asByteArrayUnsafe()))
            .onInvokeComplete(complete::complete)
            .build();

    Taker(long wanted) {
      this.wanted = wanted;
    }

    @Override
    public void onSubscribe(Subscription given) {
      subscription.complete(given);
      given.request(wanted);
    }

    @Override
    public void onNext(InvokeWithResponseStreamResponseEvent event) {
      event.accept(visitor);
    }

    @Override
    public void onError(Throwable error) {
      complete.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      complete.completeExceptionally(new AssertionError("no InvokeComplete"));
    }
  }

  private void take(byte[] piece) {
    length.addAndGet(piece.length);
    if (kept) {
      pieces.add(piece);
    }
  }

  Streamed takeAll() {
    await(subscription).request(Long.MAX_VALUE);
    return this;
  }

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  InvokeWithResponseStreamResponse head() {
    return await(head);
  }

  String piece() {
    try {
      byte[] next = pieces.poll(SECONDS, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no piece came");
      }
      return new String(next, StandardCharsets.UTF_8);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  boolean isComplete() {
    return complete.isDone();
  }

  InvokeWithResponseStreamCompleteEvent complete() {
    InvokeWithResponseStreamCompleteEvent event = await(complete);
    await(done);
    return event;
  }

  /** All pieces that were not taken one by one. */
  byte[] body() {
    complete();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pieces.forEach(all::writeBytes);
    return all.toByteArray();
  }

  /** The bytes of all pieces. */
  long length() {
    complete();
    return length.get();
  }

  String text() {
    return new String(body(), StandardCharsets.UTF_8);
  }

  String log() {
    String log = complete().logResult();
    return log == null ? "" : new String(Base64.getDecoder().decode(log), StandardCharsets.UTF_8);
  }

  /** What the error says. */
  String errorMessage() {
    @Nullable String details = complete().errorDetails();
    return details == null ? "" : Invoked.parse(details).path("errorMessage").asText();
  }
}
