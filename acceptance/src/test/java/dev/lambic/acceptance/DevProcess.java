package dev.lambic.acceptance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A running {@code ./lambic dev}. */
final class DevProcess implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final Process process;
  private final Thread reader;
  private final List<String> lines = new ArrayList<>();

  private DevProcess(Process process) {
    this.process = process;
    this.reader = Thread.ofPlatform().daemon().name("dev-output").start(this::read);
  }

  /** Starts it, and does not wait. */
  static DevProcess begin(RunningLambic lambic, Path directory, String... options) {
    List<String> command = new ArrayList<>();
    command.add(Places.python().toString());
    command.add(Places.root().resolve("server/tools/dev.py").toString());
    command.addAll(List.of("--endpoint", lambic.address().toString()));
    command.addAll(List.of("--data", lambic.data().toString()));
    command.addAll(List.of(options));
    command.add(directory.toString());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
    builder.environment().put("PYTHONPATH", Places.boto3().toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    try {
      return new DevProcess(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts it and waits until the function can be called. */
  static DevProcess start(RunningLambic lambic, Path directory, String... options) {
    DevProcess started = begin(lambic, directory, options);
    started.await("edit, and the next call runs it");
    return started;
  }

  private void read() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        synchronized (lines) {
          lines.add(line);
        }
      }
    } catch (IOException e) {
      synchronized (lines) {
        lines.add("[" + e.getMessage() + "]");
      }
    }
  }

  /** What it has printed so far. */
  String output() {
    synchronized (lines) {
      return String.join("\n", lines);
    }
  }

  /** Waits until it has printed the text. */
  void await(String text) {
    Await.until(
        SOON,
        () -> "'" + text + "' is printed, not only:\n" + output(),
        () -> output().contains(text) || (!process.isAlive() && !reader.isAlive()));
    if (!output().contains(text)) {
      throw new AssertionError("it ended without '" + text + "':\n" + output());
    }
  }

  /** Ends it as Ctrl-C does. */
  void askToEnd() {
    // Process.destroy() closes what it prints to as well, and its last words would be a failure.
    process.toHandle().destroy();
  }

  void killHard() {
    process.destroyForcibly();
  }

  /** Waits for its end. Returns its exit code. */
  int awaitEnd() {
    try {
      if (!process.waitFor(SOON.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("it does not end:\n" + output());
      }
      reader.join(SOON);
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      askToEnd();
      try {
        awaitEnd();
      } finally {
        killHard();
      }
    }
  }
}
