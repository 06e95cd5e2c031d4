package dev.lambic.server;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * A part that is opened while others are. For one thread, which asks for it once, or closes it if
 * it never did.
 *
 * @param <T> the part
 */
final class Meanwhile<T extends AutoCloseable> implements AutoCloseable {
  private final FutureTask<T> opening;
  private boolean taken;

  /** Opens a part. */
  @FunctionalInterface
  interface Opener<T> {
    /** Opens it. */
    T open() throws IOException;
  }

  private Meanwhile(FutureTask<T> opening) {
    this.opening = opening;
  }

  static <T extends AutoCloseable> Meanwhile<T> open(String name, Opener<T> opener) {
    FutureTask<T> opening = new FutureTask<>(opener::open);
    Thread.ofPlatform().name(name).daemon().start(opening);
    return new Meanwhile<>(opening);
  }

  /**
   * The part, which is the caller's to close now.
   *
   * @throws IOException as its opener did; runtime exceptions likewise
   */
  T take() throws IOException {
    taken = true;
    try {
      return opening.get();
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static IOException failure(@Nullable Throwable cause) {
    if (cause instanceof RuntimeException e) {
      throw e;
    }
    return cause instanceof IOException e ? e : new IOException(cause);
  }

  @Override
  public void close() throws IOException {
    if (taken) {
      return;
    }
    T part;
    try {
      part = take();
    } catch (IOException | RuntimeException e) {
      // Something else went wrong before, which is what is told.
      return;
    }
    try {
      part.close();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("closing what was opened in vain", e);
    }
  }
}
