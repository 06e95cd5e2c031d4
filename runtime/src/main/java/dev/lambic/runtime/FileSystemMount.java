package dev.lambic.runtime;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SharedMount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An access point of a file system that a function sees, as its configuration's {@code
 * FileSystemConfigs} says; a directory of this host that all see and change who name it.
 *
 * @param arn the access point's
 * @param directory absolute path on the host without symbolic links; made when it is missing
 * @param path where it is seen, a name below {@code /mnt}
 */
public record FileSystemMount(String arn, Path directory, String path) {
  /** Checks the path. */
  public FileSystemMount {
    var _ = new SharedMount(directory, path);
  }

  private SharedMount mount() {
    return new SharedMount(directory, path);
  }

  /**
   * Lets a sandbox see them.
   *
   * @throws SandboxException if the host or the sandbox failed, which says nothing of what is
   *     mounted; the sandbox is dead then
   * @throws LambicException with code {@code EFSMountFailureException} if one cannot be mounted,
   *     whoever tries; the sandbox may be dead then
   */
  static void attach(List<FileSystemMount> mounts, Sandbox sandbox) {
    for (FileSystemMount each : mounts) {
      try {
        each.mount().prepare();
      } catch (IOException e) {
        throw failure(each, "its directory cannot be made", e);
      }
    }
    try {
      sandbox.share(mounts.stream().map(FileSystemMount::mount).toList());
    } catch (SandboxException e) {
      throw failure(mounts.getFirst(), reason(e), e);
    }
  }

  /** What is wrong with what should be mounted; throws again what is wrong with all else. */
  private static String reason(SandboxException of) {
    return switch (of.step()) {
      case "share-map" -> "the file system of the data directory does not let owners be mapped";
      case "share-space" -> "its disk is nearly full";
      case "share-source", "share-tree", "target", "move-mount" ->
          "step " + of.step() + " failed with error " + of.errno();
      default -> throw of;
    };
  }

  /** In AWS's words, and then the reason on this host, without its paths. */
  private static LambicException failure(FileSystemMount of, String why, Exception cause) {
    return new LambicException(
        "EFSMountFailureException",
        Blame.CALLER,
        "The function could not mount the EFS file system with access point "
            + of.arn
            + ". On this host: "
            + why
            + ".",
        Map.of("Type", "User"),
        cause);
  }
}
