package dev.lambic.images;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar from its begin to its end: ustar with the long names of GNU and the extended headers
 * of POSIX, which is all that builders of images write.
 *
 * <p>Own, because what it holds in memory is bounded whatever the tar claims: a header beside its
 * entry may have at most {@link #MAX_HEADER} bytes, an entry at most {@link #MAX_HEADERS} of them,
 * and of those only what is used is kept. Used by one thread.
 */
final class TarReader {
  /** What names and other facts beside an entry may be long. */
  static final int MAX_HEADER = 256 << 10;

  /** How many headers may stand before an entry; builders write two or three. */
  static final int MAX_HEADERS = 8;

  private static final int BLOCK = 512;
  private static final String SPARSE = "GNU.sparse.";
  private static final Set<String> USED = Set.of("path", "linkpath", "size", "mtime");

  private final InputStream in;
  private final byte[] block = new byte[BLOCK];
  private long position;
  private long left;
  private int padding;

  TarReader(InputStream in) {
    this.in = in;
  }

  /** The next entry, or null at the end; skips what was not read of the one before. */
  @Nullable TarEntry next() throws IOException {
    Map<String, String> facts = new HashMap<>();
    @Nullable String longName = null;
    @Nullable String longLink = null;
    for (int headers = 0; ; headers++) {
      if (headers > MAX_HEADERS) {
        throw new IOException("an entry of the tar has too many headers");
      }
      skip(left + padding);
      left = 0;
      padding = 0;
      if (!readHeader()) {
        return null;
      }
      char type = block[156] == 0 ? TarEntry.FILE : (char) (block[156] & 0xff);
      long size = number(124, 12);
      switch (type) {
        case 'x' -> facts.putAll(extended(text(size)));
        case 'g' -> text(size);
        case 'L' -> longName = untilNul(text(size));
        case 'K' -> longLink = untilNul(text(size));
        default -> {
          return entry(type, size, facts, longName, longLink);
        }
      }
    }
  }

  private TarEntry entry(
      char type,
      long headerSize,
      Map<String, String> facts,
      @Nullable String longName,
      @Nullable String longLink)
      throws IOException {
    if (facts.containsKey(SPARSE)) {
      throw new IOException("sparse files are not supported");
    }
    String ownName = field(0, 100);
    String prefix = isUstar() ? field(345, 155) : "";
    String name = prefix.isEmpty() ? ownName : prefix + "/" + ownName;
    name = longName != null ? longName : name;
    String link = longLink != null ? longLink : field(157, 100);
    long size = facts.containsKey("size") ? decimal(facts.get("size")) : headerSize;
    long seconds = facts.containsKey("mtime") ? seconds(facts.get("mtime")) : number(136, 12);
    char plain = type == '7' ? TarEntry.FILE : type;
    boolean content = plain == TarEntry.FILE;
    // Links, directories and devices have none, whatever their header says.
    left = content ? size : 0;
    padding = (int) ((BLOCK - left % BLOCK) % BLOCK);
    return new TarEntry(
        facts.getOrDefault("path", name),
        plain,
        (int) number(100, 8),
        seconds,
        content ? size : 0,
        facts.getOrDefault("linkpath", link),
        position);
  }

  /** POSIX's form, and not GNU's, which has other things in the place of the prefix. */
  private boolean isUstar() {
    return block[257] == 'u' && block[261] == 'r' && block[262] == 0;
  }

  /** Reads from the content of the current entry; -1 at its end. */
  int read(byte[] into) throws IOException {
    if (left == 0) {
      return -1;
    }
    int count = in.read(into, 0, (int) Math.min(into.length, left));
    if (count < 0) {
      throw new EOFException("the tar ends within an entry");
    }
    left -= count;
    position += count;
    return count;
  }

  /** Whether there was one; the end is two blocks of zeros, or simply the end. */
  private boolean readHeader() throws IOException {
    int count = in.readNBytes(block, 0, BLOCK);
    position += count;
    if (count == 0) {
      return false;
    }
    if (count < BLOCK) {
      throw new EOFException("the tar ends within a header");
    }
    long sum = 0;
    boolean zeros = true;
    for (int i = 0; i < BLOCK; i++) {
      zeros &= block[i] == 0;
      sum += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
    }
    if (zeros) {
      return false;
    }
    if (sum != number(148, 8)) {
      throw new IOException("a header of the tar has a wrong sum");
    }
    return true;
  }

  private void skip(long count) throws IOException {
    long todo = count;
    while (todo > 0) {
      long skipped = in.skip(todo);
      if (skipped <= 0) {
        if (in.read() < 0) {
          throw new EOFException("the tar ends within an entry");
        }
        skipped = 1;
      }
      todo -= skipped;
      position += skipped;
    }
  }

  private byte[] text(long size) throws IOException {
    if (size > MAX_HEADER) {
      throw new IOException("a header of the tar is too long");
    }
    byte[] text = in.readNBytes((int) size);
    if (text.length < size) {
      throw new EOFException("the tar ends within a header");
    }
    position += size;
    skip((BLOCK - size % BLOCK) % BLOCK);
    return text;
  }

  /** Those that are used of the records, which have the form {@code LENGTH KEY=VALUE\n}. */
  private static Map<String, String> extended(byte[] text) throws IOException {
    Map<String, String> facts = new HashMap<>();
    int at = 0;
    while (at < text.length) {
      int space = at;
      while (space < text.length && text[space] != ' ') {
        space++;
      }
      long length = decimal(new String(text, at, space - at, ISO_8859_1));
      long end = at + length;
      if (length < space - at + 3L || end > text.length || text[(int) end - 1] != '\n') {
        throw new IOException("an extended header of the tar is malformed");
      }
      String record = new String(text, space + 1, (int) end - 1 - space - 1, UTF_8);
      int equals = record.indexOf('=');
      if (equals <= 0) {
        throw new IOException("an extended header of the tar is malformed");
      }
      String key = record.substring(0, equals);
      if (USED.contains(key)) {
        facts.put(key, record.substring(equals + 1));
      } else if (key.startsWith(SPARSE)) {
        facts.put(SPARSE, "");
      }
      at = (int) end;
    }
    return facts;
  }

  private static long decimal(@Nullable String digits) throws IOException {
    if (digits == null || !digits.matches("[0-9]{1,15}")) {
      throw new IOException("a number of the tar is malformed");
    }
    return Long.parseLong(digits);
  }

  private static long seconds(@Nullable String time) throws IOException {
    String whole = time == null ? "" : time.replaceFirst("\\..*", "");
    return whole.startsWith("-") ? -decimal(whole.substring(1)) : decimal(whole);
  }

  private String field(int from, int length) {
    int end = from;
    while (end < from + length && block[end] != 0) {
      end++;
    }
    return new String(block, from, end - from, UTF_8);
  }

  private static String untilNul(byte[] text) {
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    return new String(text, 0, end, UTF_8);
  }

  /** Octal digits, or, with the first bit set, a number in binary. */
  private long number(int from, int length) throws IOException {
    if ((block[from] & 0x80) != 0) {
      long value = (block[from] & 0x40) != 0 ? -1 : 0;
      for (int i = from + Math.max(1, length - 8); i < from + length; i++) {
        value = value << 8 | (block[i] & 0xff);
      }
      if (value < 0 && from != 136) {
        throw new IOException("a number of the tar is negative");
      }
      return value;
    }
    String digits = field(from, length).strip();
    if (!digits.matches("[0-7]{0,12}")) {
      throw new IOException("a number of the tar is malformed");
    }
    return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
  }
}
