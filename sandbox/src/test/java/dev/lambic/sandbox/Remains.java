package dev.lambic.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What is there, on this machine, of the sandboxes of one work directory. */
final class Remains {
  private Remains() {}

  /** The launcher's process number; fails if there is not exactly one. */
  static long launcher(ProcessHandle server, SandboxConfig config) {
    String path = config.workDirectory().resolve("launcher").toString();
    List<Long> found =
        server
            .children()
            .filter(child -> child.info().command().orElse("").equals(path))
            .map(ProcessHandle::pid)
            .toList();
    if (found.size() != 1) {
      throw new AssertionError("launchers: " + found);
    }
    return found.getFirst();
  }

  static int descriptors(long pid) {
    return entries("/proc/" + pid + "/fd").size();
  }

  static int mounts(long pid) {
    return KernelFile.read("test", "/proc/" + pid + "/mountinfo").split("\n").length;
  }

  /** Loop devices whose file is or was in the directory. */
  static long loops(SandboxConfig config) {
    return entries("/sys/block").stream()
        .map(device -> device.resolve("loop/backing_file"))
        .filter(file -> {
          try {
            return Files.readString(file).startsWith(config.workDirectory().toString());
          } catch (IOException e) {
            return false; // no loop device, or not in use
          }
        })
        .count();
  }

  static long children(long pid) {
    return ProcessHandle.of(pid).map(handle -> handle.children().count()).orElse(0L);
  }

  /** The kernel's count for the whole machine. */
  static long networkNamespaces() {
    return KernelFile.read("test", "/proc/slabinfo")
        .lines()
        .filter(line -> line.startsWith("net_namespace "))
        .mapToLong(line -> Long.parseLong(line.split(" +")[1]))
        .findFirst()
        .orElse(0);
  }

  /** Processes in any group of the instance. */
  static List<Integer> processes(CgroupDriver driver) {
    return driver.names().stream().flatMap(n -> driver.find(n).processes().stream()).toList();
  }

  private static List<Path> entries(String directory) {
    try (Stream<Path> list = Files.list(Path.of(directory))) {
      return list.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
