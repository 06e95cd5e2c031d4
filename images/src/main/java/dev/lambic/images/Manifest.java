package dev.lambic.images;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The manifest of one image for one platform: its configuration and its layers, lowest first.
 *
 * @param digest of the manifest itself
 * @param config the image's configuration
 * @param layers what is put over each other
 */
record Manifest(Digest digest, Descriptor config, List<Descriptor> layers) {
  /** What an image may have of layers, and all of it in bytes. */
  static final int MAX_LAYERS = 512;

  static final long MAX_BYTES = 10L << 30;

  private static final List<String> LISTS =
      List.of(
          "application/vnd.oci.image.index.v1+json",
          "application/vnd.docker.distribution.manifest.list.v2+json");
  private static final List<String> IMAGES =
      List.of(
          "application/vnd.oci.image.manifest.v1+json",
          "application/vnd.docker.distribution.manifest.v2+json");

  /** What a registry is asked to give. */
  static String accepted() {
    List<String> all = new ArrayList<>(IMAGES);
    all.addAll(LISTS);
    return String.join(", ", all);
  }

  /** One image, or a list of images from which one has to be chosen. */
  record Read(Optional<Manifest> image, List<Descriptor> list) {}

  static Read read(byte[] bytes, String declared) {
    Json json = Json.parse(bytes, "The manifest");
    String type = json.get("mediaType").text().orElse(declared);
    if (LISTS.contains(type) || (type.isEmpty() && !json.get("manifests").isAbsent())) {
      return new Read(
          Optional.empty(), json.get("manifests").list().stream().map(Descriptor::of).toList());
    }
    boolean image = IMAGES.contains(type) || type.isEmpty();
    if (!image || json.get("config").isAbsent() || json.get("layers").isAbsent()) {
      throw new ImageException(
          ImageException.Reason.UNSUPPORTED,
          "The manifest's media type is not supported: " + Json.shortened(type));
    }
    List<Descriptor> layers = json.get("layers").list().stream().map(Descriptor::of).toList();
    long size = 0;
    for (Descriptor layer : layers) {
      requireLayer(layer.mediaType());
      size += Math.min(layer.size(), MAX_BYTES + 1);
    }
    if (layers.size() > MAX_LAYERS || size > MAX_BYTES) {
      throw new ImageException(
          ImageException.Reason.INVALID, "The image is larger than " + MAX_BYTES + " bytes.");
    }
    return new Read(
        Optional.of(new Manifest(Digest.of(bytes), Descriptor.of(json.get("config")), layers)),
        List.of());
  }

  private static void requireLayer(String type) {
    boolean layer =
        type.isEmpty()
            || type.startsWith("application/vnd.oci.image.layer.v1.tar")
            || type.startsWith("application/vnd.oci.image.layer.nondistributable.v1.tar")
            || type.startsWith("application/vnd.docker.image.rootfs.diff.tar");
    if (!layer) {
      throw new ImageException(
          ImageException.Reason.UNSUPPORTED,
          "The media type of a layer is not supported: "
              + Json.shortened(type)
              + ". Layers are tar, or tar with gzip or zstd.");
    }
  }

  /** The image of the list that runs here. */
  static Descriptor choose(List<Descriptor> list, Platform host) {
    return list.stream()
        .filter(each -> each.platform().map(host::runs).orElse(list.size() == 1))
        .findFirst()
        .orElseThrow(() ->
            new ImageException(
                ImageException.Reason.INVALID, "There is no image for " + host + " in the list."));
  }
}
