package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An image as a builder makes it: its blobs, by their digest. */
final class TestImage {
  static final String OCI = "application/vnd.oci.image.manifest.v1+json";
  static final String INDEX = "application/vnd.oci.image.index.v1+json";

  final Map<Digest, byte[]> blobs = new LinkedHashMap<>();
  final Digest manifest;
  final byte[] config;
  final List<byte[]> layers;

  private TestImage(String architecture, String settings, List<byte[]> layers) {
    this.layers = layers;
    List<String> diffs = new ArrayList<>();
    List<String> parts = new ArrayList<>();
    for (byte[] layer : layers) {
      diffs.add("\"" + Digest.of(layer) + "\"");
      parts.add(part("application/vnd.oci.image.layer.v1.tar+gzip", add(layer), layer.length));
    }
    config =
        "{\"os\":\"linux\",\"architecture\":\"%s\",\"config\":%s,\"rootfs\":{\"diff_ids\":[%s]}}"
            .formatted(architecture, settings, String.join(",", diffs))
            .getBytes(UTF_8);
    String json =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
            .formatted(
                OCI,
                part("application/vnd.oci.image.config.v1+json", add(config), config.length),
                String.join(",", parts));
    manifest = add(json.getBytes(UTF_8));
  }

  static TestImage of(byte[]... layers) {
    return of(Platform.host().architecture(), "{\"Entrypoint\":[\"/run\"]}", layers);
  }

  static TestImage of(String architecture, String settings, byte[]... layers) {
    return new TestImage(architecture, settings, List.of(layers));
  }

  static String part(String type, Digest digest, long size) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}".formatted(type, digest, size);
  }

  Digest add(byte[] blob) {
    Digest digest = Digest.of(blob);
    blobs.put(digest, blob);
    return digest;
  }

  byte[] manifestBytes() {
    byte[] bytes = blobs.get(manifest);
    if (bytes == null) {
      throw new IllegalStateException("no manifest");
    }
    return bytes;
  }

  /** A list with this image for its platform, after one for another. */
  byte[] index() {
    String entry = "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,\"platform\":%s}";
    String other =
        entry.formatted(
            OCI, Digest.of(new byte[] {1}), 1, "{\"os\":\"windows\",\"architecture\":\"amd64\"}");
    String mine =
        entry.formatted(
            OCI,
            manifest,
            manifestBytes().length,
            "{\"os\":\"linux\",\"architecture\":\"" + Platform.host().architecture() + "\"}");
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s,%s]}"
        .formatted(INDEX, other, mine)
        .getBytes(UTF_8);
  }

  private byte[] layoutIndex(String tag) {
    return ("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,"
            + "\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}}]}")
        .formatted(OCI, manifest, manifestBytes().length, tag)
        .getBytes(UTF_8);
  }

  /** Writes it as an OCI layout. */
  void layout(Path directory, String tag) {
    try {
      Files.createDirectories(directory.resolve("blobs/sha256"));
      Files.write(directory.resolve("index.json"), layoutIndex(tag));
      Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
      for (Map.Entry<Digest, byte[]> blob : blobs.entrySet()) {
        Files.write(directory.resolve("blobs/sha256/" + blob.getKey().hex()), blob.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes it as a layout in a tar. */
  void layoutArchive(Path file, String tag) {
    TestTar tar = new TestTar().file("index.json", layoutIndex(tag), 0644);
    blobs.forEach((digest, bytes) -> tar.file("blobs/sha256/" + digest.hex(), bytes, 0644));
    write(file, tar);
  }

  /** Writes it as {@code docker save} does; its layers must be plain tars. */
  void dockerArchive(Path file, String name) {
    TestTar tar = new TestTar();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      tar.file(i + "/layer.tar", layers.get(i), 0644);
      names.add("\"" + i + "/layer.tar\"");
    }
    String config = Digest.of(this.config).hex() + ".json";
    tar.file(config, this.config, 0644);
    String manifest =
        "[{\"Config\":\"%s\",\"RepoTags\":[\"%s\"],\"Layers\":[%s]}]"
            .formatted(config, name, String.join(",", names));
    write(file, tar.file("manifest.json", manifest));
  }

  private static void write(Path file, TestTar tar) {
    try {
      Files.write(file, tar.bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
