package dev.lambic.images;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.jspecify.annotations.Nullable;

/**
 * An unpacked layer: a numbered file for each content, and the list of what the layer says of which
 * path.
 *
 * <p>Nothing of a layer's names becomes a name on this machine before all layers were put together
 * in memory ({@link RootTree}), so there is no path that could lead out. Owners are not kept,
 * set-uid bits neither, and devices are left out.
 */
final class Layer {
  /** Entries of all layers of an image. */
  static final int MAX_ENTRIES = 400_000;

  /** Characters of all names and links of an image. */
  static final long MAX_NAMES = 64 << 20;

  /**
   * How much memory unpacking with zstd may take, outside the heap, as the logarithm of bytes: what
   * every level of compression keeps within, unless somebody asked for more.
   */
  private static final int MAX_ZSTD_WINDOW = 27;

  private static final String LIST = "entries";
  private static final String FILES = "files";
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";
  private static final int PER_DIRECTORY = 4096;

  private final Path directory;

  private Layer(Path directory) {
    this.directory = directory;
  }

  static Layer at(Path directory) {
    return new Layer(directory);
  }

  /** Is given what a layer says. */
  interface Reader {
    void read(LayerEntry entry) throws IOException;
  }

  /** Reads what the layer says, in its order; never all of it is in memory. */
  void forEach(Reader reader) throws IOException {
    try (DataInputStream in =
        new DataInputStream(
            new BufferedInputStream(Files.newInputStream(directory.resolve(LIST))))) {
      for (int left = in.readInt(); left > 0; left--) {
        reader.read(LayerEntry.read(in));
      }
    }
  }

  /** Bytes of all its files. */
  long bytes() throws IOException {
    long[] sum = {0};
    forEach(entry -> sum[0] += entry.size());
    return sum[0];
  }

  /** The file with a content. */
  Path content(int number) {
    return directory
        .resolve(FILES)
        .resolve(String.valueOf(number / PER_DIRECTORY))
        .resolve(String.valueOf(number));
  }

  /**
   * Unpacks a layer into an empty directory.
   *
   * @param packed a tar, plain or with gzip or zstd; read to its end
   * @param budget how many bytes it may have unpacked
   * @throws IOException if it cannot be read or written
   */
  static void unpack(InputStream packed, Path directory, long budget) throws IOException {
    Layer layer = new Layer(directory);
    Files.createDirectory(directory.resolve(FILES));
    // The end of the tar is not the end of the stream, whose digest is of all of it.
    try (InputStream plain = new Limited(plain(packed), budget)) {
      layer.unpackAll(new TarReader(plain));
      plain.transferTo(OutputStream.nullOutputStream());
    }
    packed.transferTo(OutputStream.nullOutputStream());
  }

  private static InputStream plain(InputStream packed) throws IOException {
    BufferedInputStream in = new BufferedInputStream(packed, 1 << 16);
    in.mark(4);
    byte[] magic = in.readNBytes(4);
    in.reset();
    if (magic.length == 4 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
      return GzipCompressorInputStream.builder()
          .setInputStream(in)
          .setDecompressConcatenated(true)
          .get();
    }
    if (magic.length == 4 && magic[0] == 0x28 && magic[1] == (byte) 0xb5) {
      ZstdInputStreamNoFinalizer zstd = new ZstdInputStreamNoFinalizer(in);
      zstd.setLongMax(MAX_ZSTD_WINDOW);
      return zstd;
    }
    return in;
  }

  /** Writes the files and the list, which begins with how many entries it has. */
  private void unpackAll(TarReader tar) throws IOException {
    Path list = directory.resolve(LIST);
    int entries;
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(list)))) {
      out.writeInt(0);
      entries = unpackAll(tar, out);
    }
    try (FileChannel begin = FileChannel.open(list, StandardOpenOption.WRITE)) {
      begin.write(ByteBuffer.allocate(Integer.BYTES).putInt(0, entries), 0);
    }
  }

  private int unpackAll(TarReader tar, DataOutputStream list) throws IOException {
    int entries = 0;
    long names = 0;
    int contents = 0;
    for (TarEntry next = tar.next(); next != null; next = tar.next()) {
      LayerEntry entry = entry(next, contents);
      if (entry == null) {
        continue;
      }
      if (entry.kind() == LayerEntry.Kind.FILE) {
        store(tar, next, content(contents++));
      }
      entry.write(list);
      names += entry.names();
      if (++entries > MAX_ENTRIES || names > MAX_NAMES) {
        throw new IOException(
            "the layer has more than " + MAX_ENTRIES + " files, or their names are too long");
      }
    }
    return entries;
  }

  /** What the entry means, or null if nothing. */
  private static @Nullable LayerEntry entry(TarEntry entry, int content) throws IOException {
    List<String> path = Paths.downward(entry.name());
    int mode = entry.mode() & 0777;
    if (!path.isEmpty() && path.getLast().startsWith(WHITEOUT)) {
      return whiteout(path);
    }
    LayerEntry.Kind kind =
        switch (entry.type()) {
          case TarEntry.FILE ->
              entry.name().endsWith("/") ? LayerEntry.Kind.DIRECTORY : LayerEntry.Kind.FILE;
          case TarEntry.DIRECTORY -> LayerEntry.Kind.DIRECTORY;
          case TarEntry.SYMBOLIC_LINK -> LayerEntry.Kind.SYMBOLIC_LINK;
          case TarEntry.HARD_LINK -> LayerEntry.Kind.HARD_LINK;
          case TarEntry.CHARACTER_DEVICE, TarEntry.BLOCK_DEVICE, TarEntry.FIFO ->
              LayerEntry.Kind.REMOVED;
          default ->
              throw new IOException("an entry of type '" + entry.type() + "' is not supported");
        };
    String link = "";
    if (kind == LayerEntry.Kind.SYMBOLIC_LINK) {
      Paths.components(entry.link());
      if (entry.link().isEmpty()) {
        throw new IOException("a symbolic link leads nowhere: " + Json.shortened(entry.name()));
      }
      link = entry.link();
    } else if (kind == LayerEntry.Kind.HARD_LINK) {
      link = String.join("/", Paths.downward(entry.link()));
    }
    // A device hides what is below it, as it would if there was one.
    return new LayerEntry(kind, path, mode, entry.size(), link, content);
  }

  private static @Nullable LayerEntry whiteout(List<String> path) throws IOException {
    List<String> parent = path.subList(0, path.size() - 1);
    String name = path.getLast();
    if (name.equals(OPAQUE)) {
      return new LayerEntry(LayerEntry.Kind.OPAQUE, parent, 0, 0, "", 0);
    }
    if (name.startsWith(WHITEOUT + WHITEOUT)) {
      return null; // of a storage driver's own
    }
    String removed = name.substring(WHITEOUT.length());
    if (Paths.downward(removed).size() != 1) {
      throw new IOException("a whiteout removes nothing that can be: " + Json.shortened(name));
    }
    List<String> target = new ArrayList<>(parent);
    target.add(removed);
    return new LayerEntry(LayerEntry.Kind.REMOVED, target, 0, 0, "", 0);
  }

  private static void store(TarReader tar, TarEntry entry, Path file) throws IOException {
    Path parent = file.getParent();
    if (parent != null && !Files.isDirectory(parent)) {
      Files.createDirectory(parent);
    }
    byte[] buffer = new byte[1 << 16];
    try (OutputStream out =
        Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int count = tar.read(buffer); count >= 0; count = tar.read(buffer)) {
        out.write(buffer, 0, count);
      }
    }
    Files.setLastModifiedTime(file, FileTime.from(entry.seconds(), TimeUnit.SECONDS));
    Files.setPosixFilePermissions(file, permissions(entry.mode()));
  }

  /** The nine bits that count. */
  static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> all = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] inOrder = PosixFilePermission.values();
    for (int bit = 0; bit < 9; bit++) {
      if ((mode & (0400 >> bit)) != 0) {
        all.add(inOrder[bit]);
      }
    }
    return all;
  }

  /** Fails when more comes out than may. */
  private static final class Limited extends java.io.FilterInputStream {
    private long left;

    Limited(InputStream in, long budget) {
      super(in);
      this.left = budget;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      return counted(super.read(into, from, length));
    }

    private int counted(int count) throws IOException {
      left -= Math.max(0, count);
      if (left < 0) {
        throw new ImageException(
            ImageException.Reason.INVALID,
            "The image is larger than " + Manifest.MAX_BYTES + " bytes.");
      }
      return count;
    }

    @Override
    public long skip(long count) throws IOException {
      long skipped = super.skip(count);
      left -= skipped;
      counted(0);
      return skipped;
    }
  }
}
