package dev.lambic.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SQLite passes the contract, and explains what is wrong with a file. */
class SqliteRecordsTest extends RecordsContract {
  @TempDir private Path directory;

  @Override
  protected Records open() {
    return SqliteRecords.open(directory.resolve("deep/lambic.db"));
  }

  @Test
  void aSecondServerOnTheSameFileIsRefused() {
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("is in use by another process");
  }

  @Test
  void aFileOfANewerProgramIsLeftAlone() throws SQLException {
    Path file = directory.resolve("newer.db");
    SqliteRecords.open(file).close();
    execute(file, "INSERT INTO migration (version, name) VALUES (99, 'of the future')");
    assertThatThrownBy(() -> SqliteRecords.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("was written by a newer Lambic (schema 99")
        .hasMessageContaining("use another data directory");
    execute(file, "DELETE FROM migration WHERE version = 99");
    SqliteRecords.open(file).close();
  }

  @Test
  void whatIsNoDatabaseIsCalledDamaged() throws IOException {
    Path file = directory.resolve("text.db");
    Files.writeString(
        file, "this is no database, but it is long enough to have a header".repeat(99));
    assertThatThrownBy(() -> SqliteRecords.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("is damaged")
        .hasMessageContaining("Restore it from a copy");
    assertThat(Files.readString(file)).startsWith("this is no database");
  }

  @Test
  void aDatabaseWithAHoleIsCalledDamaged() throws IOException {
    Path file = directory.resolve("hole.db");
    Records records = SqliteRecords.open(file);
    for (int i = 0; i < 200; i++) {
      String key = "key" + i;
      records.transaction(in -> {
        in.put("kind", key, new byte[2000]);
        return null;
      });
    }
    records.close();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      byte[] noise = new byte[8192];
      java.util.Arrays.fill(noise, (byte) 0x5a);
      channel.write(java.nio.ByteBuffer.wrap(noise), 16_384);
    }
    assertThatThrownBy(() -> SqliteRecords.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("is damaged");
  }

  private static void execute(Path file, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
