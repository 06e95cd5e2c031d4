package dev.lambic.invocation;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Does things one after the other on the thread that asks for it: what doing one of them leads to
 * waits until its turn comes, so that no chain of them is ever deeper than one.
 */
final class OneByOne<T> {
  @SuppressWarnings("ThreadLocalUsage") // it lives as long as the one queue that a server has
  private final ThreadLocal<@Nullable Deque<T>> waiting = new ThreadLocal<>();

  /** Does all of them before it returns, or leaves them to the same call below on the stack. */
  void run(Collection<T> things, Consumer<T> one) {
    if (things.isEmpty()) {
      return;
    }
    Deque<T> outer = waiting.get();
    if (outer != null) {
      outer.addAll(things);
      return;
    }
    Deque<T> all = new ArrayDeque<>(things);
    waiting.set(all);
    try {
      while (!all.isEmpty()) {
        one.accept(all.remove());
      }
    } finally {
      waiting.remove();
    }
  }
}
