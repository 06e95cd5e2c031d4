package dev.lambic.services;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How a child process tells its parent that it listens: by a file whose name the parent chose.
 *
 * <p>That somebody listens on the port would prove nothing, for it may be a stranger who was
 * faster.
 */
final class ReadyFile {
  /** The system property of the child with the file's name. */
  static final String PROPERTY = "lambic.ready";

  private ReadyFile() {}

  /** Called by the child, whose server has bound its port. */
  static void make() throws IOException {
    Files.createFile(Path.of(System.getProperty(PROPERTY)));
  }
}
