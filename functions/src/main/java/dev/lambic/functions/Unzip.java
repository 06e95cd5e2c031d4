package dev.lambic.functions;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.UnicodePathExtraField;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * Unpacks one deployment package into an empty directory.
 *
 * <p>The package is hostile. Nothing is ever written outside the directory or through a symbolic
 * link: links are made last, and only such as cannot lead out (see {@link ZipNames#checkTarget}).
 * Sizes are counted as they are inflated, never believed. Whatever is wrong with the package is
 * AWS's own error; an {@link IOException} is this host's fault. Used once, by one thread.
 */
final class Unzip {
  /** What all files of a package may have in bytes, from "Lambda quotas". */
  static final long MAX_BYTES = 262_144_000;

  /** More entries than this are refused, for each costs memory and an inode. */
  static final int MAX_ENTRIES = 100_000;

  /** What all names and comments may have, and all names of directories above entries. */
  static final int MAX_TEXT_BYTES = 16 << 20;

  /** What all extra fields may have. */
  static final int MAX_EXTRA_BYTES = 4 << 20;

  private static final int MAX_LINK_BYTES = 4095;
  private static final int TYPE = 0170000;
  private static final int TYPE_FILE = 0100000;
  private static final int TYPE_DIRECTORY = 0040000;
  private static final int TYPE_LINK = 0120000;

  private enum Kind {
    DIRECTORY,
    FILE,
    LINK
  }

  private final Path root;
  private final Map<String, Kind> made = new HashMap<>();
  private final Map<String, String> links = new HashMap<>();
  private final Map<Path, FileTime> directoryTimes = new HashMap<>();
  private final byte[] buffer = new byte[1 << 16];
  private long bytes;
  private long directoryNames;

  private Unzip(Path root) {
    this.root = root;
  }

  /**
   * Unpacks.
   *
   * @param root an empty directory, which becomes the unpacked package
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException if the package is refused
   */
  static void into(Path root, Zip zip) throws IOException {
    if (zip.size() == 0) {
      throw Errors.invalid("Uploaded file must be a non-empty zip");
    }
    try (InputStream in = zip.stream()) {
      CentralDirectory most = CentralDirectory.atMost(in);
      if (most.entries() > MAX_ENTRIES
          || most.textBytes() > MAX_TEXT_BYTES
          || most.extraBytes() > MAX_EXTRA_BYTES) {
        throw Errors.cannotUnzip();
      }
    }
    new Unzip(root).unpack(zip);
  }

  private void unpack(Zip zip) throws IOException {
    try (SeekableByteChannel channel = zip.channel();
        ZipFile file = open(channel)) {
      List<ZipArchiveEntry> entries = Collections.list(file.getEntriesInPhysicalOrder());
      if (entries.isEmpty()) {
        throw Errors.invalid("Uploaded file must be a non-empty zip");
      }
      made.put("", Kind.DIRECTORY);
      for (ZipArchiveEntry entry : entries) {
        take(file, entry);
      }
    } catch (InvalidPathException e) {
      throw new IOException(
          "This host cannot represent a file name of the package; start the server with"
              + " LC_ALL=C.UTF-8.",
          e);
    }
    for (Map.Entry<String, String> link : links.entrySet()) {
      Files.createSymbolicLink(path(link.getKey()), Path.of(link.getValue()));
    }
    for (Map.Entry<Path, FileTime> time : directoryTimes.entrySet()) {
      Files.setLastModifiedTime(time.getKey(), time.getValue());
    }
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static ZipFile open(SeekableByteChannel zip) {
    try {
      return ZipFile.builder()
          .setSeekableByteChannel(zip)
          .setCharset(StandardCharsets.UTF_8)
          // The extra fields before the files have no bound, for entries may share them.
          .setIgnoreLocalFileHeader(true)
          .get();
    } catch (IOException | RuntimeException e) {
      throw malformed(e);
    }
  }

  private void take(ZipFile file, ZipArchiveEntry entry) throws IOException {
    List<String> names = ZipNames.split(name(entry));
    if (entry.getGeneralPurposeBit().usesEncryption()
        || (entry.getMethod() != ZipArchiveEntry.STORED
            && entry.getMethod() != ZipArchiveEntry.DEFLATED)) {
      throw Errors.cannotUnzip();
    }
    String name = String.join("/", names);
    switch (kind(entry)) {
      case DIRECTORY -> {
        directory(names);
        if (!name.isEmpty()) {
          directoryTimes.put(path(name), entry.getLastModifiedTime());
        }
      }
      case FILE -> {
        claim(names, name, Kind.FILE);
        write(file, entry, path(name));
      }
      case LINK -> {
        claim(names, name, Kind.LINK);
        links.put(name, target(file, entry, names));
      }
    }
  }

  /** The name, in Unicode where the packer added that to one in its own character set. */
  private static String name(ZipArchiveEntry entry) {
    if (!entry.getGeneralPurposeBit().usesUTF8ForNames()
        && entry.getExtraField(UnicodePathExtraField.UPATH_ID)
            instanceof UnicodePathExtraField unicode) {
      CRC32 crc = new CRC32();
      crc.update(entry.getRawName());
      if (crc.getValue() == unicode.getNameCRC32()) {
        return new String(unicode.getUnicodeName(), StandardCharsets.UTF_8);
      }
    }
    return entry.getName();
  }

  private static Kind kind(ZipArchiveEntry entry) {
    return switch (entry.getUnixMode() & TYPE) {
      case TYPE_LINK -> Kind.LINK;
      case TYPE_DIRECTORY -> Kind.DIRECTORY;
      case TYPE_FILE, 0 -> entry.isDirectory() ? Kind.DIRECTORY : Kind.FILE;
      default -> throw Errors.cannotUnzip(); // a device, a socket or a pipe
    };
  }

  /** Makes the directory and those above it, unless a file or link has one of the names. */
  private void directory(List<String> names) throws IOException {
    StringBuilder name = new StringBuilder();
    for (String part : names) {
      name.append(name.isEmpty() ? "" : "/").append(part);
      Kind before = made.putIfAbsent(name.toString(), Kind.DIRECTORY);
      if (before == null) {
        directoryNames += name.length();
        if (made.size() > MAX_ENTRIES || directoryNames > MAX_TEXT_BYTES) {
          throw Errors.cannotUnzip();
        }
        Path made = path(name.toString());
        Files.createDirectory(made);
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
      } else if (before != Kind.DIRECTORY) {
        throw Errors.cannotUnzip();
      }
    }
  }

  /** Takes the name for a file or link; a later entry of a name replaces an earlier one. */
  private void claim(List<String> names, String name, Kind kind) throws IOException {
    directory(names.subList(0, Math.max(0, names.size() - 1)));
    Kind before = made.put(name, kind);
    if (before == Kind.DIRECTORY) {
      throw Errors.cannotUnzip();
    }
    links.remove(name);
    if (before == Kind.FILE) {
      Files.delete(path(name));
    }
  }

  private void write(ZipFile file, ZipArchiveEntry entry, Path to) throws IOException {
    CRC32 crc = new CRC32();
    try (OutputStream out =
        Files.newOutputStream(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      copy(file, entry, crc, out);
    }
    BasicFileAttributeView times =
        Files.getFileAttributeView(to, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    times.setTimes(entry.getLastModifiedTime(), null, null);
    Files.setPosixFilePermissions(to, ZipNames.permissions(entry.getUnixMode()));
  }

  private String target(ZipFile file, ZipArchiveEntry entry, List<String> names)
      throws IOException {
    if (entry.getSize() > MAX_LINK_BYTES) {
      throw Errors.cannotUnzip();
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    copy(file, entry, new CRC32(), out);
    String target = out.toString(StandardCharsets.UTF_8);
    ZipNames.checkTarget(target, names.size() - 1);
    return target;
  }

  /** Inflates an entry; what cannot be read is the package's fault, what cannot be written ours. */
  private void copy(ZipFile file, ZipArchiveEntry entry, CRC32 crc, OutputStream out)
      throws IOException {
    try (InputStream in = input(file, entry)) {
      for (int n = read(in); n >= 0; n = read(in)) {
        bytes += n;
        if (bytes > MAX_BYTES) {
          throw Errors.invalid("Unzipped size must be smaller than " + MAX_BYTES + " bytes");
        }
        crc.update(buffer, 0, n);
        out.write(buffer, 0, n);
      }
    }
    if (crc.getValue() != entry.getCrc()) {
      throw Errors.cannotUnzip();
    }
  }

  private static InputStream input(ZipFile file, ZipArchiveEntry entry) {
    try {
      return file.getInputStream(entry);
    } catch (IOException | RuntimeException e) {
      throw malformed(e);
    }
  }

  private int read(InputStream in) {
    try {
      return in.read(buffer);
    } catch (IOException | RuntimeException e) {
      throw malformed(e);
    }
  }

  private static RuntimeException malformed(Exception cause) {
    RuntimeException error = Errors.cannotUnzip();
    error.addSuppressed(cause);
    return error;
  }

  private Path path(String name) {
    return root.resolve(name);
  }
}
