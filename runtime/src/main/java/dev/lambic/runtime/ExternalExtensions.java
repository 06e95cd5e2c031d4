package dev.lambic.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The programs that a function's layers bring as extensions. */
final class ExternalExtensions {
  /** Where they are seen inside. */
  static final String DIRECTORY = "/opt/extensions/";

  private ExternalExtensions() {}

  /**
   * Names of all files directly in the directory for extensions, in order.
   *
   * @param opt what is seen as {@code /opt}; null if nothing is
   */
  static List<String> names(@Nullable Path opt) {
    List<String> names = new ArrayList<>();
    // A link could lead to a directory of the host, whose names would be shown.
    if (opt == null || !isDirectory(opt) || !isDirectory(opt.resolve("extensions"))) {
      return names;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(opt.resolve("extensions"))) {
      for (Path file : files) {
        if (!isDirectory(file)) {
          names.add(file.getFileName().toString());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    names.sort(null);
    return names;
  }

  private static boolean isDirectory(Path path) {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }
}
