package dev.lambic.functions;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.wire.Caller;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyConfigListItem;

/**
 * The functions there are: decides changes one at a time per function, writes them, then shows
 * them.
 *
 * <p>Readers see immutable images without any lock. A change is decided on the current image under
 * a lock that the function shares with a few others, is durable before anybody can see it, and its
 * listeners hear of it before the lock is released. Safe for use by many threads.
 */
final class FunctionRegistry implements FunctionDirectory {
  private static final Comparator<FunctionKey> ORDER =
      Comparator.comparing(FunctionKey::account)
          .thenComparing(FunctionKey::region)
          .thenComparing(FunctionKey::name);

  private static final int STRIPES = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final FunctionRecords records;
  private final LayerRegistry layers;
  private final CodeUsage usage;
  private final DoubleSupplier chance;
  private final Map<FunctionKey, FunctionImage> images = new ConcurrentHashMap<>();
  private final UrlIndex urls = new UrlIndex(images::get);

  /** The same again for lists. */
  private final NavigableMap<FunctionKey, FunctionImage> inOrder =
      new ConcurrentSkipListMap<>(ORDER);

  private final List<FunctionListener> listeners = new CopyOnWriteArrayList<>();
  private final List<ReentrantLock> locks =
      IntStream.range(0, STRIPES).mapToObj(i -> new ReentrantLock(true)).toList();

  /**
   * Shows the functions.
   *
   * @param usage counts their code
   * @param chance evenly distributed from 0 to 1, without 1: which version an alias leads to
   */
  FunctionRegistry(
      FunctionRecords records,
      LayerRegistry layers,
      CodeUsage usage,
      Collection<FunctionImage> functions,
      DoubleSupplier chance) {
    this.records = records;
    this.layers = layers;
    this.usage = usage;
    this.chance = chance;
    functions.forEach(function -> {
      show(function);
      usage.count(function.key().account(), function.key().region(), CodeUsage.of(function));
      urls.changed(null, function);
    });
  }

  /** Tells the listener of every change from now on, and at once of the concurrency there is. */
  void listen(FunctionListener listener) {
    listeners.add(listener);
    for (FunctionKey key : images.keySet()) {
      ReentrantLock lock = locks.get(Math.floorMod(key.hashCode(), STRIPES));
      acquire(lock);
      try {
        tellConcurrency(listener, null, images.get(key));
      } finally {
        lock.unlock();
      }
    }
  }

  /** Finds functions by their URLs. */
  UrlDirectory urls() {
    return urls;
  }

  /** The function as it is now, or null. */
  @Nullable FunctionImage find(FunctionKey key) {
    return images.get(key);
  }

  /** The functions of everybody. */
  Collection<FunctionImage> all() {
    return List.copyOf(images.values());
  }

  /** The functions of an account in a region, in the order of their names. */
  List<FunctionImage> list(String account, String region) {
    return List.copyOf(listFrom(account, region, ""));
  }

  /**
   * Those of them that are not before the name, in a view that changes with them and costs only
   * what is read of it.
   */
  Collection<FunctionImage> listFrom(String account, String region, String name) {
    // No character of a name is as large as that.
    return inOrder
        .subMap(
            new FunctionKey(account, region, name),
            true,
            new FunctionKey(account, region, "\uffff"),
            false)
        .values();
  }

  private void show(FunctionImage function) {
    images.put(function.key(), function);
    inOrder.put(function.key(), function);
  }

  /** The code and the layers that any function refers to. */
  Set<String> usedCode() {
    Set<String> used = new HashSet<>();
    for (FunctionImage function : images.values()) {
      for (FunctionConfiguration version : function.all()) {
        if (Configurations.isContainer(version)) {
          continue;
        }
        used.add(Configurations.codeId(version));
        Opt opt = layers.opt(version);
        if (opt != null) {
          used.add(opt.id());
          used.addAll(opt.parts());
        }
      }
      for (FunctionVersion version : function.ready().values()) {
        if (version.container().isEmpty()) {
          used.add(version.codeId());
        }
        if (version.layersId() != null) {
          used.add(version.layersId());
        }
      }
    }
    return used;
  }

  /** The digests of the container images that any function refers to. */
  Set<String> usedImages() {
    Set<String> used = new HashSet<>();
    for (FunctionImage function : images.values()) {
      function.images().values().forEach(image -> used.add(image.digest()));
      Former former = Former.of(function);
      if (former != null) {
        used.add(former.image().digest());
      }
      function
          .ready()
          .values()
          .forEach(
              version -> version.container().ifPresent(container -> used.add(container.digest())));
    }
    return used;
  }

  /**
   * Changes a function.
   *
   * @param decision from the current image, null if there is no such function, to the next, null to
   *     delete it; may throw to refuse, and may return the same image to change nothing
   * @return what the decision returned, durable and visible
   */
  @Nullable FunctionImage change(FunctionKey key, Decision decision) {
    ReentrantLock lock = locks.get(Math.floorMod(key.hashCode(), STRIPES));
    acquire(lock);
    try {
      FunctionImage before = images.get(key);
      FunctionImage decided = decision.decide(before);
      FunctionImage after = decided == null ? null : Former.kept(before, decided);
      if (!Objects.equals(after, before)) {
        write(key, before, after);
        if (after == null) {
          images.remove(key);
          inOrder.remove(key);
        } else {
          show(after);
        }
        urls.changed(before, after);
        tell(before, after);
      }
      return after;
    } finally {
      lock.unlock();
    }
  }

  /** Makes a change durable, and counts its code. */
  private void write(
      FunctionKey key, @Nullable FunctionImage before, @Nullable FunctionImage after) {
    long more = CodeUsage.of(after) - CodeUsage.of(before);
    usage.change(key.account(), key.region(), more);
    boolean written = false;
    try {
      records.write(before, after);
      written = true;
    } finally {
      if (!written) {
        usage.count(key.account(), key.region(), -more);
      }
    }
  }

  /** Decides what becomes of a function. */
  @FunctionalInterface
  interface Decision {
    @Nullable FunctionImage decide(@Nullable FunctionImage before);
  }

  /**
   * The image with some configurations changed, and with those ready to run that became active.
   *
   * @param change may return the same configuration
   */
  static FunctionImage advance(
      FunctionImage before, LayerRegistry layers, UnaryOperator<FunctionConfiguration> change) {
    FunctionImage after = before.mapAll(change);
    Map<String, FunctionVersion> ready = new HashMap<>(before.ready());
    for (FunctionConfiguration version : after.all()) {
      boolean known = ready.containsKey(version.version());
      boolean changed = !version.equals(before.version(version.version()));
      if (Lifecycle.of(version) == Lifecycle.ACTIVE && (changed || !known)) {
        ready.put(
            version.version(), Configurations.ready(before.key(), version, layers.opt(version)));
      }
    }
    return after.withReady(ready);
  }

  private void tell(@Nullable FunctionImage before, @Nullable FunctionImage after) {
    Map<String, FunctionVersion> old = before == null ? Map.of() : before.ready();
    Map<String, FunctionVersion> ready = after == null ? Map.of() : after.ready();
    for (FunctionListener listener : listeners) {
      old.forEach((version, was) -> {
        if (!ready.containsKey(version)) {
          listener.deleted(was);
        }
      });
      ready.forEach((version, now) -> {
        if (!now.equals(old.get(version))) {
          listener.updated(now);
        }
      });
      tellConcurrency(listener, before, after);
    }
  }

  private static void tellConcurrency(
      FunctionListener listener, @Nullable FunctionImage before, @Nullable FunctionImage after) {
    FunctionImage some = after == null ? before : after;
    if (some == null) {
      return;
    }
    Integer old = reserved(before);
    Integer now = reserved(after);
    if (!Objects.equals(old, now)) {
      FunctionKey key = some.key();
      listener.reserved(key.account(), key.region(), key.arn(), now);
    }
    Map<FunctionVersion, Integer> had = Provisioning.wanted(before);
    Map<FunctionVersion, Integer> wanted = Provisioning.wanted(after);
    had.keySet().stream()
        .filter(version -> !wanted.containsKey(version))
        .filter(version -> after != null && after.ready().containsValue(version))
        .forEach(version -> listener.provisioned(version, 0));
    // Who asks for the same again has it tried again.
    boolean asked = !provisioned(before).equals(provisioned(after));
    wanted.forEach((version, count) -> {
      if (asked || !count.equals(had.get(version))) {
        listener.provisioned(version, count);
      }
    });
  }

  private static Map<String, ProvisionedConcurrencyConfigListItem> provisioned(
      @Nullable FunctionImage function) {
    return function == null ? Map.of() : function.attachments().all(Kind.PROVISIONED);
  }

  private static @Nullable Integer reserved(@Nullable FunctionImage function) {
    return function == null ? null : function.attached(Kind.RESERVED, Attachments.FUNCTION);
  }

  private static void acquire(ReentrantLock lock) {
    try {
      if (lock.tryLock(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LambicException(
          "ServiceException", Blame.PLATFORM, "The server is being stopped.", e);
    }
    throw new LambicException(
        "TooManyRequestsException", Blame.CAPACITY, "Too many changes of this function wait.");
  }

  @Override
  public Resolved resolve(Caller caller, String nameOrArn, @Nullable String qualifier) {
    Target target = Target.ofAnybody(caller.account(), caller.region(), nameOrArn, qualifier);
    FunctionImage function = images.get(target.key());
    if (!target.key().account().equals(caller.account())
        && !PolicyService.allows(function, target, caller, FunctionPolicy.INVOKE)) {
      throw target.denied(caller.principalArn(), FunctionPolicy.INVOKE);
    }
    FunctionConfiguration version =
        function == null ? null : function.called(target.qualifier(), chance);
    if (function == null || version == null) {
      throw Errors.functionNotFound(
          target.qualifier() == null ? target.arn() + ":" + FunctionVersion.LATEST : target.arn());
    }
    FunctionVersion ready = function.ready().get(version.version());
    if (ready == null
        && Configurations.hasSnapshots(version)
        && Lifecycle.of(version) == Lifecycle.PENDING) {
      throw Errors.notReadyToRestore();
    }
    if (ready == null) {
      throw Errors.wrongState(version.stateAsString());
    }
    return new Resolved(ready, target.qualifier());
  }
}
