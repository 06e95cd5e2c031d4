package dev.lambic.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.store.Backlog.Change;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the stores do when their databases fail in every way: everybody is answered once and at
 * once, nothing that was acknowledged is lost, and they go on when they can.
 */
@Timeout(120)
class StoreFailureTest {
  @TempDir private Path directory;
  private final FailingConnections between = new FailingConnections();
  private final List<Throwable> faults = new CopyOnWriteArrayList<>();
  private Backlog backlog;
  private Records records;

  @BeforeEach
  void open() {
    backlog =
        SqliteBacklog.open(
            directory.resolve("events.db"),
            Runnable::run,
            (where, fault) -> faults.add(fault),
            1L << 30,
            between);
    records = SqliteRecords.open(directory.resolve("lambic.db"), between);
  }

  @AfterEach
  void close() {
    between.mend();
    backlog.close();
    records.close();
  }

  /** What somebody was told, with how often. */
  private static final class Told implements Backlog.Written {
    final List<String> news = new CopyOnWriteArrayList<>();
    final CompletableFuture<String> first = new CompletableFuture<>();

    @Override
    public void done(long[] added) {
      tell("done");
    }

    @Override
    public void failed(StoreException why) {
      tell("failed");
    }

    private void tell(String what) {
      news.add(what);
      first.complete(what);
    }

    String await() {
      return first.orTimeout(60, TimeUnit.SECONDS).join();
    }
  }

  private Told write(Change... changes) {
    Told told = new Told();
    backlog.write(List.of(changes), told);
    return told;
  }

  private static Change add(String head) {
    return new Change.Add("lane", 1, head.getBytes(UTF_8), new byte[1]);
  }

  @SuppressWarnings("NullAway") // so that the database refuses it
  private static Change addNothing() {
    return new Change.Add("lane", 1, new byte[0], null);
  }

  private List<String> heads() {
    return SqliteBacklogTest.read(backlog, "lane", 9, Set.of(), 100).heads();
  }

  /** Asks for a read that ends as the set says that is asked there whether it contains an item. */
  private CompletableFuture<String> readWithout(Runnable asked) {
    CompletableFuture<String> told = new CompletableFuture<>();
    backlog.read(
        "lane",
        9,
        new HashSet<>() {
          @Override
          public boolean contains(@Nullable Object id) {
            asked.run();
            return false;
          }
        },
        100,
        1000,
        new Backlog.Found() {
          @Override
          public void found(List<Backlog.Item> items, boolean more, long next) {
            told.complete("found " + items.size());
          }

          @Override
          public void failed(StoreException why) {
            told.complete("failed");
          }
        });
    return told.orTimeout(60, TimeUnit.SECONDS);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Has the backlog's thread wait, so that what comes meanwhile is taken together. */
  private CountDownLatch hold() {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    CompletableFuture<String> _ =
        readWithout(() -> {
          entered.countDown();
          await(leave);
        });
    await(entered);
    return leave;
  }

  private static void eventually(java.util.function.BooleanSupplier holds) {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      LockSupport.parkNanos(5_000_000);
    }
  }

  @Test
  void anErrorThatNobodyExpectedDoesNotEndTheBacklog() {
    assertThat(write(add("before")).await()).isEqualTo("done");
    CompletableFuture<String> read =
        readWithout(() -> {
          throw new IllegalStateException("a bug");
        });
    assertThat(read.join()).isEqualTo("failed");
    assertThat(faults).hasSize(1);
    assertThat(write(add("after")).await()).isEqualTo("done");
    assertThat(heads()).containsExactly("before", "after");
    assertThat(backlog.trouble()).isNull();
  }

  @Test
  void everybodyIsAnsweredOnceWhereAWayBackFails() {
    assertThat(write(add("before")).await()).isEqualTo("done");
    CountDownLatch leave = hold();
    Told good = write(add("good"));
    Told bad = write(addNothing());
    Told other = write(add("other"));
    between.fail("ROLLBACK");
    leave.countDown();
    assertThat(good.await()).isEqualTo("done");
    assertThat(bad.await()).isEqualTo("failed");
    assertThat(other.await()).isEqualTo("done");
    assertThat(write(add("last")).await()).isEqualTo("done");
    assertThat(heads()).containsExactly("before", "good", "other", "last");
    assertThat(good.news).hasSize(1);
    assertThat(bad.news).hasSize(1);
    assertThat(other.news).hasSize(1);
  }

  @Test
  void whatIsFoundToBeCommittedIsNotAddedAgain() {
    assertThat(write(add("before")).await()).isEqualTo("done");
    CountDownLatch leave = hold();
    Told one = write(add("one"));
    Told two = write(add("two"), add("three"));
    between.fail("AFTER COMMIT");
    leave.countDown();
    assertThat(one.await()).isEqualTo("failed");
    assertThat(two.await()).isEqualTo("failed");
    between.mend();
    assertThat(heads()).containsExactly("before", "one", "two", "three");
  }

  @Test
  void aBacklogWhoseFileCannotBeUsedSaysSoAndGoesOnWhenItCan() {
    assertThat(write(add("before")).await()).isEqualTo("done");
    CountDownLatch leave = hold();
    between.fail("COMMIT", "OPEN");
    List<Told> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      all.add(write(add("never")));
    }
    leave.countDown();
    all.forEach(told -> assertThat(told.await()).isEqualTo("failed"));
    assertThat(backlog.trouble()).contains("cannot be opened");
    assertThat(write(add("never")).await()).isEqualTo("failed");
    between.mend();
    // It looks for itself, without anybody who asks.
    eventually(() -> backlog.trouble() == null);
    assertThat(write(add("after")).await()).isEqualTo("done");
    assertThat(heads()).containsExactly("before", "after");
    all.forEach(told -> assertThat(told.news).hasSize(1));
  }

  @Test
  void namesAreNotGivenAgainAfterADatabaseWasOpenedAnew() {
    List<Long> ids = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 3; i++) {
      CompletableFuture<Long> id = new CompletableFuture<>();
      backlog.write(
          List.of(add("x")),
          new Backlog.Written() {
            @Override
            public void done(long[] added) {
              id.complete(added[0]);
            }

            @Override
            public void failed(StoreException why) {
              id.completeExceptionally(why);
            }
          });
      ids.add(id.orTimeout(60, TimeUnit.SECONDS).join());
      assertThat(write(new Change.Remove(ids.getLast())).await()).isEqualTo("done");
      between.fail("COMMIT");
      assertThat(write(add("never")).await()).isEqualTo("failed");
      between.mend();
    }
    assertThat(ids).doesNotHaveDuplicates().isSorted();
  }

  private void put(String key) {
    records.transaction(in -> {
      in.put("kind", key, new byte[1]);
      return true;
    });
  }

  private List<String> keys() {
    return records.transaction(in -> in.scan("kind").stream().map(Records.Entry::key).toList());
  }

  @Test
  void recordsGoOnAfterEveryFailure() {
    put("before");
    between.fail("COMMIT");
    assertThatThrownBy(() -> put("never")).isInstanceOf(StoreException.class);
    between.fail("COMMIT", "ROLLBACK");
    assertThatThrownBy(() -> put("never")).isInstanceOf(StoreException.class);
    between.mend();
    put("between");
    between.failUnchecked("SAVEPOINT");
    assertThatThrownBy(() -> put("never")).isInstanceOf(StoreException.class);
    between.mend();
    put("after");
    assertThat(keys()).containsExactly("after", "before", "between");
    assertThat(records.trouble()).isNull();
  }

  @Test
  void recordsWhoseFileCannotBeUsedSaySoAndGoOnWhenTheyCan() {
    put("before");
    between.fail("COMMIT", "OPEN");
    assertThatThrownBy(() -> put("never")).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> put("never")).hasMessageContaining("cannot be opened");
    assertThat(records.trouble()).contains("cannot be opened");
    between.mend();
    eventually(() -> records.trouble() == null);
    put("after");
    assertThat(keys()).containsExactly("after", "before");
  }
}
