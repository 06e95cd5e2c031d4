package dev.lambic.acceptance;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * A container image of one program, in two layers, as a builder makes it. Its program tells what it
 * sees of itself ({@code src/test/c/image.c}).
 */
final class ContainerImage {
  static final String MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";

  private static final String ARCHITECTURE =
      System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";

  /** The program, once it was compiled. */
  private static byte[] compiled = {};

  final Map<String, byte[]> blobs = new LinkedHashMap<>();
  final String digest;
  final byte[] manifest;

  /** The layer that makes this image differ from others. */
  final String ownLayer;

  /**
   * An image.
   *
   * @param program where the program is in it
   * @param version what the program tells
   * @param config JSON of how it is run
   * @param more programs by their places, in layers of their own
   */
  ContainerImage(String program, String version, String config, Map<String, byte[]> more) {
    byte[] base = layer(program.substring(1), program());
    byte[] own = layer("version", version.getBytes(UTF_8));
    ownLayer = digest(own);
    String type = "application/vnd.oci.image.layer.v1.tar+gzip";
    byte[] settings =
        "{\"os\":\"linux\",\"architecture\":\"%s\",\"config\":%s}"
            .formatted(ARCHITECTURE, config)
            .getBytes(UTF_8);
    StringBuilder others = new StringBuilder();
    more.forEach(
        (place, bytes) -> others.append(',').append(part(type, layer(place.substring(1), bytes))));
    manifest =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s,%s%s]}"
            .formatted(
                MEDIA_TYPE,
                part("application/vnd.oci.image.config.v1+json", settings),
                part(type, base),
                part(type, own),
                others)
            .getBytes(UTF_8);
    digest = digest(manifest);
    blobs.put(digest, manifest);
  }

  /** One that is run by its entry point. */
  static ContainerImage of(String version) {
    return of(version, Map.of());
  }

  static ContainerImage of(String version, Map<String, byte[]> more) {
    return new ContainerImage(
        "/app/run",
        version,
        "{\"Entrypoint\":[\"/app/run\"],\"Cmd\":[\"one\",\"two\"],\"WorkingDir\":\"/app\","
            + "\"Env\":[\"GREETING=hello\",\"PATH=/app:/bin\"]}",
        more);
  }

  private String part(String type, byte[] bytes) {
    blobs.put(digest(bytes), bytes);
    return "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%d}"
        .formatted(type, digest(bytes), bytes.length);
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] layer(String name, byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
      TarArchiveEntry entry = new TarArchiveEntry(name);
      entry.setSize(content.length);
      entry.setMode(0755);
      tar.putArchiveEntry(entry);
      tar.write(content);
      tar.closeArchiveEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static synchronized byte[] program() {
    if (compiled.length == 0) {
      compiled = compile();
    }
    return compiled;
  }

  private static byte[] compile() {
    try {
      Path made = Files.createTempFile("lambic-image", "");
      try {
        String compiler = System.getenv().getOrDefault("CC", "cc");
        Path source = Places.function("../c/image.c").normalize();
        Script.Ended ended =
            Script.of(
                    java.util.List.of(
                        compiler, "-static", "-O1", "-o", made.toString(), source.toString()))
                .run(Path.of("/"));
        if (ended.code() != 0) {
          throw new AssertionError(ended.output());
        }
        return Files.readAllBytes(made);
      } finally {
        Files.delete(made);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes it as an OCI layout with a tag. */
  void layout(Path directory, String tag) {
    String index =
        ("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\","
                + "\"size\":%d,\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}}]}")
            .formatted(MEDIA_TYPE, digest, manifest.length, tag);
    try {
      Files.createDirectories(directory.resolve("blobs/sha256"));
      Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
      Files.writeString(directory.resolve("index.json"), index);
      for (Map.Entry<String, byte[]> blob : blobs.entrySet()) {
        Files.write(directory.resolve("blobs/sha256").resolve(blob.getKey()), blob.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
