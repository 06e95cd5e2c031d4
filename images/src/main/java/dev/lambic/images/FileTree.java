package dev.lambic.images;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/** Files below a directory or in a tar, by their name. */
interface FileTree extends AutoCloseable {
  /** Whether there is a file of the name. */
  boolean has(String name);

  /** How long it is. */
  long size(String name) throws IOException;

  /**
   * Its content.
   *
   * @throws ImageException if there is no such file
   */
  InputStream open(String name) throws IOException;

  @Override
  void close() throws IOException;

  /** A directory; symbolic links in it are not followed. */
  static FileTree directory(Path directory) {
    return new FileTree() {
      @Override
      public boolean has(String name) {
        return Files.isRegularFile(directory.resolve(name), LinkOption.NOFOLLOW_LINKS);
      }

      @Override
      public long size(String name) throws IOException {
        return Files.size(directory.resolve(name));
      }

      @Override
      public InputStream open(String name) throws IOException {
        if (!has(name)) {
          throw missing(name);
        }
        return Files.newInputStream(directory.resolve(name), LinkOption.NOFOLLOW_LINKS);
      }

      @Override
      public void close() {}
    };
  }

  /** A tar, which is read once to know where its files are. */
  static FileTree archive(Path tar) throws IOException {
    FileChannel channel = FileChannel.open(tar, StandardOpenOption.READ);
    try {
      return new Archive(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** What is said of a file that is not there. */
  static ImageException missing(String name) {
    return new ImageException(
        ImageException.Reason.MISSING, "The image lacks the file " + Json.shortened(name) + ".");
  }

  /** A tar on disk. Used by one thread. */
  final class Archive implements FileTree {
    private final FileChannel channel;
    private final Map<String, TarEntry> files = new HashMap<>();

    private Archive(FileChannel channel) throws IOException {
      this.channel = channel;
      TarReader tar = new TarReader(Channels.newInputStream(channel));
      long names = 0;
      for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
        names += entry.name().length() + entry.link().length();
        if (entry.type() == TarEntry.FILE) {
          files.put(String.join("/", Paths.downward(entry.name())), entry);
        } else if (entry.type() == TarEntry.SYMBOLIC_LINK || entry.type() == TarEntry.HARD_LINK) {
          link(entry);
        }
        if (files.size() > Layer.MAX_ENTRIES || names > Layer.MAX_NAMES) {
          throw new IOException(
              "the archive has more than "
                  + Layer.MAX_ENTRIES
                  + " files, or their names are too long");
        }
      }
    }

    /** As {@code docker save} writes for a layer that it has written before. */
    private void link(TarEntry entry) throws IOException {
      String from = String.join("/", Paths.downward(entry.name()));
      String up = entry.link().startsWith("../") ? entry.link().substring(3) : entry.link();
      TarEntry there = files.get(up);
      if (there != null) {
        files.put(from, there);
      }
    }

    private TarEntry find(String name) {
      TarEntry entry = files.get(name);
      if (entry == null) {
        throw missing(name);
      }
      return entry;
    }

    @Override
    public boolean has(String name) {
      return files.containsKey(name);
    }

    @Override
    public long size(String name) {
      return find(name).size();
    }

    @Override
    public InputStream open(String name) throws IOException {
      TarEntry entry = find(name);
      channel.position(entry.offset());
      InputStream all = Channels.newInputStream(channel);
      return new BufferedInputStream(new Part(all, entry.size()));
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /** So many bytes of a stream, which stays open. */
  final class Part extends InputStream {
    private final InputStream in;
    private long left;

    Part(InputStream in, long length) {
      this.in = in;
      this.left = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int count = in.read(into, from, (int) Math.min(length, left));
      left -= Math.max(0, count);
      return count;
    }
  }
}
