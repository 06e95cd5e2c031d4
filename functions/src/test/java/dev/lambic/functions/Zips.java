package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.zip.Deflater;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import software.amazon.awssdk.core.SdkBytes;

/** Makes deployment packages, good and evil ones. */
final class Zips {
  static final Instant MODIFIED = Instant.parse("2020-02-03T04:05:06Z");

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final ZipArchiveOutputStream zip = new ZipArchiveOutputStream(bytes);

  Zips() {
    zip.setLevel(Deflater.BEST_SPEED);
  }

  /** A package with one file. */
  static byte[] of(String name, String content) {
    return new Zips().file(name, content).bytes();
  }

  /** A package with a handler that says the text. */
  static SdkBytes handler(String says) {
    return SdkBytes.fromByteArray(
        of("index.py", "def handler(event, context):\n    return '" + says + "'\n"));
  }

  /** Uses the form for large archives from here on. */
  Zips zip64() {
    zip.setUseZip64(Zip64Mode.Always);
    return this;
  }

  /** Packs what follows without compression. */
  Zips stored() {
    zip.setLevel(Deflater.NO_COMPRESSION);
    return this;
  }

  Zips file(String name, String content) {
    return entry(name, 0100644, content.getBytes(UTF_8));
  }

  Zips directory(String name) {
    return entry(name + "/", 0040755, new byte[0]);
  }

  Zips link(String name, String target) {
    return entry(name, 0120777, target.getBytes(UTF_8));
  }

  /**
   * Adds an entry as it is.
   *
   * @param mode Unix type and permissions; 0 for none
   */
  Zips entry(String name, int mode, byte[] content) {
    try {
      ZipArchiveEntry entry = new ZipArchiveEntry(name);
      entry.setLastModifiedTime(FileTime.from(MODIFIED));
      if (mode != 0) {
        entry.setUnixMode(mode);
      }
      zip.putArchiveEntry(entry);
      zip.write(content);
      zip.closeArchiveEntry();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds a file of zeros, which packs well. */
  Zips zeros(String name, long size) {
    try {
      ZipArchiveEntry entry = new ZipArchiveEntry(name);
      zip.putArchiveEntry(entry);
      byte[] block = new byte[1 << 20];
      for (long left = size; left > 0; left -= block.length) {
        zip.write(block, 0, (int) Math.min(left, block.length));
      }
      zip.closeArchiveEntry();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] bytes() {
    try {
      zip.close();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
