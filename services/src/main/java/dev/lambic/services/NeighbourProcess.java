package dev.lambic.services;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A server in a JVM of its own, which listens on the loopback only and is started when it is first
 * needed, and again if it ended. It ends with this process, whose end of its standard input closes.
 *
 * <p>Safe for use by many threads; waiting for it blocks.
 */
final class NeighbourProcess implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);

  private final Program program;
  private final Path log;
  private final Ticker ticker;
  private final ReentrantLock starting = new ReentrantLock();
  private volatile @Nullable Child child;
  private volatile boolean closed;

  private record Child(Process process, int port) {}

  /**
   * What is run.
   *
   * @param name for messages, such as {@code S3Proxy}
   * @param installed by {@code ./lambic install} with this word
   * @param installation directory with its jars
   * @param data directory that it keeps its state in; made if it is missing
   * @param options of the JVM
   * @param main class with its main method, of this module; it makes the file of {@link ReadyFile}
   *     once it listens
   * @param arguments of the program that is to listen on a port
   */
  record Program(
      String name,
      String installed,
      Path installation,
      Path data,
      List<String> options,
      Class<?> main,
      IntFunction<List<String>> arguments) {}

  /**
   * Starts nothing yet.
   *
   * @param log file for what the process prints
   */
  NeighbourProcess(Program program, Path log, Ticker ticker) {
    this.program = program;
    this.log = log;
    this.ticker = ticker;
  }

  /**
   * The port of a process that is ready; starts one if there is none.
   *
   * @throws LambicException if there is none to be had, with what to do about it
   */
  int port() {
    Child running = child;
    if (running != null && running.process.isAlive()) {
      return running.port;
    }
    if (!isMyTurn()) {
      throw unavailable(program.name + " is still being started. Try again.", null);
    }
    try {
      running = child;
      if (running == null || !running.process.isAlive()) {
        running = start();
        child = running;
      }
      return running.port;
    } finally {
      starting.unlock();
    }
  }

  private boolean isMyTurn() {
    try {
      return starting.tryLock(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Child start() {
    if (closed) {
      throw unavailable("The server is being shut down.", null);
    }
    if (!Files.isDirectory(program.installation)) {
      throw unavailable(
          program.name
              + " is not installed. Install it with: ./lambic install "
              + program.installed,
          null);
    }
    Process process = null;
    boolean ready = false;
    try {
      Files.createDirectories(program.data);
      Path told = log.resolveSibling(log.getFileName() + ".ready");
      Files.deleteIfExists(told);
      int port = freePort();
      process =
          new ProcessBuilder(command(port, told))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.to(log.toFile()))
              .start();
      awaitReady(process, told);
      Files.deleteIfExists(told);
      Child started = new Child(process, port);
      ready = true;
      return started;
    } catch (IOException e) {
      throw unavailable(program.name + " could not be started: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("Interrupted.", e);
    } finally {
      if (process != null && !ready) {
        process.destroyForcibly();
      }
    }
  }

  private List<String> command(int port, Path told) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(program.options);
    command.add("-D" + ReadyFile.PROPERTY + "=" + told.toAbsolutePath());
    command.add("-cp");
    command.add(program.installation + "/*" + File.pathSeparator + ownClasses());
    command.add(program.main.getName());
    command.addAll(program.arguments.apply(port));
    return command;
  }

  private String ownClasses() {
    return Path.of(
            URI.create(program.main.getProtectionDomain().getCodeSource().getLocation().toString()))
        .toString();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Waits for the process's own word: somebody else may have taken the port meanwhile. */
  private void awaitReady(Process process, Path told) throws IOException, InterruptedException {
    long end = ticker.nanos() + START_LIMIT.toNanos();
    while (ticker.nanos() < end && !closed) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
        throw new IOException("it ended with code " + process.exitValue() + ", see " + log);
      }
      if (Files.exists(told)) {
        return;
      }
    }
    throw new IOException("it did not listen in time, see " + log);
  }

  /** The error for a neighbour that cannot be asked. */
  static LambicException unavailable(String message, @Nullable Throwable cause) {
    return new LambicException("ServiceUnavailable", Blame.PLATFORM, message, cause);
  }

  @Override
  public void close() {
    closed = true;
    starting.lock();
    try {
      Child running = child;
      if (running != null) {
        running.process.destroy();
        if (!running.process.waitFor(10, TimeUnit.SECONDS)) {
          running.process.destroyForcibly();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      starting.unlock();
    }
  }
}
