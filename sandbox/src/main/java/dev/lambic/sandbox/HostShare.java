package dev.lambic.sandbox;

/**
 * What all sandboxes of a server may use of its host together.
 *
 * @param memoryBytes all but an eighth, of which the server and the host get at least 512 MiB,
 *     unless that were more than half
 * @param processes three quarters of those that the kernel can have
 */
record HostShare(long memoryBytes, long processes) {
  private static final long MIN_RESERVE = 512L << 20;

  static HostShare of(long memoryBytes, long processes) {
    long reserve = Math.min(memoryBytes / 2, Math.max(memoryBytes / 8, MIN_RESERVE));
    return new HostShare(memoryBytes - reserve, processes / 4 * 3);
  }

  static HostShare ofThisHost() {
    String memory = KernelFile.read("host", "/proc/meminfo");
    long kilobytes =
        memory
            .lines()
            .filter(line -> line.startsWith("MemTotal:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .findFirst()
            .orElseThrow(() -> new SandboxException("host", 0, "/proc/meminfo"));
    return of(
        kilobytes << 10,
        Math.min(
            KernelFile.readNumber("host", "/proc/sys/kernel/pid_max"),
            KernelFile.readNumber("host", "/proc/sys/kernel/threads-max")));
  }
}
