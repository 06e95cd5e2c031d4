package dev.lambic.server;

import dev.lambic.functions.FileSystem;
import dev.lambic.functions.FunctionListener;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.runtime.FileSystemMount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The file systems of functions: each access point is a directory of its own, which is made when a
 * function first names it and never removed. Safe for use by many threads.
 */
final class FileSystems implements FunctionListener {
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

  /** Makes the directories, so that people can put files there before the first invocation. */
  @Override
  public void updated(FunctionVersion now) {
    for (FileSystemMount each : of(now)) {
      try {
        each.prepare();
      } catch (IOException e) {
        // An invocation will be told.
        return;
      }
    }
  }

  /** What was written outlives the function. */
  @Override
  public void deleted(FunctionVersion was) {}
}
