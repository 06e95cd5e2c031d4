package dev.lambic.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.store.Backlog.Change.Add;
import dev.lambic.store.Backlog.Change.Clear;
import dev.lambic.store.Backlog.Change.Move;
import dev.lambic.store.Backlog.Change.Remove;
import dev.lambic.store.Backlog.Lane;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a backlog promises, on a real file. */
class SqliteBacklogTest {
  private static final int ALL = 1000;

  @TempDir private Path directory;
  private Backlog backlog;

  /** What a read came to. */
  record Read(List<Backlog.Item> items, boolean more, long next) {
    List<String> heads() {
      return items.stream().map(item -> new String(item.head(), UTF_8)).toList();
    }
  }

  @BeforeEach
  void open() {
    backlog = open(1L << 30);
  }

  private Backlog open(long bytes) {
    return SqliteBacklog.open(
        directory.resolve("events.db"),
        Runnable::run,
        (where, fault) -> {
          throw new AssertionError(where, fault);
        },
        bytes);
  }

  @AfterEach
  void close() {
    backlog.close();
  }

  @Test
  void itemsComeInTheOrderInWhichTheyAreDue() {
    write(add("a", 30, "late"), add("a", 10, "first"), add("a", 20, "second"));
    write(add("a", 20, "third"), add("b", 5, "other"));
    Read read = read(backlog, "a", 20, Set.of(), ALL);
    assertThat(read.heads()).containsExactly("first", "second", "third");
    assertThat(read.more()).isFalse();
    assertThat(read.next()).isEqualTo(30);
    assertThat(read(backlog, "b", 5, Set.of(), ALL).next()).isEqualTo(Backlog.NEVER);
    assertThat(read(backlog, "nobody", 5, Set.of(), ALL).items()).isEmpty();
  }

  @Test
  void aReadIsBoundedAndLeavesOutWhatIsNotWanted() {
    long[] ids = write(add("a", 1, "0"), add("a", 2, "1"), add("a", 3, "2"), add("a", 4, "3"));
    Read two = read(backlog, "a", 9, Set.of(ids[0]), 2);
    assertThat(two.heads()).containsExactly("1", "2");
    assertThat(two.more()).isTrue();
    Read rest = read(backlog, "a", 9, Set.of(ids[0], ids[1], ids[2]), 2);
    assertThat(rest.heads()).containsExactly("3");
    assertThat(rest.more()).isFalse();
    write(
        new Add("b", 1, bytes("large"), new byte[5000]),
        new Add("b", 1, bytes("next"), bytes("x")));
    Read large = readBytes("b", 100);
    assertThat(large.heads()).containsExactly("large");
    assertThat(large.more()).isTrue();
  }

  @Test
  void itemsAreMovedRemovedAndCleared() {
    long[] ids = write(add("a", 1, "0"), add("a", 2, "1"), add("a", 3, "2"), add("b", 1, "b"));
    write(new Move(ids[0], 50, bytes("moved")), new Remove(ids[1]));
    assertThat(read(backlog, "a", 60, Set.of(), ALL).heads()).containsExactly("2", "moved");
    write(new Move(ids[1], 1, bytes("gone")), new Remove(ids[1]));
    assertThat(read(backlog, "a", 60, Set.of(), ALL).heads()).containsExactly("2", "moved");
    write(new Clear("a"));
    assertThat(read(backlog, "a", 60, Set.of(), ALL).items()).isEmpty();
    assertThat(read(backlog, "b", 60, Set.of(), ALL).heads()).containsExactly("b");
  }

  @Test
  void noNameIsGivenTwice() {
    long[] first = write(add("a", 1, "0"));
    write(new Remove(first[0]));
    assertThat(write(add("a", 1, "1"))[0]).isGreaterThan(first[0]);
  }

  @Test
  void everythingIsThereAfterAReopening() {
    byte[] body = new byte[1 << 20];
    Arrays.fill(body, (byte) 7);
    write(new Add("a", 40, bytes("head"), body), add("b", 70_000, "far"));
    backlog.close();
    backlog = open(1L << 30);
    assertThat(backlog.lanes(1000)).containsExactly(new Lane("a", 40), new Lane("b", 1000));
    assertThat(read(backlog, "a", 40, Set.of(), ALL).items().getFirst().body()).isEqualTo(body);
    assertThat(read(backlog, "b", 1000, Set.of(), ALL).heads()).containsExactly("far");
  }

  @Test
  void aFullFileRefusesNewItemsOnly() {
    backlog.close();
    backlog = open(1 << 20);
    List<Long> kept = new ArrayList<>();
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 100; i++) {
                kept.add(write(new Add("a", 1, bytes("x"), new byte[200_000]))[0]);
              }
            })
        .hasRootCauseInstanceOf(java.sql.SQLException.class);
    assertThat(kept).hasSizeGreaterThan(2);
    assertThat(read(backlog, "a", 1, Set.of(), ALL).items()).hasSize(kept.size());
    kept.forEach(id -> write(new Remove(id)));
    write(new Add("a", 1, bytes("x"), new byte[100_000]));
  }

  @Test
  void manyItemsTakeLittleTimeEach() {
    for (int i = 0; i < 20; i++) {
      List<Backlog.Change> some = new ArrayList<>();
      for (int j = 0; j < 1000; j++) {
        some.add(add("lane" + (j % 3), i, "n"));
      }
      write(some.toArray(Backlog.Change[]::new));
    }
    assertThat(backlog.lanes(1000)).hasSize(3);
    assertThat(read(backlog, "lane0", 99, Set.of(), 10).items()).hasSize(10);
  }

  @Test
  void aClosedBacklogRefusesAndAnotherProcessWouldBeRefused() throws Exception {
    assertThatThrownBy(() -> open(1L << 30)).hasMessageContaining("in use");
    backlog.close();
    assertThatThrownBy(() -> write(add("a", 1, "0"))).hasMessageContaining("closed");
    Files.write(directory.resolve("events.db"), bytes("no database at all, but long enough"));
    Files.deleteIfExists(directory.resolve("events.db-wal"));
    assertThatThrownBy(() -> open(1L << 30)).hasMessageContaining("damaged");
  }

  private static Add add(String lane, long due, String head) {
    return new Add(lane, due, bytes(head), bytes("body of " + head));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private long[] write(Backlog.Change... changes) {
    CompletableFuture<long[]> done = new CompletableFuture<>();
    backlog.write(
        List.of(changes),
        new Backlog.Written() {
          @Override
          public void done(long[] added) {
            done.complete(added);
          }

          @Override
          public void failed(StoreException why) {
            done.completeExceptionally(why);
          }
        });
    return done.orTimeout(60, TimeUnit.SECONDS).join();
  }

  private Read readBytes(String lane, long bytes) {
    return read(backlog, lane, Long.MAX_VALUE - 1, Set.of(), ALL, bytes);
  }

  /** Reads items, and waits for them. */
  static Read read(Backlog backlog, String lane, long until, Set<Long> without, int items) {
    return read(backlog, lane, until, without, items, 1L << 40);
  }

  private static Read read(
      Backlog backlog, String lane, long until, Set<Long> without, int items, long bytes) {
    CompletableFuture<Read> done = new CompletableFuture<>();
    backlog.read(
        lane,
        until,
        without,
        items,
        bytes,
        new Backlog.Found() {
          @Override
          public void found(List<Backlog.Item> found, boolean more, long next) {
            done.complete(new Read(found, more, next));
          }

          @Override
          public void failed(StoreException why) {
            done.completeExceptionally(why);
          }
        });
    return done.orTimeout(60, TimeUnit.SECONDS).join();
  }
}
