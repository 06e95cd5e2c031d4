package dev.lambic.sandbox;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One isolated Linux environment: own processes, files, network, users and limits.
 *
 * <p>It is made without a program in it. After an error of one of its methods it is dead, except
 * for a refused limit or connection; a dead sandbox answers {@link SandboxException#DEAD}. Every
 * method waits for a bounded time only. Safe for use by many threads; blocking methods suit virtual
 * threads.
 */
public interface Sandbox extends AutoCloseable {
  /** The name given when it was made. */
  String name();

  /**
   * Opens a TCP channel in blocking mode that listens on 127.0.0.1 inside the sandbox. It is closed
   * with the sandbox.
   */
  ServerSocketChannel listen(int port);

  /**
   * Connects to a program that listens on 127.0.0.1 inside the sandbox. The channel is in blocking
   * mode and is closed with the sandbox, if not before.
   *
   * @param limit how long to wait for the connection at most
   * @throws IOException if nobody accepts it; the sandbox lives on then
   */
  SocketChannel connect(int port, Duration limit) throws IOException;

  /** Makes the mounts seen inside, in the order given, a later one over an earlier one. */
  void attach(List<ReadOnlyMount> mounts);

  /**
   * Makes directories seen inside that others see and change too; once.
   *
   * @throws SandboxException with step {@code share-map} if the file system of one does not let the
   *     owners of files be mapped, with another step if one is not there
   */
  default void share(List<SharedMount> mounts) {
    if (!mounts.isEmpty()) {
      throw new SandboxException("share", 0, name());
    }
  }

  /**
   * Starts a program as the function's unprivileged user and returns when it is executing.
   *
   * @throws SandboxException with step {@link SandboxException#EXEC} if it cannot be executed
   */
  SandboxProcess start(Command command, OutputListener output);

  /**
   * Changes the limits.
   *
   * @throws SandboxException with step {@link SandboxException#LIMIT_BELOW_USAGE} if more memory or
   *     more processes than that are in use; nothing is changed then and the sandbox lives on
   */
  void limit(Limits limits);

  /** Stops all processes where they are, until {@link #thaw}. */
  void freeze();

  /** Lets all processes go on. */
  void thaw();

  /**
   * Ends every process in the sandbox, thawed or not, and returns when none is left; what they have
   * written to files stays. Programs can be started again afterwards. Connections to the channels
   * of {@link #listen} end with the processes that made them.
   */
  void clear();

  /**
   * Writes the one program that runs, with all its processes and memory, and the files of {@code
   * /tmp} to a directory, and ends it. No program may hold a connection of which it expects more
   * than that it is closed when it goes on. Needs {@link SandboxSpec#snapshots}.
   *
   * @param images empty directory of the host
   * @param memoryBytes how much it may have in memory
   * @throws SandboxException with step {@code processes} if more than one program runs, with step
   *     {@code memory} if it has too much of it, with step {@code criu} if it has something that
   *     cannot be written down, or not in 45 seconds
   */
  default Checkpoint checkpoint(Criu criu, Path images, long memoryBytes) {
    throw new SandboxException("checkpoint", 0, name());
  }

  /**
   * Lets the program of a checkpoint go on in this sandbox, in which nothing was started before and
   * which sees the same files; with the same numbers of processes, and with all that a program has
   * that was started here. Needs {@link SandboxSpec#snapshots}.
   *
   * @param images where {@link #checkpoint} wrote it; it stays as it is
   */
  default SandboxProcess restore(Criu criu, Path images, Checkpoint of, OutputListener output) {
    throw new SandboxException("restore", 0, name());
  }

  /** What it uses of its memory limit. Answers the last known figures when it is dead. */
  MemoryUsage memory();

  /** The peak of {@link #memory} alone, for those who ask often; one read of an open file. */
  long peakMemory();

  /**
   * Starts a new measurement of the peak of memory usage. Nothing happens where the kernel cannot,
   * with version 2 of control groups before Linux 6.12.
   */
  void resetMemoryPeak();

  /** Ends all processes and frees everything. Returns at once; idempotent; never throws. */
  void kill();

  /**
   * Completes when nothing of the sandbox is left, whatever ended it. Never completes
   * exceptionally.
   */
  CompletableFuture<Void> gone();

  /** {@link #kill}. */
  @Override
  default void close() {
    kill();
  }
}
