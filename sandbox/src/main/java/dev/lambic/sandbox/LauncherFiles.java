package dev.lambic.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/**
 * The work directory of a server: private, holding the launcher, its socket and what becomes the
 * sandboxes' /etc.
 */
record LauncherFiles(Path work) {
  private static final Map<String, String> ETC =
      Map.of(
          "passwd",
          """
          root:x:0:0:root:/root:/usr/sbin/nologin
          sbx_user1051:x:993:990::/home/sbx_user1051:/usr/sbin/nologin
          nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
          """,
          "group",
          """
          root:x:0:
          sbx_user1051:x:990:
          nogroup:x:65534:
          """,
          "hosts",
          """
          127.0.0.1 localhost sandbox.localdomain sandbox
          ::1 localhost
          """,
          "nsswitch.conf",
          """
          passwd: files
          group: files
          hosts: files dns
          networks: files
          protocols: files
          services: files
          """,
          "resolv.conf",
          "",
          "host.conf",
          "multi on\n");

  /** Makes the directory. */
  static LauncherFiles prepare(Path work) {
    try {
      Files.createDirectories(work);
      Files.setPosixFilePermissions(work, PosixFilePermissions.fromString("rwx------"));
      return new LauncherFiles(work);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot prepare " + work, e);
    }
  }

  /** Fills it, replacing what an older version may have left; by the holder of the lock. */
  void write() {
    try {
      Files.createDirectories(etc());
      writeEtc();
      extract("launcher", launcher(), "rwx------");
      Files.createDirectories(forking());
      Files.setPosixFilePermissions(forking(), PosixFilePermissions.fromString("rwxr-xr-x"));
      extract("forking.so", forking().resolve("forking.so"), "r-xr-xr-x");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot prepare " + work, e);
    }
  }

  Path launcher() {
    return work.resolve("launcher");
  }

  /** The directory that templates see at {@link Template#LIBRARY}'s place. */
  Path forking() {
    return work.resolve("forking");
  }

  Path etc() {
    return work.resolve("etc");
  }

  Path lock() {
    return work.resolve("lock");
  }

  Path socket() {
    return work.resolve("launcher.socket");
  }

  private void writeEtc() throws IOException {
    for (Map.Entry<String, String> file : ETC.entrySet()) {
      Files.writeString(etc().resolve(file.getKey()), file.getValue());
    }
  }

  private void extract(String resource, Path target, String mode) throws IOException {
    Path part = work.resolve(resource + ".part");
    try (InputStream in = LauncherFiles.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException(resource + " is missing from the class path");
      }
      Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
    }
    Files.setPosixFilePermissions(part, PosixFilePermissions.fromString(mode));
    // By renaming, for the file of a launcher that still runs cannot be written.
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
  }
}
