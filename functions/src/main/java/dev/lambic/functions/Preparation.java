package dev.lambic.functions;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.SnapStartOptimizationStatus;

/**
 * Brings versions from 'on its way' to 'ready', after the request that made them was answered.
 *
 * <p>A preparation never throws; its failure becomes the state of the version.
 */
final class Preparation implements AutoCloseable {
  private static final int CLOSE_SECONDS = 30;
  private static final Duration LATER = Duration.ofMinutes(1);
  private static final int MOST_ATTEMPTS = 5;

  private final CodeStore code;
  private final ContainerImages containers;
  private final LayerRegistry layers;
  private final Configurations configurations;
  private final Ambient ambient;
  private final ExecutorService threads;
  private final Set<String> imaging = ConcurrentHashMap.newKeySet();
  private final Map<String, Attempts> postponed = new ConcurrentHashMap<>();
  private volatile Snapshots snapshots = Snapshots.NONE;

  /** How often a snapshot could not be made in a row, and when that was last. */
  private record Attempts(int number, long nanos) {}

  /** Runs on the threads, which it ends when it is closed. */
  Preparation(
      CodeStore code,
      ContainerImages containers,
      LayerRegistry layers,
      Configurations configurations,
      Ambient ambient,
      ExecutorService threads) {
    this.code = code;
    this.containers = containers;
    this.layers = layers;
    this.configurations = configurations;
    this.ambient = ambient;
    this.threads = threads;
  }

  /** Publishes the staged code, which is closed afterwards, and finishes what waits for it. */
  void start(
      FunctionRegistry registry,
      FunctionKey key,
      FunctionConfiguration version,
      CodeStore.Staged staged) {
    threads.execute(() -> {
      try (staged) {
        Lifecycle.Failure failure = null;
        try {
          staged.publish();
          failure = merge(version);
        } catch (RuntimeException e) {
          failure = failed(key, e);
        }
        finish(registry, key, staged.codeId(), failure);
      } catch (RuntimeException e) {
        ambient.faults().fault("preparation of " + key.arn(), e);
      }
    });
  }

  /** Finishes what waits for code that was there before. */
  void start(FunctionRegistry registry, FunctionKey key, FunctionConfiguration version) {
    String codeId = Configurations.codeId(version);
    threads.execute(() -> {
      try {
        Lifecycle.Failure failure = rebuild(codeId);
        finish(registry, key, codeId, failure == null ? merge(version) : failure);
      } catch (RuntimeException e) {
        ambient.faults().fault("preparation of " + key.arn(), e);
      }
    });
  }

  /** Fetches and unpacks a container image and finishes what waits for it. */
  void start(FunctionRegistry registry, FunctionKey key, ImageSource image) {
    threads.execute(() -> {
      try {
        finish(registry, key, image.digest(), prepare(key, image));
      } catch (RuntimeException e) {
        ambient.faults().fault("preparation of " + key.arn(), e);
      }
    });
  }

  private Lifecycle.@Nullable Failure prepare(FunctionKey key, ImageSource image) {
    try {
      containers.prepare(image.resolvedUri());
      return null;
    } catch (ContainerImages.Unusable e) {
      // Whatever is wrong, it is so with what others keep.
      return new Lifecycle.Failure(e.problem().reasonCode(), String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      return failed(key, e);
    }
  }

  /** Goes on after a restart with images that are not there yet, which may take long. */
  void resume(FunctionRegistry registry) {
    for (FunctionImage function : registry.all()) {
      function.images().values().stream()
          .distinct()
          .filter(image -> !containers.isReady(image.digest()))
          .forEach(image -> start(registry, function.key(), image));
      Former former = Former.of(function);
      if (former != null && !containers.isReady(former.image().digest())) {
        start(registry, function.key(), former);
      }
    }
  }

  /** Fetches what was run before an update that is not there yet. */
  private void start(FunctionRegistry registry, FunctionKey key, Former former) {
    threads.execute(() -> {
      try {
        if (prepare(key, former.image()) == null) {
          registry.change(
              key, now -> now != null && former.equals(Former.of(now)) ? former.running(now) : now);
        }
      } catch (RuntimeException e) {
        ambient.faults().fault("preparation of " + key.arn(), e);
      }
    });
  }

  private Lifecycle.Failure failed(FunctionKey key, RuntimeException e) {
    ambient.faults().fault("preparation of " + key.arn(), e);
    return Lifecycle.Failure.internal("The code could not be prepared: " + e.getMessage());
  }

  private void finish(
      FunctionRegistry registry,
      FunctionKey key,
      String codeId,
      Lifecycle.@Nullable Failure failure) {
    registry.change(
        key,
        before ->
            before == null
                ? null
                : FunctionRegistry.advance(
                    before, layers, version -> finished(version, codeId, failure)));
    makeSnapshots(registry, key);
  }

  /**
   * From now on versions that ask for it get snapshots; those that are there already are looked at
   * in the background.
   */
  void use(Snapshots maker, FunctionRegistry registry) {
    snapshots = maker;
    registry.listen(
        new FunctionListener() {
          @Override
          public void updated(FunctionVersion now) {
            // It is the same version.
          }

          @Override
          public void deleted(FunctionVersion was) {
            postponed.remove(was.arn());
          }
        });
    threads.execute(() -> {
      for (FunctionImage function : registry.all()) {
        for (FunctionConfiguration version : function.all()) {
          if (Configurations.hasSnapshots(version) && Lifecycle.of(version) == Lifecycle.ACTIVE) {
            makeSnapshot(registry, function.key(), version);
          }
        }
      }
    });
  }

  /**
   * Makes another snapshot of a version that is shown as having one, or of one that could not have
   * one when that was tried, some time ago and not often.
   */
  void remake(FunctionRegistry registry, FunctionKey key, String version) {
    FunctionImage function = registry.find(key);
    FunctionConfiguration found = function == null ? null : function.version(version);
    if (found != null
        && Configurations.hasSnapshots(found)
        && (found.snapStart().optimizationStatus() == SnapStartOptimizationStatus.ON
            || isDue(key.arn() + ":" + version))) {
      threads.execute(() -> makeSnapshot(registry, key, found));
    }
  }

  private boolean isDue(String name) {
    Attempts of = postponed.get(name);
    return of != null
        && of.number < MOST_ATTEMPTS
        && ambient.ticker().nanos() - of.nanos >= LATER.toNanos();
  }

  /** Takes note of whether it is worth trying again. */
  private void attempted(String name, boolean again) {
    if (again) {
      Attempts first = new Attempts(1, ambient.ticker().nanos());
      postponed.merge(name, first, (of, now) -> new Attempts(of.number + 1, now.nanos));
    } else {
      postponed.remove(name);
    }
  }

  /** Makes those that ready versions wait for. */
  private void makeSnapshots(FunctionRegistry registry, FunctionKey key) {
    FunctionImage function = registry.find(key);
    if (function == null) {
      return;
    }
    for (FunctionConfiguration version : function.all()) {
      if (Configurations.hasSnapshots(version)
          && Lifecycle.of(version) == Lifecycle.PENDING
          && code.isReady(Configurations.codeId(version))) {
        threads.execute(() -> makeSnapshot(registry, key, version));
      }
    }
  }

  private void makeSnapshot(
      FunctionRegistry registry, FunctionKey key, FunctionConfiguration version) {
    String name = key.arn() + ":" + version.version();
    if (!imaging.add(name)) {
      return;
    }
    boolean gone = false;
    try {
      FunctionVersion ready = Configurations.ready(key, version, layers.opt(version));
      Snapshots.Result result = snapshots.make(ready);
      registry.change(
          key,
          before ->
              before == null
                  ? null
                  : FunctionRegistry.advance(
                      before, layers, now -> isSame(now, version) ? imaged(now, result) : now));
      boolean wasPending = Lifecycle.of(version) == Lifecycle.PENDING;
      attempted(
          name,
          result instanceof Snapshots.Result.Postponed
              // It could be initialised once, so something else was in the way.
              || (result instanceof Snapshots.Result.Failed && !wasPending));
      FunctionImage function = registry.find(key);
      FunctionConfiguration now = function == null ? null : function.version(version.version());
      gone = now == null || !isSame(now, version);
      if (gone) {
        // Its deletion was told before perhaps.
        attempted(name, false);
        snapshots.forget(ready);
      }
    } catch (RuntimeException e) {
      ambient.faults().fault("snapshot of " + name, e);
    } finally {
      imaging.remove(name);
    }
    if (gone) {
      // Another function may have a version of this name by now, which had to wait.
      makeSnapshots(registry, key);
    }
  }

  /** Whether it is the very version, and not that of a function which was made after a deletion. */
  private static boolean isSame(FunctionConfiguration now, FunctionConfiguration version) {
    return now.version().equals(version.version())
        && now.lastModified().equals(version.lastModified())
        && Configurations.codeId(now).equals(Configurations.codeId(version));
  }

  private FunctionConfiguration imaged(FunctionConfiguration version, Snapshots.Result result) {
    boolean pending = Lifecycle.of(version) == Lifecycle.PENDING;
    if (result instanceof Snapshots.Result.Failed failed && pending) {
      Lifecycle.Failure failure = new Lifecycle.Failure(failed.code(), failed.reason());
      return configurations.revised(Lifecycle.step(version, Lifecycle.FAILED, failure));
    }
    FunctionConfiguration shown =
        Configurations.withSnapshot(version, result instanceof Snapshots.Result.Made);
    if (pending) {
      return configurations.revised(Lifecycle.step(shown, Lifecycle.ACTIVE, null));
    }
    return shown.equals(version) ? version : configurations.revised(shown);
  }

  private FunctionConfiguration finished(
      FunctionConfiguration version, String codeId, Lifecycle.@Nullable Failure failure) {
    Lifecycle now = Lifecycle.of(version);
    if (now == Lifecycle.ACTIVE || !Configurations.codeId(version).equals(codeId)) {
      return version;
    }
    if (!now.inProgress() && (failure != null || !Configurations.isContainer(version))) {
      return version; // but an image may be had at last after a restart
    }
    if (failure == null && Configurations.hasSnapshots(version)) {
      return version; // it is active when its snapshot is made
    }
    if (failure == null) {
      return configurations.revised(Lifecycle.step(version, Lifecycle.ACTIVE, null));
    }
    Lifecycle next = now == Lifecycle.PENDING ? Lifecycle.FAILED : Lifecycle.UPDATE_FAILED;
    return configurations.revised(Lifecycle.step(version, next, failure));
  }

  /** Makes sure that the code is unpacked; what went wrong, or null. */
  private Lifecycle.@Nullable Failure rebuild(String codeId) {
    if (code.isReady(codeId)) {
      return null;
    }
    try {
      code.ensure(codeId);
      return null;
    } catch (RuntimeException e) {
      ambient.faults().fault("code " + codeId, e);
      return Lifecycle.Failure.internal("The code could not be prepared: " + e.getMessage());
    }
  }

  /** Makes sure that the layers are unpacked and merged; what went wrong, or null. */
  private Lifecycle.@Nullable Failure merge(FunctionConfiguration version) {
    Opt opt = layers.opt(version);
    if (opt == null || code.isReady(opt.id())) {
      return null;
    }
    for (String part : opt.parts()) {
      Lifecycle.Failure failure = rebuild(part);
      if (failure != null) {
        return failure;
      }
    }
    return merge(opt);
  }

  private Lifecycle.@Nullable Failure merge(Opt opt) {
    try {
      code.merge(opt);
      return null;
    } catch (RuntimeException e) {
      ambient.faults().fault("layers " + opt, e);
      return Lifecycle.Failure.internal("The layers could not be prepared: " + e.getMessage());
    }
  }

  /**
   * What functions are after a restart: whatever a crash or a failure left unready is made ready,
   * and what has lost its code is failed.
   */
  List<FunctionImage> recover(FunctionRecords records, List<FunctionImage> functions) {
    Set<String> missing = new TreeSet<>();
    Set<Opt> unmerged = new HashSet<>();
    for (FunctionImage function : functions) {
      for (FunctionConfiguration version : function.all()) {
        String codeId = Configurations.codeId(version);
        if (!Configurations.isContainer(version) && !code.isReady(codeId)) {
          missing.add(codeId);
        }
        Opt opt = layers.opt(version);
        if (opt != null && !code.isReady(opt.id())) {
          unmerged.add(opt);
          opt.parts().stream().filter(part -> !code.isReady(part)).forEach(missing::add);
        }
      }
    }
    Map<String, Lifecycle.Failure> lost = rebuildAll(missing);
    for (Opt opt : unmerged) {
      Lifecycle.Failure failure = mergeFound(opt, lost);
      if (failure != null) {
        lost.put(opt.id(), failure);
      }
    }
    List<FunctionImage> recovered = new ArrayList<>();
    for (FunctionImage before : functions) {
      FunctionImage after =
          Former.kept(
              before,
              FunctionRegistry.advance(before, layers, version -> recovered(version, lost)));
      if (!after.latest().equals(before.latest()) || !after.versions().equals(before.versions())) {
        records.write(before, after);
      }
      Former former = Former.of(after);
      recovered.add(
          former == null || !containers.isReady(former.image().digest())
              ? after
              : former.running(after));
    }
    return recovered;
  }

  private Lifecycle.@Nullable Failure mergeFound(Opt opt, Map<String, Lifecycle.Failure> lost) {
    for (String part : opt.parts()) {
      Lifecycle.Failure failure = lost.get(part);
      if (failure != null) {
        return failure;
      }
    }
    return merge(opt);
  }

  private Map<String, Lifecycle.Failure> rebuildAll(Set<String> missing) {
    Map<String, Lifecycle.Failure> lost = new ConcurrentHashMap<>();
    // Few at a time: each holds a whole package in memory, and must not wait for all the others.
    try (ExecutorService all =
        Executors.newFixedThreadPool(CodeStore.UNPACKING, Thread.ofVirtual().factory())) {
      for (String codeId : missing) {
        all.execute(() -> {
          Lifecycle.Failure failure = rebuild(codeId);
          if (failure != null) {
            lost.put(codeId, failure);
          }
        });
      }
    }
    return new HashMap<>(lost);
  }

  private FunctionConfiguration recovered(
      FunctionConfiguration version, Map<String, Lifecycle.Failure> lost) {
    String codeId = Configurations.codeId(version);
    if (Configurations.isContainer(version) && !containers.isReady(codeId)) {
      return version; // it is fetched while others are served
    }
    Lifecycle.Failure failure = lost.get(codeId);
    Opt opt = layers.opt(version);
    if (failure == null && opt != null) {
      failure = lost.get(opt.id());
    }
    Lifecycle now = Lifecycle.of(version);
    Lifecycle next = failure == null ? Lifecycle.ACTIVE : Lifecycle.FAILED;
    return now == next ? version : configurations.revised(Lifecycle.step(version, next, failure));
  }

  /** Waits for what has begun, but not for ever. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
