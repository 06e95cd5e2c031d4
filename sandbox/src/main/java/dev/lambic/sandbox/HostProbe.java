package dev.lambic.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Finds out, mostly by trying, what this host can isolate and limit. */
public final class HostProbe {
  private static final int SECONDS = 60;
  private static final int FILES_WANTED = 10_000;
  private static final String ROOT_FIX = "run as root: sudo ./lambic ...";

  private HostProbe() {}

  /**
   * Tries each mechanism. Takes some tens of milliseconds; leaves nothing behind but files in the
   * directory.
   *
   * @param directory scratch directory, on the file system where functions' {@code /tmp} will be
   */
  public static HostReport probe(Path directory) {
    List<Guarantee> found = new ArrayList<>();
    found.add(root());
    found.addAll(mechanisms(directory));
    found.addAll(limits(CgroupMount.all()));
    found.add(openFiles());
    return new HostReport(found);
  }

  private static Guarantee root() {
    boolean root =
        KernelFile.read("status", "/proc/self/status")
            .lines()
            .anyMatch(line -> line.matches("Uid:\\s+\\d+\\s+0\\s.*"));
    return root
        ? Guarantee.kept("root", "runs as root")
        : Guarantee.missing("root", "does not run as root", ROOT_FIX);
  }

  /** What the launcher can do. */
  private static List<Guarantee> mechanisms(Path directory) {
    LauncherFiles files = LauncherFiles.prepare(directory);
    files.write();
    try {
      Path answer = directory.resolve("probe.txt");
      Process process =
          new ProcessBuilder(files.launcher().toString(), "probe", directory.toString())
              .redirectErrorStream(true)
              .redirectOutput(Redirect.to(answer.toFile()))
              .start();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return List.of(Guarantee.missing("launcher", "does not answer", ""));
      }
      return Files.readString(answer, UTF_8).lines().map(HostProbe::mechanism).toList();
    } catch (IOException e) {
      String fix = "use a data directory on a file system that allows programs (no noexec)";
      return List.of(Guarantee.missing("launcher", String.valueOf(e.getMessage()), fix));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of(Guarantee.missing("launcher", "interrupted", ""));
    }
  }

  /** From a line "name errno step path". */
  static Guarantee mechanism(String line) {
    String[] words = line.split(" ", 3);
    int errno = words.length > 1 ? Integer.parseInt(words[1]) : -1;
    if (errno == 0) {
      return Guarantee.kept(words[0], "works");
    }
    String detail = Errno.text(errno) + (words.length > 2 ? " (" + words[2].strip() + ")" : "");
    String fix = fix(words[0], detail);
    return switch (words[0]) {
      case "tmp-image" ->
          Guarantee.weakened(words[0], detail + "; /tmp is in memory and counts against it", fix);
      case "file-systems" ->
          Guarantee.weakened(words[0], detail + "; FileSystemConfigs cannot be mounted", fix);
      default -> Guarantee.missing(words[0], detail, fix);
    };
  }

  private static String fix(String name, String detail) {
    return switch (name) {
      case "tmp-image" ->
          detail.contains("mkfs") ? "apt-get install -y e2fsprogs" : "modprobe loop";
      case "file-systems" ->
          "use a data directory on ext4, xfs or btrfs (--data), and Linux 5.15 or newer";
      case "user-namespace", "id-map" ->
          Files.exists(Path.of("/proc/sys/user/max_user_namespaces"))
              ? "sysctl -w user.max_user_namespaces=65536"
              : "use a kernel with CONFIG_USER_NS";
      case "network-namespace" -> "sysctl -w user.max_net_namespaces=65536";
      case "pid-namespace" -> "sysctl -w user.max_pid_namespaces=65536";
      case "mount-namespace" -> "sysctl -w user.max_mnt_namespaces=65536";
      case "mount-calls", "clone3", "close-range", "private-proc" ->
          "use Linux 5.14 or newer; in a container, run it with --privileged";
      case "system-call-filter" -> "use a kernel with CONFIG_SECCOMP_FILTER";
      default -> "";
    };
  }

  static List<Guarantee> limits(List<CgroupMount> mounts) {
    List<Guarantee> found = new ArrayList<>();
    CgroupMount second =
        mounts.stream().filter(mount -> mount.controllers().isEmpty()).findFirst().orElse(null);
    List<String> unified = second == null ? List.of() : CgroupDriver.controllersOf(second);
    boolean version2 = unified.containsAll(CgroupDriver.CONTROLLERS);
    List<String> needed = version2 ? CgroupDriver.CONTROLLERS : CgroupV1.CONTROLLERS;
    for (String controller : needed) {
      boolean there = version2 || mounts.stream().anyMatch(mount -> mount.controls(controller));
      String name = "limit-" + controller;
      found.add(
          there
              ? Guarantee.kept(name, "control groups version " + (version2 ? 2 : 1))
              : Guarantee.missing(
                  name, "no " + controller + " controller", controllerFix(controller)));
    }
    found.add(swap(mounts, version2));
    return found;
  }

  private static String controllerFix(String controller) {
    return controller.equals("memory")
        ? "add cgroup_enable=memory to the kernel's command line and reboot"
        : "mount control groups: mount -t cgroup2 none /sys/fs/cgroup";
  }

  private static Guarantee swap(List<CgroupMount> mounts, boolean version2) {
    boolean counted =
        version2
            || mounts.stream()
                .filter(mount -> mount.controls("memory"))
                .anyMatch(
                    mount -> Files.exists(Path.of(mount.path(), "memory.memsw.limit_in_bytes")));
    return counted
        ? Guarantee.kept("limit-swap", "swap counts as memory")
        : Guarantee.weakened(
            "limit-swap",
            "the kernel does not count swap",
            "add swapaccount=1 to the kernel's command line and reboot");
  }

  private static Guarantee openFiles() {
    long most =
        KernelFile.read("limits", "/proc/self/limits")
            .lines()
            .filter(line -> line.startsWith("Max open files"))
            .map(line -> line.split(" {2,}")[2])
            .mapToLong(word -> word.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(word))
            .findFirst()
            .orElse(0);
    String detail = most + " descriptors, about " + most / 3 + " sandboxes";
    return most >= FILES_WANTED
        ? Guarantee.kept("descriptors", detail)
        : Guarantee.weakened("descriptors", detail, "ulimit -n " + 10 * FILES_WANTED);
  }
}
