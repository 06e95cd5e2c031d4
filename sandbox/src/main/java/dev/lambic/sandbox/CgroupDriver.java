package dev.lambic.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes control groups below one base group of this server. */
interface CgroupDriver {
  /** Makes a group with limits in force and without processes. */
  Cgroup create(String name, Limits limits);

  /**
   * Sets what all groups together may use, so that many sandboxes that each keep within their own
   * limits leave the host, and the server, enough to live on.
   */
  void limitTogether(long memoryBytes, long processes);

  /** The group of that name, which may exist or not. */
  Cgroup find(String name);

  /** The names of all groups below the base. */
  List<String> names();

  /** Removes the base group, which has to be empty; for the end of a server. */
  void removeBase();

  /** Names of controllers without which limits would not hold. */
  List<String> CONTROLLERS = List.of("memory", "cpu", "pids");

  /**
   * The driver for the control groups of this host.
   *
   * @throws SandboxException if a limit could not be enforced
   */
  static CgroupDriver open(String instance) {
    List<CgroupMount> mounts = CgroupMount.all();
    CgroupMount second = secondVersion(mounts);
    if (second != null) {
      return CgroupV2.open(second.path(), "lambic-" + instance);
    }
    for (String controller : CgroupV1.CONTROLLERS) {
      if (mounts.stream().noneMatch(mount -> mount.controls(controller))) {
        throw new SandboxException("cgroup-controller", 0, controller);
      }
    }
    return CgroupV1.open(mounts, "lambic-" + instance);
  }

  /** The mount of version 2, if it has all controllers. */
  private static @Nullable CgroupMount secondVersion(List<CgroupMount> mounts) {
    return mounts.stream()
        .filter(mount -> mount.controllers().isEmpty())
        .filter(mount -> controllersOf(mount).containsAll(CONTROLLERS))
        .findFirst()
        .orElse(null);
  }

  static List<String> controllersOf(CgroupMount mount) {
    String text = KernelFile.read("cgroup-controllers", mount.path() + "/cgroup.controllers");
    return List.of(text.strip().split(" "));
  }

  /** Names of the directories in a directory; none if it does not exist. */
  static List<String> subdirectories(String directory) {
    try (Stream<Path> entries = Files.list(Path.of(directory))) {
      return entries.filter(Files::isDirectory).map(path -> path.getFileName().toString()).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Makes a directory unless it exists. */
  static void makeDirectory(String path) {
    int result = Native.mkdir(path, 0755);
    if (result < 0 && result != -Errno.EEXIST) {
      throw new SandboxException("cgroup-make", -result, path);
    }
  }
}
