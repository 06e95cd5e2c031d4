package dev.lambic.functions;

/** The table at the end of a zip file, which readers load whole. */
final class CentralDirectory {
  private CentralDirectory() {}

  /**
   * How many entries a reader can find at most, whatever the file says about itself.
   *
   * <p>Each entry of the table begins with the bytes {@code PK 1 2}, so counting those bounds the
   * memory that a reader needs before it allocates any. Stored archives inside count too.
   */
  static int possibleEntries(byte[] zip) {
    int count = 0;
    for (int i = 0; i + 3 < zip.length; i++) {
      if (zip[i] == 'P' && zip[i + 1] == 'K' && zip[i + 2] == 1 && zip[i + 3] == 2) {
        count++;
      }
    }
    return count;
  }
}
