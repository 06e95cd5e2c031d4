package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The directory with what was measured, one file for each row. */
final class Records {
  private Records() {}

  /** Writes a file of it, whole or not at all. */
  static void write(Path directory, String name, String text) throws IOException {
    Files.createDirectories(directory);
    Path next = directory.resolve(name + ".next");
    Files.writeString(next, text);
    Files.move(
        next,
        directory.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }
}
