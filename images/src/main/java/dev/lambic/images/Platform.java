package dev.lambic.images;

import java.util.Optional;

/**
 * What an image is made for, in the words of the OCI image specification.
 *
 * @param os such as {@code linux}
 * @param architecture such as {@code amd64}
 * @param variant such as {@code v8}, where there is one
 */
public record Platform(String os, String architecture, Optional<String> variant) {
  /** The platform of this machine. */
  public static Platform host() {
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    return new Platform("linux", arm ? "arm64" : "amd64", Optional.empty());
  }

  static Platform of(Json json) {
    return new Platform(
        json.get("os").text().orElse(""),
        json.get("architecture").text().orElse(""),
        json.get("variant").text());
  }

  /** Whether what is made for the other runs here; all variants of 64-bit machines do. */
  boolean runs(Platform other) {
    return os.equals(other.os) && architecture.equals(other.architecture);
  }

  @Override
  public String toString() {
    return os + "/" + architecture;
  }
}
