package dev.lambic.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How much of everything a server and its processes hold at one moment, by name. Two moments at
 * which nothing runs are to be equal.
 */
record Holdings(SortedMap<String, Integer> counts) {
  static Holdings of(RunningLambic lambic) {
    Residue residue = Residue.of(lambic);
    ProcessTable table = ProcessTable.now();
    SortedMap<String, Integer> counts = new TreeMap<>();
    counts.put("processes", residue.processes().size());
    counts.put("zombies", table.zombies(lambic.pid()));
    counts.put("networks", residue.networks().size());
    counts.put("cgroups", residue.cgroups().size());
    counts.put("loop devices", residue.loops().size());
    addDescriptors(counts, "server", lambic.pid());
    addMounts(counts, "server", lambic.pid());
    for (ProcessTable.Entry helper : table.descendants(lambic.pid())) {
      String name = ProcessTable.read(Path.of("/proc/" + helper.pid() + "/comm")).strip();
      addDescriptors(counts, name, helper.pid());
      addMounts(counts, name, helper.pid());
    }
    addFiles(counts, lambic.data());
    return new Holdings(counts);
  }

  private static void addDescriptors(SortedMap<String, Integer> counts, String who, long pid) {
    for (Path descriptor : list(Path.of("/proc/" + pid + "/fd"))) {
      try {
        String target = Files.readSymbolicLink(descriptor).toString();
        String kind = target.replaceFirst("\\[\\d+]$", "").replaceFirst("/#\\d+ ", "/# ");
        counts.merge(who + " fd " + kind, 1, Integer::sum);
      } catch (IOException closed) {
        // It was closed meanwhile.
      }
    }
  }

  private static void addMounts(SortedMap<String, Integer> counts, String who, long pid) {
    String mounts = ProcessTable.read(Path.of("/proc/" + pid + "/mountinfo"));
    counts.merge(who + " mounts", (int) mounts.lines().count(), Integer::sum);
  }

  private static void addFiles(SortedMap<String, Integer> counts, Path data) {
    try (Stream<Path> all = Files.walk(data)) {
      all.forEach(path -> counts.put("file " + data.relativize(path), 1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> list(Path directory) {
    try (Stream<Path> all = Files.list(directory)) {
      return all.toList();
    } catch (IOException gone) {
      return List.of();
    }
  }

  /** What is more or less than in an earlier moment; empty if nothing is. */
  List<String> since(Holdings before) {
    SortedMap<String, Integer> changes = new TreeMap<>(counts);
    before.counts.forEach((name, count) -> changes.merge(name, -count, Integer::sum));
    return changes.entrySet().stream()
        .filter(change -> change.getValue() != 0)
        .map(change -> String.format("%+d %s", change.getValue(), change.getKey()))
        .toList();
  }
}
