package dev.lambic.functions;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several unpacked packages as one tree, the later ones over the earlier.
 *
 * <p>Directories merge. Wherever else two packages have the same name, the later one's stands,
 * whatever the two are. Files are hard links to those of the packages, so a merged tree costs
 * directories only; both are never changed. Symbolic links are never followed, so a link of one
 * package cannot make another one's files land elsewhere.
 */
final class MergedTree extends SimpleFileVisitor<Path> {
  private final Path from;
  private final Path to;

  private MergedTree(Path from, Path to) {
    this.from = from;
    this.to = to;
  }

  /**
   * Merges.
   *
   * @param root an empty directory, which becomes the merged tree
   * @param trees on the same file system
   */
  static void into(Path root, List<Path> trees) throws IOException {
    for (Path tree : trees) {
      Files.walkFileTree(tree, new MergedTree(tree, root));
    }
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Path target(Path file) {
    return to.resolve(from.relativize(file));
  }

  @Override
  public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
      throws IOException {
    Path target = target(directory);
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      Files.deleteIfExists(target);
      Files.createDirectory(target);
      Files.setPosixFilePermissions(target, Files.getPosixFilePermissions(directory));
    }
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
    Path target = target(file);
    if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      Trees.delete(target);
    } else {
      Files.deleteIfExists(target);
    }
    if (attributes.isSymbolicLink()) {
      Files.createSymbolicLink(target, Files.readSymbolicLink(file));
    } else {
      link(file, target);
    }
    return FileVisitResult.CONTINUE;
  }

  private static void link(Path file, Path target) throws IOException {
    try {
      Files.createLink(target, file);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (FileSystemException e) {
      // A file can have only so many links.
      Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  @Override
  public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
      throws IOException {
    if (failure != null) {
      throw failure;
    }
    Files.setLastModifiedTime(target(directory), Files.getLastModifiedTime(directory));
    return FileVisitResult.CONTINUE;
  }
}
