package dev.lambic.sandbox;

import java.util.List;

/**
 * A place where control groups are mounted.
 *
 * @param path the mount point
 * @param controllers of version 1; empty for version 2
 */
record CgroupMount(String path, List<String> controllers) {
  private static final List<String> KNOWN =
      List.of("memory", "cpu", "cpuacct", "pids", "freezer", "cpuset", "devices", "blkio");

  CgroupMount {
    controllers = List.copyOf(controllers);
  }

  boolean controls(String controller) {
    return controllers.contains(controller);
  }

  /** All of this process's mount namespace. */
  static List<CgroupMount> all() {
    return parse(KernelFile.read("mounts", "/proc/self/mountinfo"));
  }

  /** From the text of a mountinfo file. */
  static List<CgroupMount> parse(String mountinfo) {
    return mountinfo
        .lines()
        .map(line -> line.split(" - ", 2))
        .filter(halves -> halves.length == 2 && halves[1].startsWith("cgroup"))
        .map(halves -> of(halves[0].split(" "), halves[1].split(" ")))
        .filter(mount -> mount.controllers.isEmpty() || KNOWN.containsAll(mount.controllers))
        .toList();
  }

  private static CgroupMount of(String[] place, String[] type) {
    if (type[0].equals("cgroup2")) {
      return new CgroupMount(place[4], List.of());
    }
    List<String> controllers =
        List.of(type[type.length - 1].split(",")).stream()
            .filter(option -> !option.equals("rw") && !option.equals("ro"))
            .filter(option -> !option.equals("xattr") && !option.equals("clone_children"))
            .toList();
    // A hierarchy without controllers is only a tree of names.
    return new CgroupMount(place[4], controllers.isEmpty() ? List.of("none") : controllers);
  }
}
