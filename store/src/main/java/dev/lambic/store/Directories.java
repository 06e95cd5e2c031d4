package dev.lambic.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Makes names durable: a rename survives the loss of power only once its directory is synced. */
public final class Directories {
  private Directories() {}

  /** Waits until the entries of the directory are on disk. */
  public static void sync(Path directory) throws IOException {
    try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
      opened.force(true);
    }
  }

  /**
   * Waits until everything that was written to the file system of the path is on disk: for a tree
   * of many files much faster than one after the other.
   *
   * @param path a file or directory that can be read
   */
  public static void syncFileSystem(Path path) throws IOException {
    int result = FileSystemSync.sync(path.toAbsolutePath().toString());
    if (result != 0) {
      throw new IOException("cannot sync the file system of " + path + " (error " + result + ")");
    }
  }
}
