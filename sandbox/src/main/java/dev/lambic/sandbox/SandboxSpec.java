package dev.lambic.sandbox;

import java.util.regex.Pattern;

/**
 * What has to be known to make a sandbox.
 *
 * @param name unique among the living sandboxes; seen by the function in {@code /proc}, so it
 *     carries nothing secret
 * @param limits in force from the first process on
 * @param tmpBytes usable size of {@code /tmp}
 * @param hostname what the function sees as its host's name, such as {@code 169.254.10.21}
 */
public record SandboxSpec(String name, Limits limits, long tmpBytes, String hostname) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,99}");
  private static final Pattern HOSTNAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,62}");

  /** The smallest {@code /tmp} that a file system fits in. */
  static final long MIN_TMP = 1L << 20;

  /** The largest {@code /tmp}. */
  static final long MAX_TMP = 1L << 40;

  public SandboxSpec {
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
