package dev.lambic.server;

import dev.lambic.functions.FileSystem;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.runtime.FileSystemMount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The file systems of functions: each access point is a directory of its own, which is made when it
 * is first mounted, so that to name many costs nothing, and never removed. Safe for use by many
 * threads.
 */
final class FileSystems {
  private final Path directory;

  private FileSystems(Path directory) {
    this.directory = directory;
  }

  /**
   * Those of a data directory.
   *
   * @throws IOException if that is not there
   */
  static FileSystems in(Path data) throws IOException {
    // Nobody follows a symbolic link on the way to one.
    return new FileSystems(data.toRealPath().resolve("filesystems"));
  }

  /** What environments of the version see. */
  List<FileSystemMount> of(FunctionVersion version) {
    return version.fileSystems().stream().map(this::mount).toList();
  }

  private FileSystemMount mount(FileSystem of) {
    Path place = directory.resolve(of.account()).resolve(of.region()).resolve(of.accessPoint());
    return new FileSystemMount(of.arn(), place, of.mountPath());
  }
}
