package dev.lambic.images;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Closes a stream that takes too long, so that who reads it does not wait for ever. */
final class Deadline {
  private final CompletableFuture<Void> due;

  private Deadline(CompletableFuture<Void> due) {
    this.due = due;
  }

  static Deadline closing(InputStream stream, Duration after) {
    Executor later = CompletableFuture.delayedExecutor(after.toSeconds(), TimeUnit.SECONDS);
    return new Deadline(
        CompletableFuture.runAsync(
            () -> {
              try {
                stream.close();
              } catch (IOException e) {
                // Its reader is told by the same error.
                return;
              }
            },
            later));
  }

  void cancel() {
    due.cancel(false);
  }
}
