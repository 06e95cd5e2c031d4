package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who the threads of a trace are: of the client, of the server, of its launcher, of functions. */
final class Threads {
  private static final Path PROC = Path.of("/proc");

  private final long server;
  private final long self = ProcessHandle.current().pid();
  private final Map<Integer, Long> processes = new HashMap<>();
  private final Map<Long, Long> parents;
  private final Map<Integer, Integer> births = new HashMap<>();
  private final Map<Integer, String> names = new HashMap<>();

  /**
   * Looks at the processes that there are; those that have ended are known by the events.
   *
   * @param server the process of the server
   */
  Threads(long server, List<TraceEvent> events) throws IOException {
    this.server = server;
    parents = Processes.parents();
    for (long pid : parents.keySet()) {
      addThreads(pid);
    }
    for (TraceEvent event : events) {
      if (event.kind() == TraceEvent.Kind.FORK) {
        births.put(event.other(), event.thread());
      }
      // The last name is what it was for, not whose copy it began as.
      if (event.kind() == TraceEvent.Kind.SWITCH) {
        names.put(event.other(), event.otherName());
      }
      if (!event.name().startsWith("<")) {
        names.put(event.thread(), event.name());
      }
    }
  }

  private void addThreads(long pid) {
    try (DirectoryStream<Path> tasks =
        Files.newDirectoryStream(PROC.resolve(Long.toString(pid)).resolve("task"))) {
      for (Path task : tasks) {
        processes.put(Integer.parseInt(task.getFileName().toString()), pid);
      }
    } catch (IOException ended) {
      // The events tell of it.
      return;
    }
  }

  /** Who it is, in a few words. */
  String name(int thread) {
    if (thread == 0) {
      return "nobody";
    }
    Long process = process(thread);
    String own = names.getOrDefault(thread, String.valueOf(thread));
    if (process == null) {
      return "kernel or others: " + own;
    }
    if (process == self) {
      return "client";
    }
    int generation =
        process == server ? 0 : Math.max(1, Processes.generation(process, server, parents));
    return switch (generation) {
      case 0 -> "server: " + own;
      case 1 -> "launcher: " + own;
      default -> "environment: " + own;
    };
  }

  /** The process that a thread belongs to, if that is one of ours; else null. */
  private @Nullable Long process(int thread) {
    Integer at = thread;
    int steps = 0;
    while (at != null && !processes.containsKey(at) && steps++ < 100) {
      at = births.get(at);
    }
    Long process = at == null ? null : processes.get(at);
    if (process == null) {
      return null;
    }
    boolean ours =
        process == self || process == server || Processes.generation(process, server, parents) > 0;
    return ours ? process : null;
  }

  /** The number of the calling thread, which must be a platform thread, as the kernel knows it. */
  static int current() throws IOException {
    try {
      return Integer.parseInt(
          Files.readSymbolicLink(PROC.resolve("thread-self")).getFileName().toString());
    } catch (NoSuchFileException e) {
      throw new IOException("/proc is not mounted", e);
    }
  }
}
