package dev.lambic.store;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Large values in a directory, each named by the SHA-256 of its content.
 *
 * <p>A blob is there wholly or not at all: it is written beside its place, synced, and renamed.
 * When {@link #put} has returned, the blob survives the loss of power. Putting the same content
 * twice keeps one copy. Safe for use by many threads of one process, which must be the only one
 * that uses the directory.
 */
public final class Blobs {
  private static final String UNFINISHED = ".part";

  private final Path directory;

  private Blobs(Path directory) {
    this.directory = directory;
  }

  /**
   * Uses the directory, which is made if it is missing, and removes what a crash left unfinished.
   *
   * @throws StoreException if the directory cannot be used
   */
  public static Blobs open(Path directory) {
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, "*" + UNFINISHED)) {
        for (Path file : left) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new StoreException("The directory " + directory + " cannot be used for blobs.", e);
    }
    return new Blobs(directory);
  }

  /**
   * Keeps the bytes of the stream, which is read to its end and not closed.
   *
   * @throws IOException if the stream or the disk fails; then nothing is kept
   */
  public BlobId put(InputStream content) throws IOException {
    Path temporary = Files.createTempFile(directory, "blob-", UNFINISHED);
    try {
      MessageDigest digest = sha256();
      long size;
      try (FileChannel file = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        OutputStream out = Channels.newOutputStream(file);
        size = new DigestInputStream(content, digest).transferTo(out);
        file.force(true);
      }
      BlobId id = new BlobId(HexFormat.of().formatHex(digest.digest()), size);
      Files.move(temporary, path(id.sha256()), StandardCopyOption.ATOMIC_MOVE);
      Directories.sync(directory);
      return id;
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * Reads a blob.
   *
   * @throws FileNotFoundException if there is no such blob
   */
  public InputStream open(String sha256) throws IOException {
    try {
      return Files.newInputStream(path(sha256));
    } catch (NoSuchFileException e) {
      FileNotFoundException missing = new FileNotFoundException("no blob " + sha256);
      missing.initCause(e);
      throw missing;
    }
  }

  /** Where the blob lies, or would lie. Its content must not be changed. */
  public Path path(String sha256) {
    if (!BlobId.isSha256(sha256)) {
      throw new IllegalArgumentException("not a SHA-256 in lower-case hexadecimal: " + sha256);
    }
    return directory.resolve(sha256);
  }

  /** Whether there is such a blob. */
  public boolean contains(String sha256) {
    return Files.exists(path(sha256));
  }

  /** Removes the blob if it is there; those who read it now can read on. */
  public boolean delete(String sha256) throws IOException {
    return Files.deleteIfExists(path(sha256));
  }

  /** The blobs that are there. */
  public Set<String> ids() {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(BlobId::isSha256)
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new StoreException("The directory " + directory + " cannot be read.", e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
