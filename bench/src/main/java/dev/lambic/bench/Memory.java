package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

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

  /** All pages of a process that are in memory, whoever else has them; 0 if it has ended. */
  static long resident(long pid) throws IOException {
    try {
      for (String line : Files.readAllLines(PROC.resolve(Long.toString(pid)).resolve("status"))) {
        if (line.startsWith("VmRSS:")) {
          return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
    } catch (NoSuchFileException ended) {
      return 0;
    }
    return 0;
  }

  /**
   * All that the processes of a server's environments have.
   *
   * @param server its process; its children are the launcher and helpers, theirs the environments'
   */
  static long ofEnvironments(long server) throws IOException {
    long sum = 0;
    for (long pid : Processes.descendants(server, 2)) {
      try {
        sum += ofProcess(pid);
      } catch (IOException ended) {
        // Then it has no memory either.
      }
    }
    return sum;
  }
}
