package dev.lambic.functions;

import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What names, link targets and permissions of a deployment package may be. */
final class ZipNames {
  private static final int MAX_NAME_BYTES = 255;
  private static final int MAX_PATH_BYTES = 3000;
  private static final int OWNER_EXECUTE = 0100;

  private ZipNames() {}

  /**
   * The parts of an entry's name, without empty ones and dots; none for the root itself.
   *
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException for a name that is
   *     absolute, climbs, or does not fit into a file system
   */
  static List<String> split(String name) {
    if (name.isEmpty()
        || name.startsWith("/")
        || name.indexOf('\0') >= 0
        || utf8(name) > MAX_PATH_BYTES) {
      throw Errors.cannotUnzip();
    }
    List<String> parts = new ArrayList<>();
    for (String part : name.split("/", -1)) {
      if (part.equals("..") || utf8(part) > MAX_NAME_BYTES) {
        throw Errors.cannotUnzip();
      }
      if (!part.isEmpty() && !part.equals(".")) {
        parts.add(part);
      }
    }
    return parts;
  }

  /**
   * Refuses a link that could lead out of the package.
   *
   * <p>A target may climb only with its first parts. The directory that a link lies in is a real
   * one, so counting those is exact; whatever follows goes down, through directories or through
   * links of which the same holds.
   *
   * @param depth how many directories of the package the link lies in
   */
  static void checkTarget(String target, int depth) {
    if (target.isEmpty() || target.startsWith("/") || target.indexOf('\0') >= 0) {
      throw Errors.cannotUnzip();
    }
    boolean descended = false;
    int climbed = 0;
    for (String part : target.split("/", -1)) {
      if (part.equals("..")) {
        climbed++;
        if (descended || climbed > depth) {
          throw Errors.cannotUnzip();
        }
      } else if (!part.isEmpty() && !part.equals(".")) {
        descended = true;
        if (utf8(part) > MAX_NAME_BYTES) {
          throw Errors.cannotUnzip();
        }
      }
    }
  }

  /**
   * The permissions of a file: as packed, but readable by all, and executable by all if by its
   * owner, because the function runs as a user that is not the owner. Never writable by others.
   *
   * @param mode as in the package; 0 where it has none
   */
  static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> permissions =
        EnumSet.of(
            PosixFilePermission.OWNER_READ,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.OTHERS_READ);
    if ((mode & OWNER_EXECUTE) != 0) {
      permissions.add(PosixFilePermission.OWNER_EXECUTE);
      permissions.add(PosixFilePermission.GROUP_EXECUTE);
      permissions.add(PosixFilePermission.OTHERS_EXECUTE);
    }
    return permissions;
  }

  private static int utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
