package dev.lambic.sandbox;

import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Where and how the sandboxes of one server are made.
 *
 * @param workDirectory private directory, made when missing; on a file system with room for every
 *     sandbox's {@code /tmp}
 * @param instance tells servers on one host apart; lower-case letters, digits and dashes
 * @param hostLocal whether functions see the host's {@code /usr/local}
 * @param readyTmps how many {@code /tmp} file systems of {@link #READY_TMP_BYTES} are kept ready
 */
public record SandboxConfig(Path workDirectory, String instance, boolean hostLocal, int readyTmps) {
  /** The size of the {@code /tmp} file systems that are kept ready: Lambda's default. */
  public static final long READY_TMP_BYTES = 512L << 20;

  private static final Pattern INSTANCE = Pattern.compile("[a-z0-9][a-z0-9-]{0,39}");

  public SandboxConfig {
    if (!workDirectory.isAbsolute()) {
      throw new IllegalArgumentException("work directory is not absolute: " + workDirectory);
    }
    if (!INSTANCE.matcher(instance).matches()) {
      throw new IllegalArgumentException("bad instance: " + instance);
    }
    if (readyTmps < 0 || readyTmps > 1000) {
      throw new IllegalArgumentException("ready tmps out of range: " + readyTmps);
    }
  }

  /** The defaults for a work directory; the instance is derived from its path. */
  public static SandboxConfig of(Path workDirectory) {
    return new SandboxConfig(workDirectory, Instance.of(workDirectory), false, 4);
  }
}
