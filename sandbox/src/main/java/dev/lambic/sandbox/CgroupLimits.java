package dev.lambic.sandbox;

import java.util.List;

/** What both versions of control groups have in common. */
final class CgroupLimits {
  /** The sandbox's first process, which is not one of the function's. */
  private static final int OWN_PROCESSES = 1;

  private CgroupLimits() {}

  static void check(Limits limits, long memoryInUse, long processesInUse) {
    if (memoryInUse > limits.memoryBytes()) {
      throw new SandboxException(
          SandboxException.LIMIT_BELOW_USAGE, Errno.EBUSY, "memory in use: " + memoryInUse);
    }
    if (processesInUse > limits.processes() + OWN_PROCESSES) {
      throw new SandboxException(
          SandboxException.LIMIT_BELOW_USAGE, Errno.EBUSY, "processes in use: " + processesInUse);
    }
  }

  /** The number for the kernel's file. */
  static String processes(Limits limits) {
    return Integer.toString(limits.processes() + OWN_PROCESSES);
  }

  /** The processes in a group; none if the group does not exist. */
  static List<Integer> processes(String directory) {
    try {
      return KernelFile.read("cgroup-processes", directory + "/cgroup.procs")
          .lines()
          .map(Integer::valueOf)
          .filter(pid -> pid > 0)
          .toList();
    } catch (SandboxException e) {
      return List.of();
    }
  }
}
