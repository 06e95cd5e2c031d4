package dev.lambic.functions;

import java.util.List;

/**
 * What a version whose package is a container image is run from.
 *
 * @param digest of the image's manifest, SHA-256 in hexadecimal
 * @param entryPoint in place of the image's own; empty for that
 * @param command in place of the image's own; empty for that
 * @param workingDirectory in place of the image's own; empty for that
 */
public record ContainerVersion(
    String digest, List<String> entryPoint, List<String> command, String workingDirectory) {
  /** Copies the lists. */
  public ContainerVersion {
    entryPoint = List.copyOf(entryPoint);
    command = List.copyOf(command);
  }
}
