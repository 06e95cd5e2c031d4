package dev.lambic.sandbox;

import java.util.List;

/**
 * The control group of one sandbox: what its processes may use, and whether they run.
 *
 * <p>Calls are not synchronised; the sandbox does that. Every wait is bounded.
 */
interface Cgroup {
  /** 1 or 2. */
  int version();

  /** What the launcher opens to put a process into it. */
  List<String> joinPaths();

  /** The files through which a process, by writing 0, puts itself into it. */
  List<String> joinFiles();

  /**
   * Sets the limits.
   *
   * @throws SandboxException with step {@link SandboxException#LIMIT_BELOW_USAGE} if more is in use
   *     than that, before anything is changed; version 1 would refuse late, version 2 would kill
   */
  void limit(Limits limits);

  MemoryUsage memory();

  /** The file that has the peak of {@link #memory} alone; empty if there is none. */
  String peakPath();

  /** Whether the kernel can. */
  boolean resetMemoryPeak();

  /** Returns when no process of the group runs any more. */
  void freeze();

  void thaw();

  /** The file that has to be told to thaw so that killed processes can end; empty if none. */
  String thawPath();

  /** The processes in it, as numbers of this host. */
  List<Integer> processes();

  /**
   * Lifts the limit of CPU time. A killed process needs time to end, and of a small share that many
   * busy processes fight for it may never get any. Never throws.
   */
  void hurry();

  /** Sends SIGKILL to all processes, which are thawed and hurried. */
  void killAll();

  /** Removes the group; false if there are still processes in it. */
  boolean remove();
}
