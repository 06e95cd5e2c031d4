package dev.lambic.sandbox;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What has to be known to make a sandbox.
 *
 * @param name unique among the living sandboxes; seen by the function in {@code /proc}, so it
 *     carries nothing secret
 * @param limits in force from the first process on
 * @param tmpBytes usable size of {@code /tmp}
 * @param hostname what the function sees as its host's name, such as {@code 169.254.10.21}
 * @param root absolute path of a directory of the host that becomes the root file system,
 *     read-only; it has the directories {@code /dev}, {@code /proc} and {@code /tmp} and the files
 *     {@code /etc/hosts} and {@code /etc/resolv.conf}, none of them by symbolic links, and the
 *     sandbox's own are put in their place. Empty for the host's {@code /usr} and what belongs to
 *     it
 * @param snapshots whether what runs in it may be checkpointed, or restored from a checkpoint
 */
public record SandboxSpec(
    String name,
    Limits limits,
    long tmpBytes,
    String hostname,
    Optional<Path> root,
    boolean snapshots) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,99}");
  private static final Pattern HOSTNAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,62}");

  /** The smallest {@code /tmp} that a file system fits in. */
  static final long MIN_TMP = 1L << 20;

  /** The largest {@code /tmp}. */
  static final long MAX_TMP = 1L << 40;

  /** On the host's own programs. */
  public SandboxSpec(String name, Limits limits, long tmpBytes, String hostname) {
    this(name, limits, tmpBytes, hostname, Optional.empty(), false);
  }

  /** Without snapshots. */
  public SandboxSpec(
      String name, Limits limits, long tmpBytes, String hostname, Optional<Path> root) {
    this(name, limits, tmpBytes, hostname, root, false);
  }

  public SandboxSpec {
    if (root.isPresent() && !root.get().isAbsolute()) {
      throw new IllegalArgumentException("root is not absolute: " + root.get());
    }
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("bad sandbox name: " + name);
    }
    if (!HOSTNAME.matcher(hostname).matches()) {
      throw new IllegalArgumentException("bad host name: " + hostname);
    }
    if (tmpBytes < MIN_TMP || tmpBytes > MAX_TMP) {
      throw new IllegalArgumentException("tmp size out of range: " + tmpBytes);
    }
  }
}
