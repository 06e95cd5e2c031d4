package dev.lambic.sandbox;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Control groups of version 2, one tree for all controllers.
 *
 * <p>Follows the kernel's Documentation/admin-guide/cgroup-v2.rst.
 */
final class CgroupV2 implements CgroupDriver {
  /** Where processes of the root group go when they stand in the way of controllers. */
  private static final String LEAF = "lambic-host";

  private static final int MOVE_TRIES = 10;

  private final String base;

  private CgroupV2(String base) {
    this.base = base;
  }

  static CgroupV2 open(String root, String base) {
    CgroupV2 driver = new CgroupV2(root + "/" + base);
    enableControllers(root);
    CgroupDriver.makeDirectory(driver.base);
    enableControllers(driver.base);
    return driver;
  }

  /**
   * Gives the groups below a group its controllers. A group other than the machine's root, such as
   * the root that a container sees, may not have processes itself then, so they move to a leaf.
   */
  private static void enableControllers(String group) {
    String path = group + "/cgroup.subtree_control";
    List<String> enabled = List.of(KernelFile.read("cgroup-controllers", path).strip().split(" "));
    if (enabled.containsAll(CONTROLLERS)) {
      return;
    }
    int result = 0;
    for (int i = 0; i < MOVE_TRIES; i++) {
      result = KernelFile.write(path, "+" + String.join(" +", CONTROLLERS));
      if (result != -Errno.EBUSY) {
        break;
      }
      CgroupDriver.makeDirectory(group + "/" + LEAF);
      for (int pid : CgroupLimits.processes(group)) {
        KernelFile.write(group + "/" + LEAF + "/cgroup.procs", Integer.toString(pid));
      }
    }
    if (result < 0) {
      throw new SandboxException("cgroup-controllers", -result, path);
    }
  }

  @Override
  public Cgroup create(String name, Limits limits) {
    Group group = new Group(base + "/" + name);
    CgroupDriver.makeDirectory(group.directory);
    try {
      group.limit(limits);
    } catch (SandboxException e) {
      group.remove();
      throw e;
    }
    return group;
  }

  @Override
  public void limitTogether(long memoryBytes, long processes) {
    KernelFile.write("limit", base + "/memory.max", Long.toString(memoryBytes));
    KernelFile.write("limit", base + "/pids.max", Long.toString(processes));
  }

  @Override
  public Cgroup find(String name) {
    return new Group(base + "/" + name);
  }

  @Override
  public List<String> names() {
    return CgroupDriver.subdirectories(base);
  }

  @Override
  public void removeBase() {
    Native.rmdir(base);
  }

  private static final class Group implements Cgroup {
    private static final int PERIOD_MICROSECONDS = 20_000;
    private static final int MIN_QUOTA_MICROSECONDS = 1_000;

    private final String directory;

    /** Newer kernels count a peak per open file, from its first write on. */
    private @Nullable RandomAccessFile peak;

    Group(String directory) {
      this.directory = directory;
    }

    @Override
    public int version() {
      return 2;
    }

    @Override
    public List<String> joinPaths() {
      return List.of(directory);
    }

    @Override
    public List<String> joinFiles() {
      return List.of(directory + "/cgroup.procs");
    }

    @Override
    public void limit(Limits limits) {
      CgroupLimits.check(
          limits,
          KernelFile.readNumber("limit", directory + "/memory.current"),
          KernelFile.readNumber("limit", directory + "/pids.current"));
      KernelFile.write("limit", directory + "/memory.max", Long.toString(limits.memoryBytes()));
      int swap = KernelFile.write(directory + "/memory.swap.max", "0");
      if (swap < 0 && swap != -Errno.ENOENT) {
        throw new SandboxException("limit", -swap, directory + "/memory.swap.max");
      }
      String quota =
          limits.cpus() == 0
              ? "max"
              : Long.toString(
                  Math.max(
                      MIN_QUOTA_MICROSECONDS, Math.round(limits.cpus() * PERIOD_MICROSECONDS)));
      KernelFile.write("limit", directory + "/cpu.max", quota + " " + PERIOD_MICROSECONDS);
      KernelFile.write("limit", directory + "/pids.max", CgroupLimits.processes(limits));
    }

    @Override
    public MemoryUsage memory() {
      long current = KernelFile.readNumber("memory", directory + "/memory.current");
      return new MemoryUsage(
          current,
          Math.max(current, peakBytes()),
          KernelFile.readNumber("memory", directory + "/memory.events", "oom_kill"));
    }

    /** Kernels before 5.19 have no peak. */
    private long peakBytes() {
      try {
        if (peak == null) {
          return KernelFile.readNumber("memory", directory + "/memory.peak");
        }
        byte[] text = new byte[32];
        peak.seek(0);
        int length = peak.read(text);
        return Long.parseLong(new String(text, 0, length, StandardCharsets.US_ASCII).strip());
      } catch (SandboxException e) {
        return 0;
      } catch (IOException e) {
        throw new SandboxException("memory", 0, directory + "/memory.peak", e);
      }
    }

    @Override
    public String peakPath() {
      return directory + "/memory.peak";
    }

    @Override
    public boolean resetMemoryPeak() {
      RandomAccessFile file = peak;
      try {
        if (file == null) {
          file = new RandomAccessFile(directory + "/memory.peak", "rw");
        }
        file.seek(0);
        file.write("reset\n".getBytes(StandardCharsets.US_ASCII));
        peak = file;
        return true;
      } catch (IOException e) {
        closePeak(file);
        return false;
      }
    }

    private void closePeak(@Nullable RandomAccessFile file) {
      peak = null;
      if (file != null) {
        try {
          file.close();
        } catch (IOException e) {
          throw new SandboxException("memory", 0, directory + "/memory.peak", e);
        }
      }
    }

    @Override
    public void freeze() {
      KernelFile.write("freeze", directory + "/cgroup.freeze", "1");
      Patience patience = new Patience();
      do {
        if (KernelFile.readNumber("freeze", directory + "/cgroup.events", "frozen") == 1) {
          return;
        }
      } while (patience.pause());
      throw new SandboxException("freeze", Errno.ETIMEDOUT, directory);
    }

    @Override
    public void thaw() {
      KernelFile.write("thaw", directory + "/cgroup.freeze", "0");
    }

    @Override
    public String thawPath() {
      return ""; // version 2 kills frozen processes
    }

    @Override
    public List<Integer> processes() {
      return CgroupLimits.processes(directory);
    }

    @Override
    public void hurry() {
      KernelFile.write(directory + "/cpu.max", "max");
    }

    @Override
    public void killAll() {
      hurry();
      if (KernelFile.write(directory + "/cgroup.kill", "1") < 0) {
        processes().forEach(pid -> Native.kill(pid, ProcessExit.SIGKILL));
      }
    }

    @Override
    public boolean remove() {
      closePeak(peak);
      int result = Native.rmdir(directory);
      return result == 0 || result == -Errno.ENOENT;
    }
  }
}
