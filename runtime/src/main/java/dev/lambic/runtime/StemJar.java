package dev.lambic.runtime;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** What a Java virtual machine that waits for a function runs: a class in a jar, and a library. */
final class StemJar {
  private static final List<String> CLASSES =
      List.of("Stem", "Rehearsal", "Rehearsal$Step", "Rehearsal$Handler");
  private static final String LIBRARY = "libbinding.so";

  private StemJar() {}

  /**
   * Puts both into a directory that environments see, unless they are there.
   *
   * @throws IOException if they cannot be written
   */
  static void layOut(Path directory) throws IOException {
    ByteArrayOutputStream jar = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(jar)) {
      for (String name : CLASSES) {
        String file = "dev/lambic/stem/" + name + ".class";
        ZipEntry entry = new ZipEntry(file);
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(resource("java/" + file));
      }
    }
    lay(directory.resolve("stem.jar"), jar.toByteArray(), "rw-r--r--");
    lay(directory.resolve(LIBRARY), resource("java/" + LIBRARY), "rwxr-xr-x");
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = StemJar.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }

  /** Never changes a file in place, for a process may have mapped it. */
  private static void lay(Path file, byte[] bytes, String mode) throws IOException {
    if (Files.isRegularFile(file) && Arrays.equals(Files.readAllBytes(file), bytes)) {
      return;
    }
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.write(part, bytes);
    Files.setPosixFilePermissions(part, PosixFilePermissions.fromString(mode));
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
