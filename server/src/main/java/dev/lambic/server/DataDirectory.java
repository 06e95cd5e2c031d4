package dev.lambic.server;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A data directory in use by this process: locked, and with a file that says by whom.
 *
 * <p>The lock ends with the process, however that ends; the file is for people and scripts.
 */
final class DataDirectory implements AutoCloseable {
  private final Path directory;
  private final FileChannel channel;
  private final FileLock lock;

  private DataDirectory(Path directory, FileChannel channel, FileLock lock) {
    this.directory = directory;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Makes the directory if it is missing and takes it for this process.
   *
   * @throws IOException if another process has it, or it cannot be used
   */
  static DataDirectory take(Path directory) throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    FileChannel channel =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = channel.tryLock();
    if (lock == null) {
      channel.close();
      throw new IOException(
          "another server uses " + directory + ". End it with ./lambic stop, or use --data DIR");
    }
    return new DataDirectory(directory, channel, lock);
  }

  Path path(String name) {
    return directory.resolve(name);
  }

  /** Says who serves and where. */
  void announce(String address) throws IOException {
    Path made = Files.createTempFile(directory, "server", ".pid");
    Files.writeString(made, ProcessHandle.current().pid() + "\n" + address + "\n");
    Files.move(made, path("server.pid"), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path("server.pid"));
    lock.release();
    channel.close();
  }
}
