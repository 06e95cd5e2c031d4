package dev.lambic.images;

import java.util.Optional;

/**
 * A part of an image as a manifest names it.
 *
 * @param mediaType what it is; may be empty
 * @param digest of its bytes
 * @param size in bytes
 * @param platform what it is made for, where that is said
 * @param name its tag, where a layout has one for it
 */
record Descriptor(
    String mediaType,
    Digest digest,
    long size,
    Optional<Platform> platform,
    Optional<String> name) {
  static Descriptor of(Json json) {
    Json platform = json.get("platform");
    long size = json.get("size").number().orElse(-1L);
    if (size < 0) {
      throw new ImageException(
          ImageException.Reason.INVALID, "A manifest names a part without its size.");
    }
    return new Descriptor(
        json.get("mediaType").text().orElse(""),
        Digest.parse(json.get("digest").text().orElse("")),
        size,
        platform.isAbsent() ? Optional.empty() : Optional.of(Platform.of(platform)),
        json.get("annotations").get("org.opencontainers.image.ref.name").text());
  }
}
