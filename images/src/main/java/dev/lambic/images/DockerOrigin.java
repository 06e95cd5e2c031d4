package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code docker save} writes.
 *
 * <p>It has no manifest with digests, so one is made of what it has: the same archive gives the
 * same one always. Layers are named by the digest of their tar, which the configuration tells.
 */
final class DockerOrigin implements Origin {
  private final FileTree files;
  private final Map<Digest, String> blobs = new HashMap<>();

  DockerOrigin(FileTree files) {
    this.files = files;
  }

  @Override
  public Found manifest(ImageReference wanted) throws IOException {
    if (wanted.digest().isPresent()) {
      return manifest(wanted.digest().get());
    }
    List<Json> all = images();
    for (Json image : all) {
      boolean named =
          wanted
              .tag()
              .map(tag ->
                  image.get("RepoTags").texts().stream().anyMatch(t -> t.endsWith(":" + tag)))
              .orElse(all.size() == 1);
      if (named) {
        return new Found(describe(image), "");
      }
    }
    throw new ImageException(
        ImageException.Reason.MISSING,
        wanted.tag().isPresent()
            ? "The archive has no image with the tag " + wanted.tag().get() + "."
            : "The archive has several images; name one by its tag.");
  }

  @Override
  public Found manifest(Digest digest) throws IOException {
    for (Json image : images()) {
      byte[] described = describe(image);
      if (Digest.of(described).equals(digest)) {
        return new Found(described, "");
      }
    }
    throw new ImageException(
        ImageException.Reason.MISSING, "The archive has no image " + digest + ".");
  }

  private List<Json> images() throws IOException {
    return Json.parse(Origin.document(files.open("manifest.json")), "manifest.json").list();
  }

  private byte[] describe(Json image) throws IOException {
    String configFile = image.get("Config").text().orElse("");
    byte[] config = Origin.document(files.open(configFile));
    List<String> layers = image.get("Layers").texts();
    List<Digest> digests =
        Json.parse(config, "The image's configuration")
            .get("rootfs")
            .get("diff_ids")
            .texts()
            .stream()
            .map(Digest::parse)
            .toList();
    if (layers.size() != digests.size()) {
      throw new ImageException(
          ImageException.Reason.INVALID, "The archive does not tell the digests of its layers.");
    }
    StringBuilder text = new StringBuilder("{\"schemaVersion\":2,\"config\":");
    blobs.put(Digest.of(config), configFile);
    part(text, "application/vnd.docker.container.image.v1+json", Digest.of(config), config.length);
    text.append(",\"layers\":[");
    for (int i = 0; i < layers.size(); i++) {
      blobs.put(digests.get(i), layers.get(i));
      text.append(i == 0 ? "" : ",");
      part(
          text,
          "application/vnd.docker.image.rootfs.diff.tar",
          digests.get(i),
          files.size(layers.get(i)));
    }
    return text.append("]}").toString().getBytes(UTF_8);
  }

  private static void part(StringBuilder text, String type, Digest digest, long size) {
    text.append("{\"mediaType\":\"").append(type).append("\",\"digest\":\"").append(digest);
    text.append("\",\"size\":").append(size).append('}');
  }

  @Override
  public InputStream blob(Descriptor blob) throws IOException {
    String file = blobs.get(blob.digest());
    if (file == null) {
      throw FileTree.missing(blob.digest().toString());
    }
    return files.open(file);
  }

  @Override
  public void close() throws IOException {
    files.close();
  }
}
