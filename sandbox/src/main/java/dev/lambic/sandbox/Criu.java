package dev.lambic.sandbox;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The program criu, which writes processes to files and makes processes of such files.
 *
 * @param directory holds {@code criu}, and {@code ld.so} with its libraries if it does not use the
 *     host's
 * @param cache holds what criu has found out about this kernel
 */
public record Criu(Path directory, Path cache) {
  private static final int SECONDS = 30;

  /** Below the cache of what {@code ./lambic} fetched. */
  private static final String FETCHED = "criu";

  private static final String COMPAT = "criu-compat.so";

  private static final List<Path> USUAL =
      List.of(Path.of("/usr/sbin"), Path.of("/usr/local/sbin"), Path.of("/usr/bin"));

  /**
   * The directory of a criu of this host, be it of a version that can be used or not.
   *
   * @param cache where {@code ./lambic} keeps what it fetched, if there is such a place
   */
  public static Optional<Path> find(Optional<Path> cache) {
    List<Path> candidates = new ArrayList<>();
    cache
        .map(place -> place.resolve(FETCHED))
        .filter(Files::isDirectory)
        .ifPresent(fetched -> {
          try (Stream<Path> all = Files.list(fetched)) {
            all.filter(one -> Files.exists(one.resolve(".complete")))
                .sorted()
                .forEach(candidates::add);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    candidates.addAll(USUAL);
    return candidates.stream().filter(one -> Files.isExecutable(one.resolve("criu"))).findFirst();
  }

  /**
   * Makes criu ready for use.
   *
   * @param directory holds {@code criu}
   * @param work the work directory of the sandboxes, which are open
   * @throws SandboxException with step {@code criu} if it cannot be used on this host, and why
   */
  public static Criu prepare(Path directory, Path work) {
    Path cache = work.resolve("criu");
    Path said = work.resolve("criu.txt");
    try {
      Files.createDirectories(cache);
      Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxr-xr-x"));
      Path compat = cache.resolve(COMPAT);
      try (InputStream in = Criu.class.getResourceAsStream(COMPAT)) {
        Files.copy(Objects.requireNonNull(in), compat, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.setPosixFilePermissions(compat, PosixFilePermissions.fromString("rwxr-xr-x"));
      Process process =
          new ProcessBuilder(
                  new LauncherFiles(work).launcher().toString(),
                  "criu-cache",
                  directory.toString(),
                  cache.toString())
              .redirectErrorStream(true)
              .redirectInput(Redirect.from(new File("/dev/null")))
              .redirectOutput(said.toFile())
              .start();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new SandboxException("criu", Errno.ETIMEDOUT, directory.toString());
      }
      if (process.exitValue() != 0) {
        String text = Files.readString(said, StandardCharsets.UTF_8).strip();
        throw new SandboxException("criu", 0, text.substring(Math.max(0, text.length() - 400)));
      }
      return new Criu(directory, cache);
    } catch (IOException e) {
      throw new SandboxException("criu", 0, String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException("criu", Errno.EINTR, directory.toString(), e);
    }
  }
}
