package dev.lambic.sandbox;

/**
 * What a sandbox may use of its host.
 *
 * @param memoryBytes memory and swap together, of all processes of the sandbox and their page cache
 * @param cpus processors' worth of time, such as 0.5; 0 means no limit
 * @param processes processes and threads of the function, without the sandbox's own first process
 */
public record Limits(long memoryBytes, double cpus, int processes) {
  /** The smallest memory in which a sandbox can be made. */
  static final long MIN_MEMORY = 4L << 20;

  public Limits {
    if (memoryBytes < MIN_MEMORY) {
      throw new IllegalArgumentException("memory below " + MIN_MEMORY + ": " + memoryBytes);
    }
    if (!(cpus >= 0 && cpus <= 4096)) {
      throw new IllegalArgumentException("cpus out of range: " + cpus);
    }
    if (processes < 1 || processes > 1 << 20) {
      throw new IllegalArgumentException("processes out of range: " + processes);
    }
  }
}
