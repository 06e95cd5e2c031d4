package dev.lambic.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every implementation of {@link Records} promises. */
abstract class RecordsContract {
  private Records records;

  /** Opens the records of one place, which is empty before the first time in a test. */
  protected abstract Records open();

  @BeforeEach
  void openRecords() {
    records = open();
  }

  @AfterEach
  void closeRecords() {
    records.close();
  }

  @Test
  void whatWasPutIsThere() {
    put("kind", "key", "value");
    assertThat(get("kind", "key")).isEqualTo("value");
  }

  @Test
  void aMissingRecordIsNull() {
    assertThat(get("kind", "none")).isNull();
  }

  @Test
  void puttingAgainReplaces() {
    put("kind", "key", "first");
    put("kind", "key", "second");
    assertThat(get("kind", "key")).isEqualTo("second");
  }

  @Test
  void kindsAreApart() {
    put("one", "key", "1");
    put("two", "key", "2");
    assertThat(get("one", "key")).isEqualTo("1");
    assertThat(scan("two")).hasSize(1);
  }

  @Test
  void deletingSaysWhetherThereWasOne() {
    put("kind", "key", "value");
    assertThat(records.<Boolean>transaction(in -> in.delete("kind", "key"))).isTrue();
    assertThat(records.<Boolean>transaction(in -> in.delete("kind", "key"))).isFalse();
    assertThat(get("kind", "key")).isNull();
  }

  @Test
  void scansGiveKeysInTheOrderOfTheirBytes() {
    for (String key : List.of("b", "a/2", "a/10", "ä", "B", "a")) {
      put("kind", key, key);
    }
    assertThat(scan("kind"))
        .extracting(Records.Entry::key)
        .containsExactly("B", "a", "a/10", "a/2", "b", "ä");
  }

  @Test
  void anyBytesComeBackAsTheyWere() {
    byte[] value = new byte[100_000];
    for (int i = 0; i < value.length; i++) {
      value[i] = (byte) (i * 31);
    }
    records.transaction(in -> {
      in.put("kind", "bytes", value);
      in.put("kind", "empty", new byte[0]);
      return null;
    });
    assertThat(bytes("kind", "bytes")).isEqualTo(value);
    assertThat(bytes("kind", "empty")).isEmpty();
  }

  @Test
  void aTransactionSeesItsOwnWrites() {
    String seen =
        records.transaction(in -> {
          in.put("kind", "key", "mine".getBytes(UTF_8));
          byte[] got = in.get("kind", "key");
          return got == null ? "nothing" : new String(got, UTF_8);
        });
    assertThat(seen).isEqualTo("mine");
  }

  @Test
  void aTransactionThatThrowsWritesNothing() {
    put("kind", "kept", "before");
    assertThatThrownBy(() ->
            records.transaction(in -> {
              in.put("kind", "kept", "after".getBytes(UTF_8));
              in.put("kind", "new", "new".getBytes(UTF_8));
              throw new IllegalStateException("changed my mind");
            }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("changed my mind");
    assertThat(get("kind", "kept")).isEqualTo("before");
    assertThat(get("kind", "new")).isNull();
  }

  @Test
  void transactionsOfManyThreadsHappenOneAfterTheOther() throws Exception {
    int threads = 16;
    int each = 50;
    List<Callable<@Nullable Void>> writers = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      writers.add(() -> {
        for (int i = 0; i < each; i++) {
          int turn = i;
          try {
            records.transaction(in -> increment(in, turn % 7 == 0));
          } catch (IllegalStateException e) {
            assertThat(e).hasMessage("every seventh fails");
          }
        }
        return null;
      });
    }
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<@Nullable Void> writer : pool.invokeAll(writers, 60, TimeUnit.SECONDS)) {
        writer.get();
      }
    }
    int failing = (each + 6) / 7;
    assertThat(get("counter", "count")).isEqualTo(String.valueOf(threads * (each - failing)));
  }

  private static int increment(Records.Transaction in, boolean fail) {
    byte[] before = in.get("counter", "count");
    int count = before == null ? 0 : Integer.parseInt(new String(before, UTF_8));
    in.put("counter", "count", String.valueOf(count + 1).getBytes(UTF_8));
    if (fail) {
      throw new IllegalStateException("every seventh fails");
    }
    return count + 1;
  }

  @Test
  void recordsAreThereAfterClosingAndOpening() {
    put("kind", "key", "value");
    records.close();
    records = open();
    assertThat(get("kind", "key")).isEqualTo("value");
  }

  @Test
  void afterClosingItSaysSo() {
    records.close();
    assertThatThrownBy(() -> put("kind", "key", "value"))
        .isInstanceOf(StoreException.class)
        .hasMessage("The store is closed.");
  }

  private void put(String kind, String key, String value) {
    records.transaction(in -> {
      in.put(kind, key, value.getBytes(UTF_8));
      return null;
    });
  }

  private @Nullable String get(String kind, String key) {
    byte[] value = bytes(kind, key);
    return value == null ? null : new String(value, UTF_8);
  }

  private byte @Nullable [] bytes(String kind, String key) {
    return records.transaction(in -> in.get(kind, key));
  }

  private List<Records.Entry> scan(String kind) {
    return records.transaction(in -> in.scan(kind));
  }
}
