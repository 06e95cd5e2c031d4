package dev.lambic.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's own record of which thread ran when and who woke whom, as it happens on all cores.
 *
 * <p>Uses an instance of its own of the kernel's tracing file system (Documentation/trace/ftrace),
 * by the clock that {@link System#nanoTime} reads. Only root may, and not every kernel has it.
 */
final class Tracing implements AutoCloseable {
  private static final Path USUAL = Path.of("/sys/kernel/tracing");
  private static final int BUFFER_KIB = 32 << 10;

  private final Scratch scratch;
  private final boolean mounted;
  private final Path instance;

  private Tracing(Scratch scratch, boolean mounted, Path instance) {
    this.scratch = scratch;
    this.mounted = mounted;
    this.instance = instance;
  }

  /**
   * Makes everything ready, but records nothing yet.
   *
   * @throws IOException if this kernel, or this user, cannot; the message says why
   */
  static Tracing open() throws IOException {
    Scratch scratch = Scratch.create();
    boolean mount = !Files.isDirectory(USUAL.resolve("instances"));
    Path root = USUAL;
    if (mount) {
      root = scratch.path();
      try {
        run("mount", "-t", "tracefs", "none", root.toString());
      } catch (IOException e) {
        scratch.close();
        throw e;
      }
    }
    Path instance = root.resolve("instances/lambic-bench-" + ProcessHandle.current().pid());
    Tracing tracing = new Tracing(scratch, mount, instance);
    try {
      Files.createDirectory(instance);
      tracing.write("trace_clock", "mono");
      tracing.write("buffer_size_kb", Integer.toString(BUFFER_KIB));
      for (String event : List.of("sched_switch", "sched_waking", "sched_process_fork")) {
        tracing.write("events/sched/" + event + "/enable", "1");
      }
      tracing.write("tracing_on", "0");
      return tracing;
    } catch (IOException e) {
      tracing.close();
      throw new IOException("the kernel's tracing cannot be used: " + e, e);
    }
  }

  /** From now on every system call is recorded too, which makes each a little slower. */
  void includeSystemCalls(boolean wanted) throws IOException {
    write("events/raw_syscalls/sys_enter/enable", wanted ? "1" : "0");
  }

  /** Forgets what was recorded and records. */
  void begin() throws IOException {
    write("trace", "");
    write("tracing_on", "1");
  }

  /** Stops, and returns what was recorded, in order. */
  List<TraceEvent> end() throws IOException {
    write("tracing_on", "0");
    List<TraceEvent> events = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(instance.resolve("trace"))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        TraceEvent event = TraceEvent.parse(line);
        if (event != null) {
          events.add(event);
        }
      }
    }
    return events;
  }

  private void write(String file, String text) throws IOException {
    // Opening the trace itself to write empties it.
    try (OutputStream out = Files.newOutputStream(instance.resolve(file))) {
      out.write(text.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(Duration.ofSeconds(10)) || process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + ": " + said.strip());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(String.join(" ", command) + " was interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  @Override
  public void close() throws IOException {
    if (Files.isDirectory(instance)) {
      Files.delete(instance);
    }
    if (mounted) {
      run("umount", scratch.path().toString());
    }
    scratch.close();
  }
}
