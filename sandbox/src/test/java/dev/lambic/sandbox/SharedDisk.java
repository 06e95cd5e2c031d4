package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A directory on a file system that lets owners of files be mapped: where that of the tests does
 * not, as an overlay or an older tmpfs, one in an image.
 */
final class SharedDisk implements AutoCloseable {
  private final Path directory;
  private final boolean mounted;

  private SharedDisk(Path directory, boolean mounted) {
    this.directory = directory;
    this.mounted = mounted;
  }

  /** Makes one below the given directory. */
  static SharedDisk below(Path parent) throws IOException {
    Path directory = Files.createDirectory(parent.toRealPath().resolve("disk"));
    if (isMappable(directory)) {
      return new SharedDisk(directory, false);
    }
    Path image = parent.toRealPath().resolve("disk.image");
    run("truncate", "-s", "64M", image.toString());
    run("mkfs.ext4", "-q", "-F", image.toString());
    run("mount", "-o", "loop", image.toString(), directory.toString());
    return new SharedDisk(directory, true);
  }

  static boolean isMappable(Path directory) {
    return HostProbe.probe(directory).guarantees().stream()
        .anyMatch(one -> one.name().equals("file-systems") && one.holds());
  }

  Path directory() {
    return directory;
  }

  private static void run(String... command) throws IOException {
    try {
      assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    if (mounted) {
      run("umount", directory.toString());
    }
  }
}
