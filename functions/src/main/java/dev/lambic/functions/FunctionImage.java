package dev.lambic.functions;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;

/**
 * All that is known of one function at one moment. Immutable; every change makes another one.
 *
 * <p>Configurations hold the ARN without a qualifier; {@link Shown} adds what the caller asked for.
 *
 * @param key where it lives
 * @param latest the configuration of {@code $LATEST}
 * @param versions the published ones by their number
 * @param lastVersion the highest number that was ever given, so that none comes twice
 * @param tags in the order in which they were given
 * @param ready what invocations run, by version; lacks what has never become ready
 * @param images the container images of the versions that are such, by version
 * @param attachments aliases, and what else hangs on the function, its versions and aliases
 */
record FunctionImage(
    FunctionKey key,
    FunctionConfiguration latest,
    SortedMap<Long, FunctionConfiguration> versions,
    long lastVersion,
    Map<String, String> tags,
    Map<String, FunctionVersion> ready,
    Map<String, ImageSource> images,
    Attachments attachments) {
  /** A new function, whose package is no container image. */
  FunctionImage(FunctionKey key, FunctionConfiguration latest, Map<String, String> tags) {
    this(key, latest, new TreeMap<>(), 0, tags, Map.of(), Map.of(), Attachments.NONE);
  }

  /** A new function, whose package is a container image. */
  FunctionImage(
      FunctionKey key, FunctionConfiguration latest, Map<String, String> tags, ImageSource image) {
    this(
        key,
        latest,
        new TreeMap<>(),
        0,
        tags,
        Map.of(),
        Map.of(FunctionVersion.LATEST, image),
        Attachments.NONE);
  }

  /** Copies the collections. */
  FunctionImage {
    versions = Collections.unmodifiableSortedMap(new TreeMap<>(versions));
    tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
    ready = Map.copyOf(ready);
    images = Map.copyOf(images);
  }

  /**
   * The configuration of a version, or null. An alias stands for the version that it leads to
   * foremost.
   */
  @Nullable FunctionConfiguration version(@Nullable String qualifier) {
    if (qualifier == null) {
      return latest;
    }
    AliasConfiguration alias = attachments.get(Kind.ALIAS, qualifier);
    return published(alias == null ? qualifier : alias.functionVersion());
  }

  /**
   * The configuration of the version that a call runs, or null.
   *
   * @param chance asked for aliases that lead to several versions; see {@link Routing#version}
   */
  @Nullable FunctionConfiguration called(@Nullable String qualifier, DoubleSupplier chance) {
    if (qualifier == null) {
      return latest;
    }
    AliasConfiguration alias = attachments.get(Kind.ALIAS, qualifier);
    if (alias == null) {
      return published(qualifier);
    }
    return published(
        alias.routingConfig() == null
            ? alias.functionVersion()
            : Routing.version(alias, chance.getAsDouble()));
  }

  private @Nullable FunctionConfiguration published(String version) {
    if (version.equals(FunctionVersion.LATEST)) {
      return latest;
    }
    Long number = number(version);
    return number == null ? null : versions.get(number);
  }

  /** Whether there is such a version, which may be {@code $LATEST}; an alias is none. */
  boolean hasVersion(String version) {
    return published(version) != null;
  }

  /** The number that the text is in AWS's form, or null. */
  static @Nullable Long number(String qualifier) {
    boolean digits =
        !qualifier.isEmpty()
            && qualifier.length() <= 18
            && qualifier.charAt(0) != '0'
            && qualifier.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits ? Long.valueOf(qualifier) : null;
  }

  /** {@code $LATEST} and the published versions in ascending order. */
  List<FunctionConfiguration> all() {
    List<FunctionConfiguration> all = new ArrayList<>();
    all.add(latest);
    all.addAll(versions.values());
    return all;
  }

  FunctionImage withLatest(FunctionConfiguration latest) {
    return new FunctionImage(key, latest, versions, lastVersion, tags, ready, images, attachments);
  }

  /** With a container image as the package of {@code $LATEST}. */
  FunctionImage withLatest(FunctionConfiguration latest, ImageSource image) {
    Map<String, ImageSource> changed = new HashMap<>(images);
    changed.put(FunctionVersion.LATEST, image);
    return new FunctionImage(key, latest, versions, lastVersion, tags, ready, changed, attachments);
  }

  FunctionImage withTags(Map<String, String> tags) {
    return new FunctionImage(key, latest, versions, lastVersion, tags, ready, images, attachments);
  }

  /** With one more published version, which carries the next number. */
  FunctionImage publish(FunctionConfiguration version) {
    SortedMap<Long, FunctionConfiguration> more = new TreeMap<>(versions);
    more.put(Long.valueOf(version.version()), version);
    Map<String, ImageSource> moreImages = new HashMap<>(images);
    ImageSource image = images.get(FunctionVersion.LATEST);
    if (image != null) {
      moreImages.put(version.version(), image);
    }
    return new FunctionImage(
        key, latest, more, lastVersion + 1, tags, ready, moreImages, attachments);
  }

  FunctionImage withoutVersion(Long number) {
    SortedMap<Long, FunctionConfiguration> fewer = new TreeMap<>(versions);
    fewer.remove(number);
    Map<String, FunctionVersion> stillReady = new LinkedHashMap<>(ready);
    stillReady.remove(number.toString());
    Map<String, ImageSource> fewerImages = new HashMap<>(images);
    fewerImages.remove(number.toString());
    return new FunctionImage(
        key,
        latest,
        fewer,
        lastVersion,
        tags,
        stillReady,
        fewerImages,
        attachments.withoutQualifier(number.toString()));
  }

  /** With every configuration changed in the same way. */
  FunctionImage mapAll(UnaryOperator<FunctionConfiguration> change) {
    SortedMap<Long, FunctionConfiguration> changed = new TreeMap<>();
    versions.forEach((number, version) -> changed.put(number, change.apply(version)));
    return new FunctionImage(
        key, change.apply(latest), changed, lastVersion, tags, ready, images, attachments);
  }

  FunctionImage withReady(Map<String, FunctionVersion> ready) {
    return new FunctionImage(key, latest, versions, lastVersion, tags, ready, images, attachments);
  }

  FunctionImage withAttachments(Attachments attachments) {
    return new FunctionImage(key, latest, versions, lastVersion, tags, ready, images, attachments);
  }

  /** What the qualifier has of the kind, or null; see {@link Attachments#get}. */
  <T> @Nullable T attached(Kind<T> kind, String qualifier) {
    return attachments.get(kind, qualifier);
  }
}
