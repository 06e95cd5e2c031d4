package dev.lambic.images;

/**
 * An entry of a tar.
 *
 * @param name as written
 * @param type the type flag; {@code '0'} for all forms of regular files
 * @param mode permission bits
 * @param seconds time of the last change since 1970
 * @param size of the content in bytes
 * @param link what a link leads to; empty for others
 * @param offset where the content begins, in bytes from the begin of the tar
 */
record TarEntry(
    String name, char type, int mode, long seconds, long size, String link, long offset) {
  static final char FILE = '0';
  static final char HARD_LINK = '1';
  static final char SYMBOLIC_LINK = '2';
  static final char CHARACTER_DEVICE = '3';
  static final char BLOCK_DEVICE = '4';
  static final char DIRECTORY = '5';
  static final char FIFO = '6';
}
