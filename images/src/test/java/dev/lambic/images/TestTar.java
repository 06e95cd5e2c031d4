package dev.lambic.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Tars as others write them, and some that nobody should. */
final class TestTar {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8");

  TestTar() {
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    tar.setAddPaxHeadersForNonAsciiNames(true);
  }

  TestTar gnu() {
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
    return this;
  }

  TestTar file(String name, String content) {
    return file(name, content.getBytes(UTF_8), 0644);
  }

  TestTar file(String name, byte[] content, int mode) {
    TarArchiveEntry entry = new TarArchiveEntry(name, (byte) '0', true);
    entry.setSize(content.length);
    entry.setMode(mode);
    entry.setUserId(1234);
    return put(entry, content);
  }

  TestTar directory(String name, int mode) {
    TarArchiveEntry entry = new TarArchiveEntry(name, (byte) '5', true);
    entry.setMode(mode);
    return put(entry, new byte[0]);
  }

  TestTar link(String name, String target) {
    return linked(name, '2', target);
  }

  TestTar hardLink(String name, String target) {
    return linked(name, '1', target);
  }

  private TestTar linked(String name, char type, String target) {
    TarArchiveEntry entry = new TarArchiveEntry(name, (byte) type, true);
    entry.setLinkName(target);
    return put(entry, new byte[0]);
  }

  TestTar other(String name, char type) {
    return put(new TarArchiveEntry(name, (byte) type, true), new byte[0]);
  }

  private TestTar put(TarArchiveEntry entry, byte[] content) {
    entry.setModTime(1_000_000_000_000L);
    try {
      tar.putArchiveEntry(entry);
      tar.write(content);
      tar.closeArchiveEntry();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] bytes() {
    try {
      tar.finish();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] gzip() {
    return gzip(bytes());
  }

  static byte[] gzip(byte[] plain) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(plain);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }
}
