package dev.lambic.functions;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.Layer;

/**
 * The layers there are: decides changes one at a time, writes them, then shows them.
 *
 * <p>Readers see immutable images without any lock. A version that is deleted is kept until the
 * next start of the server, and longer while functions have it. Safe for use by many threads.
 */
final class LayerRegistry {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final LayerRecords records;
  private final CodeUsage usage;
  private final Map<LayerKey, LayerImage> images = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock(true);

  private LayerRegistry(LayerRecords records, CodeUsage usage) {
    this.records = records;
    this.usage = usage;
  }

  /**
   * Loads all layers, and forgets deleted versions that no function has.
   *
   * @param functions all there are
   * @param usage counts their code
   */
  static LayerRegistry open(LayerRecords records, List<FunctionImage> functions, CodeUsage usage) {
    LayerRegistry registry = new LayerRegistry(records, usage);
    Set<String> used = new HashSet<>();
    for (FunctionImage function : functions) {
      for (FunctionConfiguration version : function.all()) {
        version.layers().forEach(layer -> used.add(layer.arn()));
      }
    }
    for (LayerImage layer : records.load()) {
      LayerImage kept = layer.keep(v -> !v.deleted() || used.contains(layer.key().arn(v.number())));
      if (!kept.equals(layer)) {
        records.write(layer, kept);
      }
      registry.images.put(kept.key(), kept);
      usage.count(kept.key().account(), kept.key().region(), CodeUsage.of(kept));
    }
    return registry;
  }

  /** The layer as it is now, or null. */
  @Nullable LayerImage find(LayerKey key) {
    return images.get(key);
  }

  /** The version that the ARN names, if it is there; else null. */
  @Nullable LayerVersion find(LayerArn arn) {
    LayerImage layer = images.get(arn.key());
    return layer == null ? null : layer.version(arn.version());
  }

  /** The layers of an account in a region, in the order of their names. */
  List<LayerImage> list(String account, String region) {
    return images.values().stream()
        .filter(l -> l.key().account().equals(account) && l.key().region().equals(region))
        .sorted(Comparator.comparing(l -> l.key().name()))
        .toList();
  }

  /** The packages of the versions that are not deleted. */
  Set<String> usedCode() {
    Set<String> used = new HashSet<>();
    for (LayerImage layer : images.values()) {
      for (LayerVersion version : layer.versions().values()) {
        if (!version.deleted()) {
          used.add(version.codeId());
        }
      }
    }
    return used;
  }

  /** What a function with these settings sees as {@code /opt}; null if it has no layers. */
  @Nullable Opt opt(FunctionConfiguration function) {
    if (function.layers().isEmpty()) {
      return null;
    }
    return Opt.of(function.layers().stream().map(this::codeId).toList());
  }

  private String codeId(Layer layer) {
    LayerArn arn = LayerArn.parse(layer.arn());
    LayerImage image = arn == null ? null : images.get(arn.key());
    LayerVersion version = image == null || arn == null ? null : image.any(arn.version());
    if (version == null) {
      throw new IllegalStateException("the record of layer " + layer.arn() + " is lost");
    }
    return version.codeId();
  }

  /**
   * Changes a layer.
   *
   * @param decision from the current image, null if there is no such layer, to the next; may throw
   *     to refuse, and may return the same image to change nothing
   * @return what the decision returned, durable and visible
   */
  @Nullable LayerImage change(LayerKey key, Decision decision) {
    acquire();
    try {
      LayerImage before = images.get(key);
      LayerImage after = decision.decide(before);
      if (after != null && !after.equals(before)) {
        write(key, before, after);
        images.put(key, after);
      }
      return after;
    } finally {
      lock.unlock();
    }
  }

  /** Makes a change durable, and counts its code. */
  private void write(LayerKey key, @Nullable LayerImage before, LayerImage after) {
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

  /** Decides what becomes of a layer; never its end. */
  @FunctionalInterface
  interface Decision {
    @Nullable LayerImage decide(@Nullable LayerImage before);
  }

  private void acquire() {
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
        "TooManyRequestsException", Blame.CAPACITY, "Too many changes of layers wait.");
  }
}
