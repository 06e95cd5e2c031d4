package dev.lambic.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blobs are named by their content and are there wholly or not at all. */
class BlobsTest {
  /** The published digest of the three letters. */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir private Path temporary;
  private Blobs blobs;

  @BeforeEach
  void open() {
    blobs = Blobs.open(temporary.resolve("blobs"));
  }

  @Test
  void aBlobIsNamedByItsDigest() throws IOException {
    BlobId id = put("abc");
    assertThat(id).isEqualTo(new BlobId(ABC, 3));
    assertThat(read(ABC)).isEqualTo("abc");
    assertThat(blobs.path(ABC)).hasContent("abc");
    assertThat(blobs.ids()).containsExactly(ABC);
  }

  @Test
  void theSameContentIsKeptOnce() throws IOException {
    put("abc");
    put("abc");
    assertThat(files()).containsExactly(ABC);
  }

  @Test
  void aMissingBlobIsSaidToBeMissing() {
    assertThat(blobs.contains(ABC)).isFalse();
    assertThatThrownBy(() -> blobs.open(ABC)).isInstanceOf(FileNotFoundException.class);
  }

  @Test
  void deletingSaysWhetherThereWasOne() throws IOException {
    put("abc");
    try (InputStream reader = blobs.open(ABC)) {
      assertThat(blobs.delete(ABC)).isTrue();
      assertThat(reader.readAllBytes()).isEqualTo("abc".getBytes(UTF_8));
    }
    assertThat(blobs.delete(ABC)).isFalse();
    assertThat(blobs.contains(ABC)).isFalse();
  }

  @Test
  void aStreamThatBreaksLeavesNothing() throws IOException {
    InputStream breaks =
        new SequenceInputStream(new ByteArrayInputStream(new byte[10_000]), new DeadLine());
    assertThatThrownBy(() -> blobs.put(breaks)).hasMessage("the line is dead");
    assertThat(files()).isEmpty();
  }

  @Test
  void whatACrashLeftIsRemovedAtTheNextStart() throws IOException {
    put("abc");
    Files.writeString(temporary.resolve("blobs/blob-123.part"), "half a blo");
    blobs = Blobs.open(temporary.resolve("blobs"));
    assertThat(files()).containsExactly(ABC);
  }

  @Test
  void noPathLeavesTheDirectory() {
    assertThatThrownBy(() -> blobs.path("../../etc/passwd"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new BlobId(ABC.toUpperCase(Locale.ROOT), 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void otherUsersSeeNothing() throws IOException {
    put("abc");
    assertThat(Files.getPosixFilePermissions(temporary.resolve("blobs")))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }

  private BlobId put(String content) throws IOException {
    return blobs.put(new ByteArrayInputStream(content.getBytes(UTF_8)));
  }

  private String read(String sha256) throws IOException {
    try (InputStream in = blobs.open(sha256)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(temporary.resolve("blobs"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static final class DeadLine extends InputStream {
    @Override
    public int read() throws IOException {
      throw new IOException("the line is dead");
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      return read();
    }
  }
}
