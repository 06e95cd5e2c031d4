package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** What processes have in memory that no other process has, in bytes. */
final class Memory {
  private static final Path PROC = Path.of("/proc");

  private Memory() {}

  static long ofProcess(long pid) throws IOException {
    long kib = 0;
    for (String line :
        Files.readAllLines(PROC.resolve(Long.toString(pid)).resolve("smaps_rollup"))) {
      if (line.startsWith("Private_")) {
        kib += Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return 1024 * kib;
  }

  /**
   * All that the processes of a server's environments have.
   *
   * @param server its process; its children are the launcher and helpers, theirs the environments'
   */
  static long ofEnvironments(long server) throws IOException {
    Map<Long, Long> parents = parents();
    long sum = 0;
    for (long pid : parents.keySet()) {
      if (generation(pid, server, parents) >= 2) {
        sum += ofProcess(pid);
      }
    }
    return sum;
  }

  /** How many births lie between the two; 0 if there is no such relation. */
  private static int generation(long pid, long ancestor, Map<Long, Long> parents) {
    int births = 0;
    for (Long at = pid; at != null; at = parents.get(at)) {
      if (at == ancestor) {
        return births;
      }
      births++;
    }
    return 0;
  }

  private static Map<Long, Long> parents() throws IOException {
    Map<Long, Long> parents = new HashMap<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path one : all) {
        try {
          String stat = Files.readString(one.resolve("stat"));
          // After the name, which may hold anything: the state, then the parent.
          String[] rest = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
          parents.put(Long.parseLong(one.getFileName().toString()), Long.parseLong(rest[1]));
        } catch (IOException ended) {
          // Then it has no memory either.
        }
      }
    }
    return parents;
  }
}
