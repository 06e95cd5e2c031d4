package dev.lambic.server;

import dev.lambic.invocation.Code;
import dev.lambic.invocation.FunctionImage;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One function whose code is a working directory.
 *
 * <p>Every state of the directory has a generation, and every generation environments of its own.
 * An invocation looks at the whole directory after it has arrived, and runs in the generation that
 * it sees, so it never runs in an environment that was made before a change which was complete when
 * the invocation began. Safe for use by many threads; may block.
 */
final class DevFunction {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Somebody who keeps writing gets a new environment for every invocation. */
  private static final Duration WAIT_FOR_QUIET = Duration.ofSeconds(3);

  private final Path directory;
  private final String codeId;
  private final Consumer<String> retire;
  private final Consumer<String> said;
  private final Ticker ticker;
  private final CompletableFuture<String> over = new CompletableFuture<>();
  private final ReentrantLock lock = new ReentrantLock(true);
  private @Nullable DevTree last;
  private @Nullable String failure;
  private @Nullable String key;
  private boolean settled;
  private long lookedFrom;
  private long generation;

  /**
   * A function.
   *
   * @param codeId of the package that stands for the directory in the function's configuration
   * @param retire ends the environments of an image that must not be served any more, by its key
   * @param said told what a person should know; must not block
   */
  DevFunction(
      Path directory,
      String codeId,
      Consumer<String> retire,
      Consumer<String> said,
      Ticker ticker) {
    this.directory = directory;
    this.codeId = codeId;
    this.retire = retire;
    this.said = said;
    this.ticker = ticker;
  }

  Path directory() {
    return directory;
  }

  String codeId() {
    return codeId;
  }

  /** Completed with the reason, when the function is no longer one of this kind. */
  CompletableFuture<String> over() {
    return over;
  }

  /**
   * The image that an invocation runs which has just arrived.
   *
   * @throws LambicException if the directory is gone or cannot be used
   */
  FunctionImage image(FunctionImage base) {
    long arrived = ticker.nanos();
    acquire();
    try {
      update(arrived);
      String now = base.key() + "+" + generation;
      if (key != null && !key.equals(now)) {
        retire.accept(key);
      }
      key = now;
      return base.with(now, variables(base), () -> lease(base.code().acquire()));
    } finally {
      lock.unlock();
    }
  }

  /** Looks for changes, to tell of them; what is wrong is told too. */
  void look() {
    acquire();
    try {
      update(ticker.nanos());
    } catch (LambicException e) {
      // It was told by whoever looked first.
      return;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the environments. */
  void end() {
    acquire();
    try {
      if (key != null) {
        retire.accept(key);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Looks, unless somebody else's look began after the arrival. */
  private void update(long arrived) {
    if (settled && lookedFrom - arrived > 0) {
      return;
    }
    long from = ticker.nanos();
    settled = false;
    DevTree now;
    try {
      now = settle();
    } catch (LambicException e) {
      fail(String.valueOf(e.getMessage()));
      throw e;
    }
    lookedFrom = from;
    if (settled && now.same(last)) {
      return;
    }
    generation++;
    failure = null;
    DevTree before = last;
    last = now;
    if (before != null && !now.same(before)) {
      said.accept("changed: " + now.difference(before));
    } else if (before == null && generation > 1) {
      said.accept("the directory is there again");
    }
    if (key != null) {
      retire.accept(key);
      key = null;
    }
    warn(now, before);
  }

  private void warn(DevTree now, @Nullable DevTree before) {
    String unreadable = now.unreadable();
    if (!unreadable.isEmpty() && (before == null || !unreadable.equals(before.unreadable()))) {
      said.accept(
          "functions cannot read " + unreadable + "; to let them: chmod -R o+rX " + directory);
    }
  }

  private void fail(String why) {
    last = null;
    if (!why.equals(failure)) {
      failure = why;
      said.accept(why);
    }
    if (key != null) {
      retire.accept(key);
      key = null;
    }
  }

  /** Looks until it is sure that the next look sees whatever is changed from now on. */
  private DevTree settle() {
    long end = ticker.nanos() + WAIT_FOR_QUIET.toNanos();
    while (true) {
      Instant began = ticker.instant();
      DevTree tree = DevTree.look(directory);
      Duration wait = tree.unsettledFor(began);
      settled = wait == null;
      if (wait == null || ticker.nanos() + wait.toNanos() - end > 0) {
        return tree;
      }
      LockSupport.parkNanos(wait.toNanos());
    }
  }

  /**
   * With what keeps Python from taking an older module's byte code, which it tells apart by whole
   * seconds only.
   */
  private static Map<String, String> variables(FunctionImage base) {
    Map<String, String> variables = new HashMap<>(base.variables());
    if (base.runtime().startsWith("python")) {
      variables.putIfAbsent("PYTHONPYCACHEPREFIX", "/tmp/.pycache");
      variables.putIfAbsent("PYTHONDONTWRITEBYTECODE", "1");
    }
    return variables;
  }

  private Code.Lease lease(Code.Lease uploaded) {
    return new Code.Lease() {
      @Override
      public Path directory() {
        return directory;
      }

      @Override
      public @Nullable Path opt() {
        return uploaded.opt();
      }

      @Override
      public void close() {
        uploaded.close();
      }
    };
  }

  private void acquire() {
    try {
      if (lock.tryLock(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new LambicException(
        "TooManyRequestsException", Blame.CAPACITY, "Too many look at " + directory + ".");
  }
}
