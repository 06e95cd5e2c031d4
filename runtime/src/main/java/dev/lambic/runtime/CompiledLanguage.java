package dev.lambic.runtime;

import dev.lambic.sandbox.ReadOnlyMount;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A language whose source files are compiled ahead of the environments that run them. */
enum CompiledLanguage {
  /** One file with the code of all modules, which the bootstrap reads; see compile.py. */
  PYTHON("python", ".*\\.py", 16 << 10, true) {
    private static final byte[] MARK = "lambic code\n".getBytes(StandardCharsets.US_ASCII);
    private static final int HEAD_BYTES = 16;
    private static final int TAIL_BYTES = 8;

    @Override
    List<String> command(RuntimeTarget target, String place) {
      return List.of(
          target.argv().getFirst(),
          "-I",
          "-S",
          Bootstraps.INSIDE + "/compile.py",
          place.equals(LAYERS) ? LAYERS + "/python" : place);
    }

    @Override
    boolean accept(Path printed, Path into) throws IOException {
      try (RandomAccessFile file = new RandomAccessFile(printed.toFile(), "r")) {
        long end = file.length() - TAIL_BYTES;
        byte[] mark = new byte[MARK.length];
        if (end < HEAD_BYTES) {
          return false;
        }
        file.readFully(mark);
        file.seek(end);
        long index = Long.reverseBytes(file.readLong());
        if (!Arrays.equals(mark, MARK) || index <= HEAD_BYTES || index >= end) {
          return false;
        }
      }
      Files.move(printed, into.resolve("modules"), StandardCopyOption.ATOMIC_MOVE);
      return true;
    }
  },

  /** The directory that Node.js keeps compiled code in, from version 22 on; see compile.mjs. */
  NODE("nodejs", ".*\\.[cm]?js", 64 << 10, false) {
    private static final Pattern DIRECTORY = Pattern.compile("v[0-9A-Za-z._-]{1,100}");
    private static final Pattern FILE = Pattern.compile("[0-9a-f]{1,16}(?:\\.cache)?");
    private static final int MAX_FILES = 10_000;
    private static final int MAX_NAME = 200;

    @Override
    List<String> command(RuntimeTarget target, String place) {
      return List.of(
          target.argv().getFirst(),
          "--expose-internals",
          "--no-warnings",
          Bootstraps.INSIDE + "/compile.mjs",
          place);
    }

    // Names and contents, each behind its length; an empty name is the end.
    @Override
    boolean accept(Path printed, Path into) throws IOException {
      try (InputStream bytes = Files.newInputStream(printed);
          DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(bytes))) {
        String directory = name(in, DIRECTORY);
        if (directory == null) {
          return false;
        }
        Path files = Files.createDirectory(into.resolve(directory));
        for (int count = 0; count < MAX_FILES; count++) {
          String name = name(in, FILE);
          if (name == null) {
            return count > 0 && in.read() < 0;
          }
          int length = in.readInt();
          byte[] content = length < 0 ? new byte[0] : in.readNBytes(length);
          if (length <= 0 || content.length != length || Files.exists(files.resolve(name))) {
            return false;
          }
          Files.write(files.resolve(name), content);
        }
        return false;
      } catch (java.io.EOFException e) {
        return false;
      }
    }

    private static @Nullable String name(DataInputStream in, Pattern form) throws IOException {
      int length = in.readInt();
      if (length <= 0 || length > MAX_NAME) {
        return null;
      }
      byte[] name = new byte[length];
      in.readFully(name);
      String text = new String(name, StandardCharsets.ISO_8859_1);
      if (!form.matcher(text).matches()) {
        throw new java.io.EOFException(text);
      }
      return text;
    }
  };

  /** Where layers are seen. */
  static final String LAYERS = "/opt";

  /** What is looked at of a tree before it is taken for one that has little of the language. */
  private static final int MAX_LOOKS = 20_000;

  private final String prefix;
  private final Pattern files;
  private final int leastBytes;
  private final boolean ofLayers;

  CompiledLanguage(String prefix, String files, int leastBytes, boolean ofLayers) {
    this.prefix = prefix;
    this.files = Pattern.compile(files, Pattern.DOTALL);
    this.leastBytes = leastBytes;
    this.ofLayers = ofLayers;
  }

  /** The language of a runtime with a bootstrap of Lambic's own; null if it is none of these. */
  static @Nullable CompiledLanguage of(RuntimeTarget target) {
    if (!target.managed() || target.isContainer() || target.argv().isEmpty()) {
      return null;
    }
    for (CompiledLanguage language : values()) {
      if (target.identifier().startsWith(language.prefix)) {
        boolean own =
            target.mounts().stream().map(ReadOnlyMount::target).anyMatch(Bootstraps.INSIDE::equals);
        return own ? language : null;
      }
    }
    return null;
  }

  /** What compiles a tree, inside, and prints what {@link #accept} takes. */
  abstract List<String> command(RuntimeTarget target, String place);

  /**
   * Makes what environments see of what a compiler has printed, which may be anything.
   *
   * @param printed is not needed afterwards
   * @param into an empty directory
   * @return false if it is not what a compiler prints, or nothing was compiled
   */
  abstract boolean accept(Path printed, Path into) throws IOException;

  /** Whether layers are compiled too. */
  boolean ofLayers() {
    return ofLayers;
  }

  /** Whether a tree has so much of the language that it pays. */
  boolean isWorth(Path tree) throws IOException {
    long[] sum = {0, 0};
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes found) {
            if (found.isRegularFile() && files.matcher(file.toString()).matches()) {
              sum[0] += found.size();
            }
            return ++sum[1] > MAX_LOOKS || sum[0] >= leastBytes
                ? FileVisitResult.TERMINATE
                : FileVisitResult.CONTINUE;
          }
        });
    return sum[0] >= leastBytes;
  }

  /** The compiler, as a resource beside this class. */
  String compiler() {
    return this == PYTHON ? "python/compile.py" : "node/compile.mjs";
  }
}
