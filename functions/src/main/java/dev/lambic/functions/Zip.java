package dev.lambic.functions;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.commons.compress.utils.SeekableInMemoryByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * A deployment package before it is kept: in memory as it was sent, or in a file, as large ones
 * are. Used by one thread at a time.
 */
final class Zip implements AutoCloseable {
  private final byte @Nullable [] bytes;
  private final @Nullable Path file;
  private final long size;
  private CodeStore.@Nullable Turn turn;

  private Zip(
      byte @Nullable [] bytes, @Nullable Path file, CodeStore.@Nullable Turn turn, long size) {
    this.bytes = bytes;
    this.file = file;
    this.turn = turn;
    this.size = size;
  }

  static Zip of(byte[] bytes) {
    return new Zip(bytes, null, null, bytes.length);
  }

  /** The package in a file, which stays. */
  static Zip inFile(Path file) throws IOException {
    return new Zip(null, file, null, Files.size(file));
  }

  /** The package in a file, which is deleted with this, and then the turn to fetch it is over. */
  static Zip inTemporaryFile(Path file, CodeStore.Turn turn) throws IOException {
    return new Zip(null, file, turn, Files.size(file));
  }

  long size() {
    return size;
  }

  /** All of it, from the begin. */
  InputStream stream() throws IOException {
    return bytes != null ? new ByteArrayInputStream(bytes) : Files.newInputStream(path());
  }

  /** All of it, to be read anywhere. */
  SeekableByteChannel channel() throws IOException {
    return bytes != null ? new SeekableInMemoryByteChannel(bytes) : Files.newByteChannel(path());
  }

  /** Its SHA-256 in hexadecimal digits. */
  String sha256() throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(stream(), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private Path path() {
    if (file == null) {
      throw new IllegalStateException("neither bytes nor a file");
    }
    return file;
  }

  @Override
  public void close() throws IOException {
    try (CodeStore.@Nullable Turn over = turn) {
      if (over != null) {
        Files.deleteIfExists(path());
      }
    } finally {
      turn = null;
    }
  }
}
