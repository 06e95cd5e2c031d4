package dev.lambic.invocation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The environments of one state of a function version, and of one tenant where there are some, that
 * may get invocations soon.
 *
 * <p>An environment that has answered asks for its next event a moment later, often later than its
 * caller's next call comes. Such a call waits for that moment instead of paying for a cold start.
 * Guarded by the dispatcher's lock.
 */
final class Pool {
  /** In no key of an image, so no tenant can have himself taken for another function's. */
  private static final char SEPARATOR = '\n';

  private final Deque<Worker> idle = new ArrayDeque<>();
  private final Deque<Worker> ahead = new ArrayDeque<>();
  private final Deque<Call> waiting = new ArrayDeque<>();
  private final Set<Worker> answered = new HashSet<>();

  /** The name of the pool. */
  static String key(FunctionImage image, @Nullable String tenantId) {
    return tenantId == null ? image.key() : image.key() + SEPARATOR + tenantId;
  }

  /** Whether the pool of that name has environments of the image with the key. */
  static boolean isOf(String pool, String imageKey) {
    return pool.startsWith(imageKey)
        && (pool.length() == imageKey.length() || pool.charAt(imageKey.length()) == SEPARATOR);
  }

  /**
   * The environment that became idle last, for it is the one most likely in the caches; none of
   * those that were made ahead.
   */
  @Nullable Worker takeIdle() {
    return taken(idle.pollLast());
  }

  /** The same of those that were made ahead. */
  @Nullable Worker takeAhead() {
    return taken(ahead.pollLast());
  }

  private static @Nullable Worker taken(@Nullable Worker latest) {
    if (latest != null) {
      latest.place().pooled = false;
    }
    return latest;
  }

  /** The environment that has been idle for longest, of those that need not be kept. */
  @Nullable Worker oldest() {
    return idle.peekFirst();
  }

  void remove(Worker worker) {
    if (worker.place().pooled) {
      worker.place().pooled = false;
      if (!idle.remove(worker)) {
        ahead.remove(worker);
      }
    }
  }

  /** The idle ones that need not be kept. */
  Iterable<Worker> idle() {
    return idle;
  }

  /** All idle ones. */
  List<Worker> allIdle() {
    List<Worker> all = new ArrayList<>(idle);
    all.addAll(ahead);
    return all;
  }

  /**
   * Lets the call wait if an environment is about to be idle for it.
   *
   * @param now on the monotonic clock
   */
  boolean await(Call call, long now) {
    int promising = 0;
    long longest = 0;
    for (Worker worker : answered) {
      long left = worker.worthWaiting() - now;
      promising += left > 0 ? 1 : 0;
      longest = Math.max(longest, left);
    }
    if (promising <= waiting.size()) {
      return false;
    }
    call.waitsFor(longest);
    waiting.addLast(call);
    return true;
  }

  /** Whether the call still waited; it does not any more. */
  boolean giveUp(Call call) {
    return waiting.remove(call);
  }

  /** All that wait; they do not any more. */
  List<Call> giveUpAll() {
    List<Call> all = List.copyOf(waiting);
    all.forEach(Call::waitsNoMore);
    waiting.clear();
    return all;
  }

  /** The environment will be idle soon, unless it ends. */
  void answered(Worker worker) {
    answered.add(worker);
  }

  /** An environment is idle; the call that it shall run at once, or null. */
  @Nullable Call becameIdle(Worker worker, boolean keep) {
    answered.remove(worker);
    Call next = keep ? first() : null;
    if (next != null || !keep) {
      remove(worker);
    } else if (!worker.place().pooled) {
      // It may be here already, for its runtime ended and can be started anew.
      worker.place().pooled = true;
      (worker.place().provision == null ? idle : ahead).addLast(worker);
    }
    return next;
  }

  /** An environment ended; the call that waited for it in vain, or null. */
  @Nullable Call ended(Worker worker) {
    remove(worker);
    answered.remove(worker);
    return waiting.size() > answered.size() ? first() : null;
  }

  private @Nullable Call first() {
    Call next = waiting.pollFirst();
    if (next != null) {
      next.waitsNoMore();
    }
    return next;
  }

  boolean isEmpty() {
    return idle.isEmpty() && ahead.isEmpty() && waiting.isEmpty() && answered.isEmpty();
  }
}
