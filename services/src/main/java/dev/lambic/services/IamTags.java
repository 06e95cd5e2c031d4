package dev.lambic.services;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import software.amazon.awssdk.services.iam.model.Tag;

/** Tags of IAM's resources; keys that differ in case only are the same. */
final class IamTags {
  private static final int MAX = 50;

  private IamTags() {}

  /** The tags of a new resource. */
  static List<Tag> checked(List<Tag> tags) {
    Set<String> keys = new HashSet<>();
    for (Tag tag : tags) {
      if (!keys.add(key(tag.key()))) {
        throw IamErrors.invalidInput(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
      }
    }
    return List.copyOf(tags);
  }

  static List<Tag> added(List<Tag> old, List<Tag> more) {
    Map<String, Tag> tags = new LinkedHashMap<>();
    old.forEach(tag -> tags.put(key(tag.key()), tag));
    checked(more).forEach(tag -> tags.put(key(tag.key()), tag));
    if (tags.size() > MAX) {
      throw IamErrors.limitExceeded("The number of tags has reached the maximum limit.");
    }
    return List.copyOf(tags.values());
  }

  static List<Tag> removed(List<Tag> old, List<String> keys) {
    Set<String> gone = new HashSet<>();
    keys.forEach(key -> gone.add(key(key)));
    List<Tag> kept = new ArrayList<>(old);
    kept.removeIf(tag -> gone.contains(key(tag.key())));
    return List.copyOf(kept);
  }

  private static String key(String key) {
    return key.toLowerCase(Locale.ROOT);
  }
}
