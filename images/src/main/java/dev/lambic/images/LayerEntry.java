package dev.lambic.images;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;

/**
 * What a layer says of one path.
 *
 * @param kind what is to be done
 * @param path components, none of them empty, a dot, or two dots; empty for the root itself
 * @param mode permission bits of files and directories
 * @param size bytes of a file
 * @param link what a symbolic link holds, or the path of what a hard link is another name of
 * @param content number of the file that has the content, in the unpacked layer
 */
record LayerEntry(Kind kind, List<String> path, int mode, long size, String link, int content) {
  /** What becomes of a path. */
  enum Kind {
    FILE('f'),
    DIRECTORY('d'),
    SYMBOLIC_LINK('l'),
    HARD_LINK('h'),
    /** What the layers below have there is not seen. */
    REMOVED('r'),
    /** What the layers below have in the directory is not seen. */
    OPAQUE('o');

    private final char letter;

    Kind(char letter) {
      this.letter = letter;
    }

    private static Kind of(int letter) throws IOException {
      for (Kind kind : values()) {
        if (kind.letter == letter) {
          return kind;
        }
      }
      throw new IOException("the list of an unpacked layer is damaged");
    }
  }

  LayerEntry {
    path = List.copyOf(path);
  }

  /** Characters of its names, which are bounded because trees keep them in memory. */
  int names() {
    return path.stream().mapToInt(String::length).sum() + path.size() + link.length();
  }

  void write(DataOutput out) throws IOException {
    out.writeByte(kind.letter);
    out.writeUTF(String.join("/", path));
    out.writeShort(mode);
    out.writeLong(size);
    out.writeUTF(link);
    out.writeInt(content);
  }

  static LayerEntry read(DataInput in) throws IOException {
    Kind kind = Kind.of(in.readByte());
    String path = in.readUTF();
    return new LayerEntry(
        kind,
        path.isEmpty() ? List.of() : List.of(path.split("/", -1)),
        in.readShort(),
        in.readLong(),
        in.readUTF(),
        in.readInt());
  }
}
