package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The processes of this machine, and which descends from which. */
final class Processes {
  private static final Path PROC = Path.of("/proc");

  /** Of the times in {@code /proc/PID/stat}: on Linux always a hundredth of a second. */
  private static final long TICK_NANOS = 10_000_000;

  private Processes() {}

  /** The parent of each process. */
  static Map<Long, Long> parents() throws IOException {
    Map<Long, Long> parents = new HashMap<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path one : all) {
        try {
          long pid = Long.parseLong(one.getFileName().toString());
          parents.put(pid, Long.parseLong(stat(pid)[1]));
        } catch (IOException ended) {
          // Then it is nobody's child.
        }
      }
    }
    return parents;
  }

  /** How many births lie between the two; 0 if there is no such relation. */
  static int generation(long pid, long ancestor, Map<Long, Long> parents) {
    int births = 0;
    for (Long at = pid; at != null; at = parents.get(at)) {
      if (at == ancestor) {
        return births;
      }
      births++;
    }
    return 0;
  }

  /** All that descend from a process in at least so many births. */
  static List<Long> descendants(long ancestor, int births) throws IOException {
    Map<Long, Long> parents = parents();
    List<Long> found = new ArrayList<>();
    for (long pid : parents.keySet()) {
      if (generation(pid, ancestor, parents) >= births) {
        found.add(pid);
      }
    }
    return found;
  }

  /**
   * The processor time of a process and all that descend from it, those that have ended included,
   * in nanoseconds but to the hundredth of a second.
   */
  static long cpuNanosOfTree(long root) throws IOException {
    List<Long> all = descendants(root, 1);
    all.add(root);
    long ticks = 0;
    for (long pid : all) {
      try {
        String[] stat = stat(pid);
        // Its own as user and in the kernel, and those of the children whose end it has seen.
        for (int field = 11; field <= 14; field++) {
          ticks += Long.parseLong(stat[field]);
        }
      } catch (IOException ended) {
        // Its parent has its time from now on.
      }
    }
    return ticks * TICK_NANOS;
  }

  /** The fields after the name, which may hold anything: the state, the parent, and so on. */
  private static String[] stat(long pid) throws IOException {
    String stat = Files.readString(PROC.resolve(Long.toString(pid)).resolve("stat"));
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
  }
}
