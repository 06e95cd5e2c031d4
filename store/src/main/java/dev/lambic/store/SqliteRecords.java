package dev.lambic.store;

import java.nio.file.Path;

/** Records in one SQLite file; see {@link SqliteFile}. */
public final class SqliteRecords {
  private SqliteRecords() {}

  /**
   * Opens the file, which is made if it is missing.
   *
   * @throws StoreException if it is in use, damaged or from a newer program; the message says what
   *     to do
   */
  public static Records open(Path file) {
    return SqliteFile.open(
        file,
        connection -> {
          SqliteFile.check(connection, file);
          Migrations.apply(connection, file.toString(), Migrations.RECORDS);
          return new JdbcRecords(connection, file.getFileName().toString());
        });
  }
}
