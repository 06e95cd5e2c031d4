package dev.lambic.sandbox;

import java.util.List;

/**
 * Control groups of version 1, where each controller has a tree of its own.
 *
 * <p>Follows the kernel's Documentation/admin-guide/cgroup-v1.
 */
final class CgroupV1 implements CgroupDriver {
  static final List<String> CONTROLLERS = List.of("memory", "cpu", "pids", "freezer");

  /** What the buffers of a sandbox's sockets may hold: far more than any function needs. */
  private static final long SOCKET_BYTES = 32L << 20;

  private final String memory;
  private final String cpu;
  private final String pids;
  private final String freezer;

  private CgroupV1(String memory, String cpu, String pids, String freezer) {
    this.memory = memory;
    this.cpu = cpu;
    this.pids = pids;
    this.freezer = freezer;
  }

  static CgroupV1 open(List<CgroupMount> mounts, String base) {
    CgroupV1 driver =
        new CgroupV1(
            directory(mounts, "memory", base),
            directory(mounts, "cpu", base),
            directory(mounts, "pids", base),
            directory(mounts, "freezer", base));
    driver.bases().forEach(CgroupDriver::makeDirectory);
    // Older kernels count a group's memory in those above it only when told.
    KernelFile.write(driver.memory + "/memory.use_hierarchy", "1");
    return driver;
  }

  private static String directory(List<CgroupMount> mounts, String controller, String base) {
    return mounts.stream()
            .filter(mount -> mount.controls(controller))
            .findFirst()
            .orElseThrow(() -> new SandboxException("cgroup-controller", 0, controller))
            .path()
        + "/"
        + base;
  }

  /** The base groups; a mount with several controllers has only one. */
  private List<String> bases() {
    return List.of(memory, cpu, pids, freezer).stream().distinct().toList();
  }

  @Override
  public Cgroup create(String name, Limits limits) {
    Group group = group(name);
    group.directories.forEach(CgroupDriver::makeDirectory);
    // Socket buffers are not in the memory limit here; without support for this they stay
    // unlimited.
    KernelFile.write(
        group.inMemory + "/memory.kmem.tcp.limit_in_bytes",
        Long.toString(Math.min(limits.memoryBytes(), SOCKET_BYTES)));
    try {
      group.begin(limits);
    } catch (SandboxException e) {
      group.remove();
      throw e;
    }
    return group;
  }

  @Override
  public void limitTogether(long memoryBytes, long processes) {
    Group.limitMemory(memory, memoryBytes);
    KernelFile.write("limit", pids + "/pids.max", Long.toString(processes));
  }

  @Override
  public Cgroup find(String name) {
    return group(name);
  }

  private Group group(String name) {
    return new Group(
        bases().stream().map(base -> base + "/" + name).toList(),
        memory + "/" + name,
        cpu + "/" + name,
        pids + "/" + name,
        freezer + "/" + name);
  }

  @Override
  public List<String> names() {
    return bases().stream()
        .flatMap(base -> CgroupDriver.subdirectories(base).stream())
        .distinct()
        .toList();
  }

  @Override
  public void removeBase() {
    bases().forEach(Native::rmdir);
  }

  /** One group, as directories of the same name under each controller. */
  private record Group(
      List<String> directories, String inMemory, String inCpu, String inPids, String inFreezer)
      implements Cgroup {
    private static final int PERIOD_MICROSECONDS = 20_000;
    private static final int MIN_QUOTA_MICROSECONDS = 1_000;
    private static final int TRIES_BEFORE_ANEW = 10;

    @Override
    public int version() {
      return 1;
    }

    @Override
    public List<String> joinPaths() {
      return directories.stream().map(directory -> directory + "/tasks").toList();
    }

    @Override
    public List<String> joinFiles() {
      return joinPaths();
    }

    /** As {@link #limit}, of a new group, which is empty and has no limit on the processor yet. */
    private void begin(Limits limits) {
      limitMemory(inMemory, limits.memoryBytes());
      KernelFile.write(
          "limit", inCpu + "/cpu.cfs_period_us", Integer.toString(PERIOD_MICROSECONDS));
      if (limits.cpus() != 0) {
        limitProcessor(limits);
      }
      KernelFile.write("limit", inPids + "/pids.max", CgroupLimits.processes(limits));
    }

    @Override
    public void limit(Limits limits) {
      CgroupLimits.check(
          limits,
          KernelFile.readNumber("limit", inMemory + "/memory.usage_in_bytes"),
          KernelFile.readNumber("limit", inPids + "/pids.current"));
      limitMemory(inMemory, limits.memoryBytes());
      limitProcessor(limits);
      KernelFile.write("limit", inPids + "/pids.max", CgroupLimits.processes(limits));
    }

    /** The kernel looks at all groups each time, so this is not done without need. */
    private void limitProcessor(Limits limits) {
      long quota =
          limits.cpus() == 0
              ? -1
              : Math.max(MIN_QUOTA_MICROSECONDS, Math.round(limits.cpus() * PERIOD_MICROSECONDS));
      KernelFile.write("limit", inCpu + "/cpu.cfs_quota_us", Long.toString(quota));
    }

    /** The limit with swap must never be below the one without, in no moment. */
    private static void limitMemory(String group, long bytes) {
      String plain = group + "/memory.limit_in_bytes";
      String withSwap = group + "/memory.memsw.limit_in_bytes";
      String text = Long.toString(bytes);
      boolean raise = KernelFile.readNumber("limit", plain) < bytes;
      if (!raise) {
        lower(plain, text);
      }
      int swap = KernelFile.write(withSwap, text);
      if (swap == -Errno.ENOENT) {
        // A kernel that does not count swap: at least it should not use it for this group.
        KernelFile.write("limit", group + "/memory.swappiness", "0");
      } else if (swap < 0) {
        throw new SandboxException("limit", -swap, withSwap);
      }
      if (raise) {
        KernelFile.write("limit", plain, text);
      }
    }

    /** The usage may have grown since it was checked. */
    private static void lower(String path, String text) {
      int result = KernelFile.write(path, text);
      if (result < 0) {
        String step = result == -Errno.EBUSY ? SandboxException.LIMIT_BELOW_USAGE : "limit";
        throw new SandboxException(step, -result, path);
      }
    }

    @Override
    public MemoryUsage memory() {
      return new MemoryUsage(
          KernelFile.readNumber("memory", inMemory + "/memory.usage_in_bytes"),
          KernelFile.readNumber("memory", inMemory + "/memory.max_usage_in_bytes"),
          KernelFile.readNumber("memory", inMemory + "/memory.oom_control", "oom_kill"));
    }

    @Override
    public String peakPath() {
      return inMemory + "/memory.max_usage_in_bytes";
    }

    @Override
    public boolean resetMemoryPeak() {
      KernelFile.write("memory", inMemory + "/memory.max_usage_in_bytes", "0");
      return true;
    }

    /**
     * A process that is just being forked can slip through and keep the group in the state FREEZING
     * for good, so the kernel is told again and again, and now and then to start anew.
     */
    @Override
    public void freeze() {
      Patience patience = new Patience();
      int tries = 0;
      do {
        KernelFile.write("freeze", thawPath(), "FROZEN");
        // Reading the state is what makes the kernel look whether all have stopped.
        if (KernelFile.read("freeze", thawPath()).startsWith("FROZEN")) {
          return;
        }
        if (++tries % TRIES_BEFORE_ANEW == 0) {
          thaw();
        }
      } while (patience.pause());
      thaw();
      throw new SandboxException("freeze", Errno.ETIMEDOUT, inFreezer);
    }

    @Override
    public void thaw() {
      KernelFile.write("thaw", thawPath(), "THAWED");
    }

    @Override
    public String thawPath() {
      return inFreezer + "/freezer.state";
    }

    @Override
    public List<Integer> processes() {
      return directories.stream()
          .flatMap(directory -> CgroupLimits.processes(directory).stream())
          .distinct()
          .toList();
    }

    @Override
    public void hurry() {
      KernelFile.write(inCpu + "/cpu.cfs_quota_us", "-1");
    }

    @Override
    public void killAll() {
      hurry();
      // The signal waits in a frozen group until it is thawed.
      processes().forEach(pid -> Native.kill(pid, ProcessExit.SIGKILL));
      KernelFile.write(thawPath(), "THAWED");
    }

    @Override
    public boolean remove() {
      boolean removed = true;
      for (String directory : directories) {
        int result = Native.rmdir(directory);
        removed &= result == 0 || result == -Errno.ENOENT;
      }
      return removed;
    }
  }
}
