package dev.lambic.server;

import java.util.Optional;

/**
 * A part that is made after those that refer to it. Safe for use by many threads.
 *
 * @param <T> the part
 */
final class Late<T> {
  private volatile Optional<T> value = Optional.empty();

  synchronized void set(T made) {
    if (value.isPresent()) {
      throw new IllegalStateException("made twice");
    }
    value = Optional.of(made);
  }

  T get() {
    return value.orElseThrow(() -> new IllegalStateException("used before it was made"));
  }
}
