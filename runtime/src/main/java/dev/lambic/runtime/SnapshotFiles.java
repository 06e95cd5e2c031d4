package dev.lambic.runtime;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the files of snapshots are like, told by their kind, size and time; links are not followed.
 */
final class SnapshotFiles {
  private SnapshotFiles() {}

  /** All that is in the directory: the state of each by its name. */
  static Map<String, String> of(Path directory) throws IOException {
    Map<String, String> states = new TreeMap<>();
    try (Stream<Path> all = Files.list(directory)) {
      for (Path one : all.toList()) {
        states.put(String.valueOf(one.getFileName()), state(one));
      }
    }
    return states;
  }

  /** Changes with the file, and with whatever is below a directory. */
  static String state(Path file) {
    try {
      BasicFileAttributes found =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return found.isDirectory() ? below(file) : one(found);
    } catch (IOException e) {
      return "none";
    }
  }

  private static String one(BasicFileAttributes of) {
    String kind =
        of.isRegularFile() ? "file " + of.size() : of.isDirectory() ? "directory" : "other";
    return kind + " " + of.lastModifiedTime().toMillis();
  }

  /**
   * A digest, for a function gives files whatever names it likes: neither their number nor what is
   * no text in them may matter.
   */
  private static String below(Path directory) throws IOException {
    List<String> lines = new ArrayList<>();
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path inner, BasicFileAttributes found) {
            return add(inner, one(found));
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes found) {
            return add(file, one(found));
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return add(file, "none");
          }

          private FileVisitResult add(Path file, String state) {
            lines.add(directory.relativize(file) + "\0" + state + "\0");
            return FileVisitResult.CONTINUE;
          }
        });
    lines.sort(null);
    byte[] all = String.join("", lines).getBytes(StandardCharsets.UTF_8);
    return "tree " + HexFormat.of().formatHex(SnapshotName.sha256().digest(all));
  }

  /** Has the directory, and all that is in it, outlive a loss of power. */
  static void sync(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes found)
              throws IOException {
            if (found.isRegularFile()) {
              syncOne(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path done, @Nullable IOException e)
              throws IOException {
            syncOne(done);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** The same of one file, or of the names in a directory. */
  static void syncOne(Path file) throws IOException {
    try (FileChannel open =
        FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      open.force(true);
    } catch (AccessDeniedException e) {
      // Then it is lost with the power perhaps, which is found out when the snapshot is looked for.
    }
  }
}
