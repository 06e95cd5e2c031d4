package dev.lambic.images;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where an image is, and which one.
 *
 * <p>In a registry: {@code host[:port]/repository} with {@code :tag}, {@code @sha256:...} or both,
 * where the digest counts. In files: {@code oci:PATH} for an OCI layout, {@code oci-archive:PATH}
 * for one in a tar, {@code docker-archive:PATH} for what {@code docker save} writes; each with
 * {@code :tag} where there are several images in it, or {@code @sha256:...}. Follows the OCI
 * distribution and image-layout specifications.
 *
 * @param kind where to look
 * @param host of a registry, with the port if there is one; empty for files
 * @param path repository, or path of the file or directory
 * @param tag as given
 * @param digest of the manifest, as given
 */
public record ImageReference(
    Kind kind, String host, String path, Optional<String> tag, Optional<Digest> digest) {
  /** Where images are kept. */
  public enum Kind {
    /** A registry that speaks the distribution protocol. */
    REGISTRY(""),
    /** A directory as the image-layout specification has it. */
    LAYOUT("oci:"),
    /** Such a directory as a tar. */
    LAYOUT_ARCHIVE("oci-archive:"),
    /** A tar as {@code docker save} writes it. */
    DOCKER_ARCHIVE("docker-archive:");

    private final String prefix;

    Kind(String prefix) {
      this.prefix = prefix;
    }
  }

  private static final String TAG = "(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?";
  private static final String DIGEST = "(?:@(sha256:[0-9a-f]{64}))?";
  private static final Pattern IN_REGISTRY =
      Pattern.compile(
          "([A-Za-z0-9.-]{1,253}|\\[[0-9a-fA-F:.]{2,45}])(:[0-9]{1,5})?"
              + "/([a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
              + TAG
              + DIGEST);
  private static final Pattern IN_FILES =
      Pattern.compile("([^\\x00:@][^\\x00:@]{0,4095})" + TAG + DIGEST);
  private static final int MAX_REPOSITORY = 255;
  private static final int MAX_PORT = 65535;

  /**
   * Reads a reference.
   *
   * @throws ImageException if the text is none
   */
  public static ImageReference parse(String text) {
    for (Kind kind : Kind.values()) {
      if (kind != Kind.REGISTRY && text.startsWith(kind.prefix)) {
        Matcher files = IN_FILES.matcher(text.substring(kind.prefix.length()));
        if (files.matches()) {
          return new ImageReference(kind, "", files.group(1), tag(files, 2), digest(files, 3));
        }
        throw none(text);
      }
    }
    Matcher registry = IN_REGISTRY.matcher(text);
    if (text.length() > 2048 || !registry.matches()) {
      throw none(text);
    }
    String name = registry.group(1);
    String port = registry.group(2) == null ? "" : registry.group(2);
    // Without one of these it is a repository of nobody knows which registry.
    boolean host = name.contains(".") || name.startsWith("[") || name.equals("localhost");
    if ((!host && port.isEmpty())
        || !isAuthority(name + port)
        || registry.group(3).length() > MAX_REPOSITORY
        || (registry.group(4) == null && registry.group(5) == null)) {
      throw none(text);
    }
    return new ImageReference(
        Kind.REGISTRY,
        name.toLowerCase(Locale.ROOT) + port,
        registry.group(3),
        tag(registry, 4),
        digest(registry, 5));
  }

  /** Whether it can be connected to: a host that is well formed, and a port that exists. */
  private static boolean isAuthority(String authority) {
    try {
      URI place = new URI("https://" + authority + "/");
      return place.getHost() != null && place.getPort() <= MAX_PORT && place.getPort() != 0;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static Optional<String> tag(Matcher matcher, int group) {
    return Optional.ofNullable(matcher.group(group));
  }

  private static Optional<Digest> digest(Matcher matcher, int group) {
    return Optional.ofNullable(matcher.group(group)).map(Digest::parse);
  }

  private static ImageException none(String text) {
    return new ImageException(
        ImageException.Reason.INVALID, "This names no image: " + Json.shortened(text));
  }

  /** The very image of this place. */
  public ImageReference pinned(Digest to) {
    return new ImageReference(kind, host, path, Optional.empty(), Optional.of(to));
  }

  /** The digest, or else the tag; what a registry is asked for. */
  Optional<String> wanted() {
    return digest.map(Digest::toString).or(() -> tag);
  }

  /** Whether the registry is on this machine, so that it needs no encryption. */
  boolean isLoopback() {
    return Hosts.isLoopback(host);
  }

  @Override
  public String toString() {
    String place = kind == Kind.REGISTRY ? host + "/" + path : kind.prefix + path;
    return place + tag.map(t -> ":" + t).orElse("") + digest.map(d -> "@" + d).orElse("");
  }
}
