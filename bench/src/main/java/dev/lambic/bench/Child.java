package dev.lambic.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A process that this one has started, with what it says.
 *
 * <p>A virtual thread reads its output all the time, so that it never waits for anybody; only the
 * last lines are kept. Safe for use by many threads.
 */
final class Child implements AutoCloseable {
  private static final int LINES_KEPT = 50;

  private final Process process;
  private final ArrayDeque<String> lines = new ArrayDeque<>();
  private boolean ended;

  private Child(Process process) {
    this.process = process;
  }

  /** Starts the command; its errors are read as its output. */
  static Child start(List<String> command) throws IOException {
    Child child = new Child(new ProcessBuilder(command).redirectErrorStream(true).start());
    Thread.ofVirtual().start(child::read);
    return child;
  }

  /** The same in a directory, with further variables. */
  static Child start(List<String> command, Map<String, String> variables, Path directory)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).directory(directory.toFile());
    builder.environment().putAll(variables);
    Child child = new Child(builder.start());
    Thread.ofVirtual().start(child::read);
    return child;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** The last lines that it said. */
  String said() {
    synchronized (lines) {
      return String.join("\n", lines);
    }
  }

  /** As {@link #close}, and ends whatever it has started and left. */
  void closeTree() {
    List<ProcessHandle> all = process.descendants().toList();
    close();
    all.forEach(ProcessHandle::destroyForcibly);
  }

  /** Starts a main class of this module in a JVM like that of the server. */
  static Child startJava(String mainClass, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-XX:+UseSerialGC");
    command.add("-Xmx256m");
    command.add("-cp");
    command.add(absolute(System.getProperty("java.class.path")));
    command.add(mainClass);
    command.addAll(List.of(arguments));
    return start(command);
  }

  private static String absolute(String classPath) {
    StringBuilder all = new StringBuilder();
    for (String entry : classPath.split(File.pathSeparator)) {
      all.append(all.isEmpty() ? "" : File.pathSeparator).append(Path.of(entry).toAbsolutePath());
    }
    return all.toString();
  }

  private void read() {
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        synchronized (lines) {
          if (lines.size() == LINES_KEPT) {
            lines.removeFirst();
          }
          lines.addLast(line);
          lines.notifyAll();
        }
      }
    } catch (IOException closed) {
      // That is how it ends when this side ends the process.
      return;
    } finally {
      synchronized (lines) {
        ended = true;
        lines.notifyAll();
      }
    }
  }

  /**
   * Waits for a line that begins so and returns its rest.
   *
   * @throws IOException if none comes in time, with what came instead
   */
  String await(String prefix, Duration patience) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    synchronized (lines) {
      while (true) {
        for (String line : lines) {
          if (line.startsWith(prefix)) {
            return line.substring(prefix.length());
          }
        }
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (ended || left <= 0) {
          throw new IOException(
              "the process did not say '" + prefix + "…' but:\n" + String.join("\n", lines));
        }
        lines.wait(left);
      }
    }
  }

  /** Writes the bytes to its standard input. */
  void say(byte[] bytes) throws IOException {
    process.getOutputStream().write(bytes);
    process.getOutputStream().flush();
  }

  long pid() {
    return process.pid();
  }

  /** Processor time that it has used so far, in nanoseconds. */
  long cpuNanos() throws IOException {
    return CpuClock.nanos(pid());
  }

  /** Its resident memory, in bytes. */
  long residentBytes() throws IOException {
    return 1024 * status("VmRSS:");
  }

  /** The number of its threads. */
  long threads() throws IOException {
    return status("Threads:");
  }

  private long status(String name) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid()), "status"))) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("the process has ended");
  }

  /** Asks it to end, and ends it when it does not. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(40, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
