package dev.lambic.images;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Closes a stream that takes too long, so that who reads it does not wait for ever. */
final class Deadline {
  private final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();

  private Deadline() {}

  static Deadline closing(InputStream stream, Duration after) {
    Deadline deadline = new Deadline();
    var _ =
        deadline
            .over
            .orTimeout(after.toSeconds(), TimeUnit.SECONDS)
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

  void cancel() {
    over.complete(null);
  }
}
