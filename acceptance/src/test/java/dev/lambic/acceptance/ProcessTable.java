package dev.lambic.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The processes of this machine at one moment, as the kernel lists them. */
final class ProcessTable {
  /**
   * One process.
   *
   * @param started tells two processes of one number apart
   */
  record Entry(long pid, long parent, String started, String state) {}

  private final Map<Long, Entry> entries = new HashMap<>();

  private ProcessTable() {}

  static ProcessTable now() {
    ProcessTable table = new ProcessTable();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        String stat = read(process.resolve("stat"));
        if (!stat.isEmpty()) {
          table.add(Long.parseLong(process.getFileName().toString()), stat);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return table;
  }

  private void add(long pid, String stat) {
    // The name in brackets may hold anything, blanks and brackets too.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    entries.put(pid, new Entry(pid, Long.parseLong(fields[1]), fields[19], fields[0]));
  }

  /** Whether this very process still runs; one that only waits to be reaped does not. */
  boolean runs(Entry entry) {
    Entry now = entries.get(entry.pid());
    return now != null && now.started().equals(entry.started()) && !now.state().equals("Z");
  }

  /** The children of a process, their children, and so on; zombies are left out. */
  List<Entry> descendants(long pid) {
    List<Entry> found = new ArrayList<>();
    for (Entry entry : entries.values()) {
      if (!entry.state().equals("Z") && descends(entry, pid)) {
        found.add(entry);
      }
    }
    return found;
  }

  /** How many of these have ended and nobody has taken note. */
  int zombies(long pid) {
    return (int)
        entries.values().stream()
            .filter(entry -> entry.state().equals("Z") && descends(entry, pid))
            .count();
  }

  private boolean descends(Entry entry, long ancestor) {
    long parent = entry.parent();
    while (parent > 1) {
      if (parent == ancestor) {
        return true;
      }
      Entry next = entries.get(parent);
      parent = next == null ? 0 : next.parent();
    }
    return false;
  }

  /** A small file of the kernel; empty if its process is gone. */
  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException gone) {
      return "";
    }
  }
}
