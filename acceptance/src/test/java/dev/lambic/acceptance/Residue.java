package dev.lambic.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a server holds of this machine at one moment. Other servers may run beside it, so everything
 * is told apart by the process or the data directory that it belongs to.
 *
 * @param processes all that descend from the server
 * @param networks network namespaces of those, without the machine's own
 * @param cgroups directories of the server's sandboxes, of every controller
 * @param mounts mounts of files below the data directory, as the server and its children see them
 * @param loops loop devices on files below the data directory
 */
record Residue(
    Set<ProcessTable.Entry> processes,
    Set<String> networks,
    Set<Path> cgroups,
    Set<String> mounts,
    Set<String> loops) {
  private static final String NAME = "AWS_LAMBDA_FUNCTION_NAME=";
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
  private static final Pattern INSTANCE = Pattern.compile("/(lambic-[a-z0-9-]+)/");

  static Residue of(RunningLambic lambic) {
    return of(lambic.pid(), lambic.data());
  }

  private static Residue of(long server, Path data) {
    List<ProcessTable.Entry> processes = ProcessTable.now().descendants(server);
    Set<String> networks = new TreeSet<>();
    Set<String> instances = new TreeSet<>();
    Set<String> mounts = new TreeSet<>();
    addMounts(server, data, mounts);
    for (ProcessTable.Entry process : processes) {
      networks.add(network(process.pid()));
      addMounts(process.pid(), data, mounts);
      Matcher matcher =
          INSTANCE.matcher(ProcessTable.read(Path.of("/proc/" + process.pid() + "/cgroup")));
      while (matcher.find()) {
        instances.add(matcher.group(1));
      }
    }
    networks.remove(network(ProcessHandle.current().pid()));
    networks.remove("");
    return new Residue(Set.copyOf(processes), networks, cgroups(instances), mounts, loops(data));
  }

  private static String network(long pid) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/net")).toString();
    } catch (IOException gone) {
      return "";
    }
  }

  private static void addMounts(long pid, Path data, Set<String> mounts) {
    for (String line : ProcessTable.read(Path.of("/proc/" + pid + "/mountinfo")).split("\n", -1)) {
      if (line.contains(data.toString())) {
        mounts.add(line);
      }
    }
  }

  private static Set<Path> cgroups(Set<String> instances) {
    Set<Path> found = new TreeSet<>();
    try {
      Files.walkFileTree(
          CGROUPS,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes of) {
              Path parent = directory.getParent();
              if (parent != null && instances.contains(String.valueOf(parent.getFileName()))) {
                found.add(directory);
                return FileVisitResult.SKIP_SUBTREE;
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException gone) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  /** Loop devices on files below a directory. */
  static Set<String> loops(Path data) {
    Set<String> found = new TreeSet<>();
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(Path.of("/sys/block"), "loop*")) {
      for (Path device : devices) {
        String file = ProcessTable.read(device.resolve("loop/backing_file"));
        if (file.startsWith(data.toString())) {
          found.add(device.getFileName() + " " + file.trim());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  /** The functions whose processes are in a control group; none where it is kept ready for one. */
  static Set<String> functions(Path cgroup) {
    Set<String> found = new TreeSet<>();
    ProcessTable.read(cgroup.resolve("cgroup.procs"))
        .lines()
        .forEach(pid -> found.addAll(functionsOf(Path.of("/proc/" + pid + "/environ"))));
    return found;
  }

  private static Set<String> functionsOf(Path environ) {
    Set<String> found = new TreeSet<>();
    for (String pair : ProcessTable.read(environ).split("\0", -1)) {
      if (pair.startsWith(NAME)) {
        found.add(pair.substring(NAME.length()));
      }
    }
    return found;
  }

  /** How many environments of functions there are, without those that are kept ready. */
  long environments() {
    return cgroups.stream()
        .filter(cgroup -> !functions(cgroup).isEmpty())
        .map(cgroup -> cgroup.getFileName().toString())
        .distinct()
        .count();
  }

  /** How much there is of each; the same for a server before and after it ran functions. */
  String counts() {
    return processes.size()
        + " processes, "
        + networks.size()
        + " networks, "
        + cgroups.size()
        + " cgroups, "
        + mounts.size()
        + " mounts, "
        + loops.size()
        + " loop devices";
  }

  /** What of this is still there, though its server has ended; in words. */
  List<String> survivors() {
    List<String> left = new ArrayList<>();
    ProcessTable now = ProcessTable.now();
    processes.stream().filter(now::runs).forEach(process -> left.add("process " + process));
    cgroups.stream().filter(Files::exists).forEach(cgroup -> left.add("cgroup " + cgroup));
    Set<String> alive = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        alive.add(network(Long.parseLong(process.getFileName().toString())));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    networks.stream().filter(alive::contains).forEach(network -> left.add("network " + network));
    return left;
  }

  /** Groups that lie beside those of this now. */
  List<Path> groupsBeside() {
    List<Path> found = new ArrayList<>();
    for (Path cgroup : cgroups) {
      Path parent = cgroup.getParent();
      if (parent != null && Files.isDirectory(parent)) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, Files::isDirectory)) {
          all.forEach(found::add);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return found;
  }

  /** Open descriptors of a process. */
  static int descriptors(long pid) {
    String[] names = Path.of("/proc/" + pid + "/fd").toFile().list();
    return names == null ? 0 : names.length;
  }

  /** Mounts of files below a directory that this process sees. */
  static List<String> hostMounts(Path data) {
    Set<String> mounts = new TreeSet<>();
    addMounts(ProcessHandle.current().pid(), data, mounts);
    return List.copyOf(mounts);
  }

  /** Processes that name a directory in their command line. */
  static List<Long> processesNaming(Path directory) {
    List<Long> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        if (ProcessTable.read(process.resolve("cmdline")).contains(directory.toString())) {
          found.add(Long.parseLong(process.getFileName().toString()));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }
}
