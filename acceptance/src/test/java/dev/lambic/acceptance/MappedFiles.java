package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * The place of a server's shared files, on a file system that lets owners be mapped: where its data
 * directory is on another, as in some containers, one in an image is mounted there.
 */
final class MappedFiles implements AutoCloseable {
  private static final Set<String> MAPPABLE = Set.of("ext2", "ext3", "ext4", "xfs", "btrfs");

  private final Path place;
  private final boolean mounted;

  private MappedFiles(Path place, boolean mounted) {
    this.place = place;
    this.mounted = mounted;
  }

  /** Sees to it, before a function has shared files. */
  static MappedFiles of(RunningLambic lambic) throws IOException {
    Path place = lambic.data().resolve("filesystems");
    if (MAPPABLE.contains(Files.getFileStore(lambic.data()).type())) {
      return new MappedFiles(place, false);
    }
    Files.createDirectory(place);
    Path image = Files.createTempFile("lambic-acceptance", ".image");
    run("truncate", "-s", "64M", image.toString());
    run("mkfs.ext4", "-q", "-F", image.toString());
    run("mount", "-o", "loop", image.toString(), place.toString());
    Files.delete(image);
    return new MappedFiles(place, true);
  }

  private static void run(String... command) {
    try {
      assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Environments may still use it. */
  @Override
  public void close() {
    if (mounted) {
      run("umount", "-l", place.toString());
    }
  }
}
