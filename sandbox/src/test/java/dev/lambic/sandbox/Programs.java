package dev.lambic.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** The C programs of the tests, seen in sandboxes at {@code /opt}. */
final class Programs {
  private static final String TARGET = "/opt";

  private final Path directory;

  /** Unpacks them into a new directory below the given one. */
  Programs(Path parent) {
    directory = parent.resolve("programs");
    try {
      Files.createDirectory(directory);
      for (String name : List.of("calls", "hostile", "memory")) {
        try (InputStream in = Programs.class.getResourceAsStream("/programs/" + name)) {
          Files.copy(java.util.Objects.requireNonNull(in), directory.resolve(name));
        }
        Files.setPosixFilePermissions(
            directory.resolve(name), PosixFilePermissions.fromString("rwxr-xr-x"));
      }
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Programs(Path parent, boolean unpacked) {
    directory = parent.resolve("programs");
    assert unpacked;
  }

  /** Those that were unpacked there before. */
  static Programs in(Path parent) {
    return new Programs(parent, true);
  }

  Path path(String name) {
    return directory.resolve(name);
  }

  ReadOnlyMount mount() {
    return new ReadOnlyMount(directory, TARGET);
  }

  static Command command(String name, String... arguments) {
    List<String> argv = new java.util.ArrayList<>(List.of(TARGET + "/" + name));
    argv.addAll(List.of(arguments));
    return new Command(argv, TestHost.ENVIRONMENT, "/tmp");
  }
}
