package dev.lambic.acceptance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/** A deployment package in the making; also of kinds that no tool would make. */
final class Zip {
  /** One for all entries, so that the same content is the same package. */
  private static final long TIME = 1_750_000_000_000L;

  private static final int FILE = 0100644;
  private static final int PROGRAM = 0100755;
  private static final int LINK = 0120777;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final ZipArchiveOutputStream out = new ZipArchiveOutputStream(bytes);

  static Zip empty() {
    return new Zip();
  }

  /** A package with one text file. */
  static byte[] of(String name, String text) {
    return empty().file(name, text).bytes();
  }

  /** A package with one of the functions for tests. */
  static byte[] ofFunction(String file) {
    return of(file, read(Places.function(file)));
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Zip file(String name, String text) {
    return file(name, text.getBytes(StandardCharsets.UTF_8));
  }

  Zip file(String name, byte[] content) {
    return add(name, FILE, content);
  }

  Zip program(String name, byte[] content) {
    return add(name, PROGRAM, content);
  }

  /** All files below a directory, under a prefix. */
  Zip tree(Path directory, String prefix) {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile).sorted()::iterator) {
        String name = prefix + directory.relativize(file);
        add(name, Files.isExecutable(file) ? PROGRAM : FILE, bytes(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** A symbolic link. */
  Zip link(String name, String target) {
    return add(name, LINK, target.getBytes(StandardCharsets.UTF_8));
  }

  /** A file of so many zeros. */
  Zip zeros(String name, long size) {
    byte[] block = new byte[1 << 20];
    try {
      out.putArchiveEntry(new ZipArchiveEntry(name));
      for (long left = size; left > 0; left -= block.length) {
        out.write(block, 0, (int) Math.min(left, block.length));
      }
      out.closeArchiveEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  private Zip add(String name, int mode, byte[] content) {
    ZipArchiveEntry entry = new ZipArchiveEntry(name);
    entry.setTime(TIME);
    entry.setUnixMode(mode);
    try {
      out.putArchiveEntry(entry);
      out.write(content);
      out.closeArchiveEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  byte[] bytes() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
