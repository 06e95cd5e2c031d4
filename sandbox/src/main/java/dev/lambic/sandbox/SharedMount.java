package dev.lambic.sandbox;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A directory of the host that sandboxes share and may change.
 *
 * <p>All files in it belong to one user on the disk, {@link #OWNER}, and inside each sandbox to the
 * function's user. What belongs to somebody else on the disk is nobody's inside, and cannot be
 * changed there.
 *
 * @param source absolute path on the host without symbolic links; what is mounted below it is not
 *     seen
 * @param target absolute path inside, a name below {@code /mnt}
 */
public record SharedMount(Path source, String target) {
  /** The user and group on the disk: nobody's, and no sandbox's. */
  public static final int OWNER = 0x6fff_0000;

  private static final String PLACE = "/mnt/";
  private static final Pattern NAME = Pattern.compile("[^/\0]{1,255}");
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  public SharedMount {
    if (!source.isAbsolute()) {
      throw new IllegalArgumentException("source is not absolute: " + source);
    }
    String name = target.startsWith(PLACE) ? target.substring(PLACE.length()) : "";
    if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
      throw new IllegalArgumentException("target is no name below /mnt: " + target);
    }
  }

  /** The last part of the target. */
  String name() {
    return target.substring(PLACE.length());
  }

  /**
   * Makes the directory if it is not there, reachable for nobody on the host but its owner's, and
   * gives it, but nothing that is in it, to {@link #OWNER}.
   *
   * @throws IOException if that cannot be done, or something else is at its place
   */
  public void prepare() throws IOException {
    if (!Files.exists(source, LinkOption.NOFOLLOW_LINKS)) {
      Path parent = source.getParent();
      if (parent != null) {
        Files.createDirectories(parent, PRIVATE);
      }
      try {
        Files.createDirectory(source, PRIVATE);
      } catch (FileAlreadyExistsException e) {
        // Somebody else was faster.
      }
    }
    if (!Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS)) {
      throw new NotDirectoryException(source.toString());
    }
    give("unix:uid");
    give("unix:gid");
  }

  private void give(String attribute) throws IOException {
    if (!Files.getAttribute(source, attribute, LinkOption.NOFOLLOW_LINKS).equals(OWNER)) {
      Files.setAttribute(source, attribute, OWNER, LinkOption.NOFOLLOW_LINKS);
    }
  }
}
