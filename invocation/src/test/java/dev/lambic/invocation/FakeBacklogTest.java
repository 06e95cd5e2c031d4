package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeBacklog;
import dev.lambic.store.Backlog;
import dev.lambic.store.SqliteBacklog;
import dev.lambic.store.StoreException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The backlog of the tests does what the real one does, whatever is asked. */
class FakeBacklogTest {
  @TempDir private Path directory;

  @Test
  void itIsLikeTheRealOne() {
    SplittableRandom random = new SplittableRandom(7);
    FakeBacklog fake = new FakeBacklog(Runnable::run);
    try (SqliteBacklog real =
        SqliteBacklog.open(
            directory.resolve("events.db"), Runnable::run, (where, fault) -> {}, 1L << 30)) {
      long ids = 1;
      for (int step = 0; step < 150; step++) {
        List<Backlog.Change> changes = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          changes.add(change(random, ids));
        }
        String expected = write(real, changes);
        assertThat(write(fake, changes)).isEqualTo(expected);
        ids += changes.stream().filter(change -> change instanceof Backlog.Change.Add).count();
        Set<Long> without = new HashSet<>();
        for (int i = 0; i < random.nextInt(5); i++) {
          without.add(random.nextLong(ids));
        }
        String lane = "lane" + random.nextInt(3);
        long until = random.nextInt(30);
        int most = 1 + random.nextInt(4);
        long bytes = random.nextInt(40);
        assertThat(read(fake, lane, until, without, most, bytes))
            .isEqualTo(read(real, lane, until, without, most, bytes));
        if (step % 30 == 0) {
          long latest = 20L + random.nextInt(10);
          assertThat(fake.lanes(latest)).isEqualTo(real.lanes(latest));
        }
      }
    }
  }

  private static Backlog.Change change(SplittableRandom random, long ids) {
    byte[] head = {(byte) random.nextInt(100)};
    return switch (random.nextInt(12)) {
      case 0, 1 -> new Backlog.Change.Remove(random.nextLong(ids));
      case 2, 3 -> new Backlog.Change.Move(random.nextLong(ids), random.nextInt(30), head);
      case 4 -> new Backlog.Change.Clear("lane" + random.nextInt(3));
      default ->
          new Backlog.Change.Add(
              "lane" + random.nextInt(3), random.nextInt(30), head, new byte[random.nextInt(20)]);
    };
  }

  private static String write(Backlog backlog, List<Backlog.Change> changes) {
    CompletableFuture<String> done = new CompletableFuture<>();
    backlog.write(
        changes,
        new Backlog.Written() {
          @Override
          public void done(long[] added) {
            done.complete(Arrays.toString(added));
          }

          @Override
          public void failed(StoreException why) {
            done.completeExceptionally(why);
          }
        });
    return done.orTimeout(60, TimeUnit.SECONDS).join();
  }

  private static String read(
      Backlog backlog, String lane, long until, Set<Long> without, int most, long bytes) {
    CompletableFuture<String> done = new CompletableFuture<>();
    backlog.read(
        lane,
        until,
        without,
        most,
        bytes,
        new Backlog.Found() {
          @Override
          public void found(List<Backlog.Item> items, boolean more, long next) {
            StringBuilder text = new StringBuilder().append(more).append(' ').append(next);
            for (Backlog.Item item : items) {
              text.append(' ').append(item.id()).append(item.lane()).append('@');
              text.append(item.due()).append(':').append(item.head()[0]);
              text.append('/').append(item.body().length);
            }
            done.complete(text.toString());
          }

          @Override
          public void failed(StoreException why) {
            done.completeExceptionally(why);
          }
        });
    return done.orTimeout(60, TimeUnit.SECONDS).join();
  }
}
