package dev.lambic.acceptance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The control group of the only environment of a function, as this machine sees it: one directory,
 * or one of the same name under every controller.
 */
final class EnvironmentGroup {
  private final List<Path> directories;

  private EnvironmentGroup(List<Path> directories) {
    this.directories = directories;
  }

  static EnvironmentGroup of(RunningLambic lambic, TestFunction function) {
    List<Path> found =
        Residue.of(lambic).cgroups().stream()
            .filter(path -> Residue.functions(path).contains(function.name()))
            .toList();
    if (found.stream().map(Path::getFileName).distinct().count() != 1) {
      throw new AssertionError("not one environment: " + found);
    }
    return new EnvironmentGroup(found);
  }

  boolean exists() {
    return directories.stream().anyMatch(Files::exists);
  }

  /** The text of a file of it; empty if there is no such file. */
  String read(String file) {
    return directories.stream()
        .map(directory -> directory.resolve(file))
        .filter(Files::exists)
        .map(ProcessTable::read)
        .findFirst()
        .orElse("")
        .strip();
  }

  private boolean isOfSecondVersion() {
    return !read("cgroup.events").isEmpty();
  }

  boolean isFrozen() {
    return isOfSecondVersion()
        ? read("cgroup.events").contains("frozen 1")
        : read("freezer.state").equals("FROZEN");
  }

  /** Processors' worth of time that it may use. */
  double cpus() {
    if (isOfSecondVersion()) {
      String[] both = read("cpu.max").split(" ", -1);
      return Double.parseDouble(both[0]) / Double.parseDouble(both[1]);
    }
    return Double.parseDouble(read("cpu.cfs_quota_us"))
        / Double.parseDouble(read("cpu.cfs_period_us"));
  }

  long memoryBytes() {
    return Long.parseLong(read(isOfSecondVersion() ? "memory.max" : "memory.limit_in_bytes"));
  }

  /** A file as its processes see it. */
  String readInside(String path) {
    return read("cgroup.procs")
        .lines()
        .map(pid -> ProcessTable.read(Path.of("/proc/" + pid + "/root" + path)))
        .filter(text -> !text.isEmpty())
        .findFirst()
        .orElse("");
  }
}
