package dev.lambic.images;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Closes a stream that takes too long, so that who reads it does not wait for ever. */
final class Deadline {
  private final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();

  private Deadline() {}

  static Deadline closing(Closeable stream, Duration after) {
    Deadline deadline = new Deadline();
    var _ =
        deadline
            .over
            .orTimeout(after.toMillis(), TimeUnit.MILLISECONDS)
            .exceptionally(late -> {
              try {
                stream.close();
              } catch (IOException e) {
                // Its reader is told by an error of its own.
                return null;
              }
              return null;
            });
    return deadline;
  }

  /** Whether the stream was closed by this. */
  boolean isOver() {
    return over.isCompletedExceptionally();
  }

  /** The deadline as a resource that is cancelled at the end of its block. */
  Scope scope() {
    return this::cancel;
  }

  /** Ends without an error. */
  interface Scope extends AutoCloseable {
    @Override
    void close();
  }

  void cancel() {
    over.complete(null);
  }
}
