package dev.lambic.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Which directories may become a function's code. */
final class DevPaths {
  /** Neither these nor anything below them. */
  private static final List<Path> CLOSED =
      paths("/proc", "/sys", "/dev", "/boot", "/etc", "/run", "/bin", "/sbin", "/lib", "/lib64");

  /** Not these, but what is below them. */
  private static final List<Path> TOO_LARGE =
      paths(
          "/",
          "/home",
          "/root",
          "/usr",
          "/usr/local",
          "/var",
          "/opt",
          "/srv",
          "/mnt",
          "/media",
          "/tmp",
          "/var/tmp");

  private DevPaths() {}

  private static List<Path> paths(String... names) {
    return java.util.Arrays.stream(names).map(Path::of).toList();
  }

  /**
   * The directory without symbolic links on the way to it.
   *
   * @param data this server's, which no function may see
   * @throws IOException if it must not be used; the message says why
   */
  static Path require(String named, Path data, Path home) throws IOException {
    Path given = Path.of(named);
    if (!given.isAbsolute()) {
      throw new IOException(named + " is not an absolute path");
    }
    if (!Files.isDirectory(given)) {
      throw new IOException(named + " is no directory");
    }
    Path real = given.toRealPath();
    boolean ofSomebody = Path.of("/home").equals(real.getParent());
    if (ofSomebody || real.equals(home.toRealPath())) {
      throw new IOException(real + " is a home directory: too much for a function to see");
    }
    if (TOO_LARGE.contains(real) || isSystem(real)) {
      throw new IOException(real + " is a directory of the system: functions must not see it");
    }
    Path own = data.toRealPath();
    if (own.startsWith(real) || real.startsWith(own)) {
      throw new IOException(
          real
              + " holds Lambic's own data ("
              + own
              + ", with its keys): use a directory beside it");
    }
    return real;
  }

  private static boolean isSystem(Path real) {
    boolean ofUsr =
        real.startsWith("/usr") && !real.startsWith("/usr/local") && !real.startsWith("/usr/src");
    return ofUsr || CLOSED.stream().anyMatch(real::startsWith);
  }
}
