package dev.lambic.services;

import java.net.http.HttpClient;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client of HTTP that is made at its first use, for it reads all certificates of the machine.
 * Safe for use by many threads.
 */
final class LazyClient implements AutoCloseable {
  private final Supplier<HttpClient> maker;
  private @Nullable HttpClient made;

  LazyClient(Supplier<HttpClient> maker) {
    this.maker = maker;
  }

  synchronized HttpClient get() {
    HttpClient client = made;
    if (client == null) {
      client = maker.get();
      made = client;
    }
    return client;
  }

  /** Ends its calls. */
  @Override
  public synchronized void close() {
    if (made != null) {
      made.shutdownNow();
    }
  }
}
