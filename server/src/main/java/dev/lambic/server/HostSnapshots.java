package dev.lambic.server;

import dev.lambic.functions.FunctionListener;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.functions.Snapshots;
import dev.lambic.invocation.FunctionImage;
import dev.lambic.invocation.Templates;
import dev.lambic.runtime.SnapshotStore;
import dev.lambic.sandbox.Criu;
import dev.lambic.sandbox.SnapshotProbe;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of this host's functions, if it can make any, which is found out by trying while
 * the server starts. Safe for use by many threads.
 */
final class HostSnapshots implements Snapshots, FunctionListener {
  private static final int PREPARATION_SECONDS = 120;

  private final Function<FunctionVersion, FunctionImage> images;
  private final Predicate<String> isLive;
  private final PrintStream out;
  private final CompletableFuture<Optional<Parts>> parts = new CompletableFuture<>();

  /** What was deleted before it was known whether there are any; guarded by itself. */
  private final List<FunctionVersion> deletedEarly = new ArrayList<>();

  /** What makes and keeps them. */
  private record Parts(SnapshotStore store, Templates templates) {}

  /**
   * Snapshots that wait for {@link #prepare}.
   *
   * @param images what is run of a version
   * @param isLive whether code of that name may change at any time, so that there are no snapshots
   * @param out told why there is no snapshot where one is asked for
   */
  HostSnapshots(
      Function<FunctionVersion, FunctionImage> images, Predicate<String> isLive, PrintStream out) {
    this.images = images;
    this.isLive = isLive;
    this.out = out;
  }

  /**
   * Finds out whether snapshots can be made, and gets ready for it; waits.
   *
   * @param criu makes criu ready, if there is one
   * @param probe whether they can, by trying
   * @param store makes the store
   * @param templates makes snapshots for a store
   */
  void prepare(
      Supplier<Optional<Criu>> criu,
      Function<Criu, SnapshotProbe.Result> probe,
      Function<Criu, SnapshotStore> store,
      Function<SnapshotStore, Templates> templates) {
    Optional<Parts> found = Optional.empty();
    try {
      Optional<Criu> ready = criu.get();
      if (ready.isPresent()) {
        SnapshotProbe.Result result = probe.apply(ready.get());
        if (result.works()) {
          SnapshotStore kept = store.apply(ready.get());
          found = Optional.of(new Parts(kept, templates.apply(kept)));
        } else {
          out.println("[WARN] No snapshots can be made on this host: " + result.why());
        }
      }
    } catch (RuntimeException e) {
      out.println("[WARN] No snapshots can be made on this host: " + e.getMessage());
    } finally {
      complete(found);
    }
  }

  /** Those of versions that were deleted meanwhile are gone before anybody looks for one. */
  private void complete(Optional<Parts> found) {
    while (true) {
      List<FunctionVersion> gone;
      synchronized (deletedEarly) {
        gone = List.copyOf(deletedEarly);
        deletedEarly.clear();
        if (gone.isEmpty()) {
          parts.complete(found);
          return;
        }
      }
      found.ifPresent(of -> gone.forEach(version -> forget(of, version)));
    }
  }

  @Override
  public Result make(FunctionVersion version) {
    if (isLive.test(version.codeId())) {
      out.println(
          "[WARN] There is no snapshot of " + version.arn() + ": its code is a working directory.");
      return new Result.Impossible();
    }
    Parts of = parts();
    if (of == null) {
      out.println(
          "[WARN] There is no snapshot of "
              + version.arn()
              + ", for this host has no criu that works (./lambic doctor tells more).");
      return new Result.Impossible();
    }
    return switch (of.templates.make(images.apply(version))) {
      case Templates.Made.Done _ -> new Result.Made();
      case Templates.Made.Impossible impossible -> {
        out.println("[WARN] There is no snapshot of " + version.arn() + ": " + impossible.why());
        yield new Result.Impossible();
      }
      case Templates.Made.Postponed postponed -> {
        out.println("[WARN] There is no snapshot of " + version.arn() + ": " + postponed.why());
        yield new Result.Postponed();
      }
      case Templates.Made.Failed failed ->
          new Result.Failed(code(failed), failed.errorType() + ": " + failed.reason());
    };
  }

  private static String code(Templates.Made.Failed failed) {
    if (failed.timedOut()) {
      return "FunctionError.InitTimeout";
    }
    return failed.errorType().equals("Runtime.InvalidEntrypoint")
        ? "FunctionError.InvalidEntryPoint"
        : "FunctionError.RuntimeInitError";
  }

  private @Nullable Parts parts() {
    try {
      return parts.get(PREPARATION_SECONDS, TimeUnit.SECONDS).orElse(null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException | TimeoutException e) {
      return null;
    }
  }

  @Override
  public void updated(FunctionVersion now) {
    // Its snapshot has the name of all that it depends on.
  }

  @Override
  public void deleted(FunctionVersion was) {
    if (!was.snapStart()) {
      return;
    }
    synchronized (deletedEarly) {
      if (!parts.isDone()) {
        deletedEarly.add(was);
        return;
      }
    }
    Thread.startVirtualThread(() -> forget(was));
  }

  @Override
  public void forget(FunctionVersion version) {
    Parts of = parts();
    if (of != null) {
      forget(of, version);
    }
  }

  private static void forget(Parts of, FunctionVersion version) {
    of.store.forget(version.account(), version.region(), version.functionName(), version.version());
  }
}
