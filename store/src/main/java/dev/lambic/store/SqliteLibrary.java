package dev.lambic.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteJDBCLoader;

/**
 * SQLite's native library.
 *
 * <p>The driver unpacks it into a temporary file, and deletes that only when the process ends in an
 * orderly way. A library that is loaded needs its file no more, so here the file goes at once.
 */
final class SqliteLibrary {
  private static final String PLACE = "org.sqlite.tmpdir";
  private static boolean loaded;

  private SqliteLibrary() {}

  /**
   * Loads the library, unless this process has it already.
   *
   * @param directory exists; what is unpacked lies in it for a moment
   */
  static synchronized void load(Path directory) throws IOException, SQLException {
    if (loaded) {
      return;
    }
    Path unpacked = directory.resolve("sqlite-library");
    delete(unpacked);
    Files.createDirectory(unpacked);
    String before = System.getProperty(PLACE);
    System.setProperty(PLACE, unpacked.toString());
    try {
      SQLiteJDBCLoader.initialize();
      loaded = true;
    } catch (IOException | SQLException e) {
      throw e;
    } catch (Exception e) { // the driver declares no narrower one
      throw new SQLException("SQLite's native library cannot be loaded: " + e.getMessage(), e);
    } finally {
      if (before == null) {
        System.clearProperty(PLACE);
      } else {
        System.setProperty(PLACE, before);
      }
      delete(unpacked);
    }
  }

  private static void delete(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
        for (Path file : files) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
  }
}
