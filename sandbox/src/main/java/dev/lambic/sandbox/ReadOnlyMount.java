package dev.lambic.sandbox;

import java.nio.file.Path;

/**
 * A directory or file of the host that a sandbox sees, read-only.
 *
 * @param source absolute path on the host; must exist; what is mounted below it is not seen
 * @param target absolute path inside, such as {@code /var/task}; an existing mount point without
 *     symbolic links
 */
public record ReadOnlyMount(Path source, String target) {
  public ReadOnlyMount {
    if (!source.isAbsolute()) {
      throw new IllegalArgumentException("source is not absolute: " + source);
    }
    if (!target.startsWith("/") || target.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("target is not absolute: " + target);
    }
  }
}
