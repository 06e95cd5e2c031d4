package dev.lambic.store;

import java.nio.file.Path;
import java.sql.Connection;
import java.util.function.UnaryOperator;

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
    return open(file, connection -> connection);
  }

  /**
   * The same, with something between the store and its database.
   *
   * @param between makes of each connection the one that is used
   */
  static Records open(Path file, UnaryOperator<Connection> between) {
    return new JdbcRecords(
        () ->
            between.apply(
                SqliteFile.open(
                    file,
                    connection -> {
                      SqliteFile.check(connection, file);
                      Migrations.apply(connection, file.toString(), Migrations.RECORDS);
                    })),
        file.getFileName().toString());
  }
}
