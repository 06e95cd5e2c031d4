package dev.lambic.functions;

import java.net.URI;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * What the control plane needs to know about its host.
 *
 * @param directory holds deployment packages and unpacked code; made if missing; used by this
 *     process only
 * @param architecture of this host in AWS's words, {@code x86_64} or {@code arm64}
 * @param concurrency how many invocations an account may have running at once
 * @param endpoint where clients reach this server, for download URLs; asked for each
 * @param codeBytes how much the packages of an account's functions and layers in a region may have
 */
public record FunctionsConfig(
    Path directory, String architecture, int concurrency, Supplier<URI> endpoint, long codeBytes) {
  /** AWS's 75 GB. */
  private static final long STANDARD_CODE_BYTES = 80_530_636_800L;

  /** With as much code for an account as AWS gives. */
  public FunctionsConfig(
      Path directory, String architecture, int concurrency, Supplier<URI> endpoint) {
    this(directory, architecture, concurrency, endpoint, STANDARD_CODE_BYTES);
  }

  /** Refuses what cannot be meant. */
  public FunctionsConfig {
    if (!architecture.equals("x86_64") && !architecture.equals("arm64")) {
      throw new IllegalArgumentException("unknown architecture " + architecture);
    }
    if (concurrency < 1) {
      throw new IllegalArgumentException("no concurrency at all");
    }
  }
}
