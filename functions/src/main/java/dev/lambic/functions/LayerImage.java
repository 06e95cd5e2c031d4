package dev.lambic.functions;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of one layer at one moment. Immutable; every change makes another one.
 *
 * @param key where it lives
 * @param lastVersion the highest number that was ever given, so that none comes twice
 * @param versions by their number; with those that were deleted while functions had them
 */
record LayerImage(LayerKey key, long lastVersion, SortedMap<Long, LayerVersion> versions) {
  /** Copies the versions. */
  LayerImage {
    versions = Collections.unmodifiableSortedMap(new TreeMap<>(versions));
  }

  /** The version, also one that was deleted; null if there is none. */
  @Nullable LayerVersion any(long number) {
    return versions.get(number);
  }

  /** The version; null if there is none, or not any more. */
  @Nullable LayerVersion version(long number) {
    LayerVersion found = versions.get(number);
    return found == null || found.deleted() ? null : found;
  }

  /** With the version, which is new or takes the place of one of its number. */
  LayerImage with(LayerVersion version) {
    SortedMap<Long, LayerVersion> more = new TreeMap<>(versions);
    more.put(version.number(), version);
    return new LayerImage(key, Math.max(lastVersion, version.number()), more);
  }

  /** Without the versions that are not to be kept. */
  LayerImage keep(Predicate<LayerVersion> kept) {
    SortedMap<Long, LayerVersion> fewer = new TreeMap<>(versions);
    fewer.values().removeIf(version -> !kept.test(version));
    return new LayerImage(key, lastVersion, fewer);
  }
}
