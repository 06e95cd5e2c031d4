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
}
