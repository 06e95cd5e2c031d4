package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What functions log, on a real disk: order, bounds, restarts, and many at once. */
final class LogStoreTest {
  private static final LogGroupKey GROUP =
      new LogGroupKey("000000000000", "us-east-1", "/aws/lambda/f");
  private static final LogConfig SMALL =
      new LogConfig(2 << 20, 50, 10, 1 << 20, 1 << 20, Duration.ofMillis(1));

  @TempDir private Path directory;
  private final HandClock clock = new HandClock();
  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();

  @AfterEach
  void noFaults() {
    assertThat(faults).isEmpty();
  }

  private LogStore open(LogConfig config) throws IOException {
    LogStore store = idle(config);
    store.start();
    return store;
  }

  private LogStore idle(LogConfig config) throws IOException {
    return LogStore.openIdle(
        directory.resolve("logs/logs.db"), config, clock, (where, fault) -> faults.add(fault));
  }

  /** Returns when all that was appended before is written. */
  private static void settle(LogStore store) {
    store.change(0, tables -> 0);
  }

  private static List<LogEvent> events(LogStore store, LogGroupKey key) {
    List<LogEvent> all = new ArrayList<>();
    LogPosition from = LogPosition.FIRST;
    while (true) {
      LogPosition first = from;
      LogPage page =
          store.read(tables ->
              tables
                  .blocks()
                  .page(
                      new LogQuery(
                          tables.groups().require(key).id(),
                          Set.of(),
                          "",
                          first,
                          LogPosition.LAST,
                          true,
                          10_000,
                          text -> true)));
      all.addAll(page.events());
      if (!page.more()) {
        return all;
      }
      from = page.rest();
    }
  }

  private static List<String> texts(LogStore store, LogGroupKey key) {
    return events(store, key).stream().map(LogEvent::message).toList();
  }

  @Test
  void aStreamShowsUpWithItsFirstEvent() throws IOException {
    try (LogStore store = open(SMALL)) {
      LogSink sink = store.sink(GROUP, "s");
      settle(store);
      assertThatThrownBy(() -> texts(store, GROUP))
          .hasMessage("The specified log group does not exist.");
      sink.append(5, "first\nof two lines\n");
      sink.append(6, "grüße 😀\n");
      sink.append(7, "");
      settle(store);
      List<LogEvent> found = events(store, GROUP);
      assertThat(found)
          .extracting(LogEvent::message)
          .containsExactly("first\nof two lines\n", "grüße 😀\n");
      assertThat(found).extracting(LogEvent::stream).containsOnly("s");
      assertThat(found).extracting(LogEvent::ingested).containsOnly(clock.millis());
      assertThat(found).extracting(event -> event.position().timestamp()).containsExactly(5L, 6L);
    }
  }

  @Test
  void accountsAndRegionsAreApart() throws IOException {
    try (LogStore store = open(SMALL)) {
      List<LogGroupKey> keys =
          List.of(
              GROUP,
              new LogGroupKey("111111111111", "us-east-1", GROUP.name()),
              new LogGroupKey("000000000000", "eu-west-1", GROUP.name()));
      keys.forEach(key -> store.sink(key, "s").append(1, key.toString()));
      settle(store);
      for (LogGroupKey key : keys) {
        assertThat(texts(store, key)).containsExactly(key.toString());
      }
    }
  }

  @Test
  void goesOnWhereItStopped() throws IOException {
    for (int i = 0; i < 3; i++) {
      try (LogStore store = open(SMALL)) {
        store.sink(GROUP, "s").append(1, "run " + i);
        store.sink(GROUP, "s").append(1, "again " + i);
      }
    }
    try (LogStore store = open(SMALL)) {
      assertThat(texts(store, GROUP))
          .containsExactly("run 0", "again 0", "run 1", "again 1", "run 2", "again 2");
      assertThat(events(store, GROUP)).extracting(LogEvent::position).doesNotHaveDuplicates();
    }
  }

  @Test
  void saysHowManyEventsWereLeftOut() throws IOException {
    LogConfig tight = new LogConfig(2 << 20, 50, 10, 3000, 2000, Duration.ofMillis(1));
    try (LogStore store = idle(tight)) {
      LogSink flood = store.sink(GROUP, "flood");
      LogSink modest = store.sink(GROUP, "modest");
      for (int i = 0; i < 100; i++) {
        flood.append(i, "x".repeat(50));
      }
      modest.append(1, "heard all the same");
      for (int i = 0; i < 10; i++) {
        modest.append(2, "x".repeat(300));
      }
      store.start();
      settle(store);
      List<String> found = texts(store, GROUP);
      assertThat(found).contains("heard all the same", "[lambic] 90 events were left out\n");
      assertThat(found).filteredOn(text -> text.length() == 50).hasSize(10);
      assertThat(found).filteredOn(text -> text.startsWith("[lambic]")).hasSize(2);
      flood.append(3, "there is room again");
      settle(store);
      assertThat(texts(store, GROUP)).contains("there is room again");
    }
  }

  @Test
  void aFullQueueRefusesChangesAndKeepsWhatItHas() throws IOException {
    try (LogStore store = idle(SMALL)) {
      assertThatThrownBy(() -> store.change(2 << 20, tables -> 0)).hasMessage("Rate exceeded");
      store.start();
      settle(store);
    }
  }

  @Test
  void theOldestEventsMakeRoom() throws IOException {
    try (LogStore store = open(SMALL)) {
      for (int round = 0; round < 40; round++) {
        LogSink sink = store.sink(GROUP, "s" + round);
        for (int i = 0; i < 100; i++) {
          sink.append(round * 100 + i, round + " " + "x".repeat(2000));
        }
        settle(store);
      }
      List<String> found = texts(store, GROUP);
      assertThat(found.getLast()).startsWith("39 ");
      assertThat(found.size()).isBetween(400, 1000);
      assertThat(found).noneMatch(text -> text.startsWith("0 "));
      assertThat(store.<Long>read(tables -> tables.streams().count()))
          .as("streams without events go")
          .isLessThan(15);
      assertThat(store.<Long>read(tables -> tables.groups().require(GROUP).bytes()))
          .as("a byte for the time and two for the length of each")
          .isEqualTo(found.stream().mapToLong(text -> text.length() + 3).sum());
    }
    try (Stream<Path> files = Files.list(directory.resolve("logs"))) {
      assertThat(files.mapToLong(file -> file.toFile().length()).sum()).isLessThan(5 << 20);
    }
  }

  @Test
  void theOldestStreamsMakeRoom() throws IOException {
    try (LogStore store = open(SMALL)) {
      for (int i = 0; i < 200; i++) {
        store.sink(GROUP, "s" + i).append(i, "event " + i);
        settle(store);
      }
      assertThat(store.<Long>read(tables -> tables.streams().count())).isBetween(49L, 52L);
      assertThat(texts(store, GROUP)).contains("event 199").doesNotContain("event 0");
    }
  }

  @Test
  void eventsBeyondTheRetentionGo() throws IOException {
    try (LogStore store = open(SMALL)) {
      LogSink sink = store.sink(GROUP, "s");
      sink.append(clock.millis(), "old");
      settle(store);
      store.change(
          0,
          tables -> {
            tables.groups().retain(tables.groups().require(GROUP).id(), 3);
            return 0;
          });
      clock.advance(Duration.ofDays(3).minusSeconds(1));
      sink.append(clock.millis(), "new");
      settle(store);
      assertThat(texts(store, GROUP)).containsExactly("old", "new");
      clock.advance(Duration.ofDays(2));
      settle(store);
      assertThat(texts(store, GROUP)).containsExactly("new");
    }
  }

  @Test
  void whatWasDeletedComesBackWithTheNextEvent() throws IOException {
    try (LogStore store = open(SMALL)) {
      LogSink sink = store.sink(GROUP, "s");
      sink.append(1, "before");
      store.change(
          0,
          tables -> {
            tables.groups().delete(tables.groups().require(GROUP).id());
            return 0;
          });
      sink.append(2, "after");
      settle(store);
      assertThat(texts(store, GROUP)).containsExactly("after");
    }
  }

  @Test
  void aRefusedChangeLeavesNothing() throws IOException {
    try (LogStore store = open(SMALL)) {
      assertThatThrownBy(() ->
              store.change(
                  0,
                  tables -> {
                    tables.groups().create(GROUP, 1);
                    throw LogErrors.limitExceeded();
                  }))
          .hasMessage("Resource limit exceeded.");
      settle(store);
      assertThat(store.<Long>read(tables -> tables.groups().count())).isZero();
    }
  }

  @Test
  void writersAndReadersDoNotDisturbEachOther() throws Exception {
    int writers = 4;
    int each = 3000;
    LogConfig config = new LogConfig(64 << 20, 50, 10, 64 << 20, 64 << 20, Duration.ofMillis(1));
    try (LogStore store = open(config)) {
      store.sink(GROUP, "w0").append(0, "-1");
      settle(store);
      CountDownLatch done = new CountDownLatch(writers);
      for (int writer = 0; writer < writers; writer++) {
        LogSink sink = store.sink(GROUP, "w" + writer);
        Thread.startVirtualThread(() -> {
          for (int i = 0; i < each; i++) {
            sink.append(1000 + i, Integer.toString(i));
          }
          done.countDown();
        });
      }
      int seen = 0;
      while (done.getCount() > 0) {
        List<LogEvent> now = events(store, GROUP);
        assertThat(now.size()).isGreaterThanOrEqualTo(seen);
        seen = now.size();
      }
      assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
      settle(store);
      List<LogEvent> all = events(store, GROUP);
      assertThat(all).hasSize(writers * each + 1);
      assertThat(all).extracting(LogEvent::position).isSorted().doesNotHaveDuplicates();
      for (int writer = 0; writer < writers; writer++) {
        String name = "w" + writer;
        List<Integer> own =
            all.stream()
                .filter(event -> event.stream().equals(name))
                .map(event -> Integer.parseInt(event.message()))
                .toList();
        assertThat(own).isSorted().hasSizeGreaterThanOrEqualTo(each);
      }
    }
  }

  @Test
  void aDamagedFileIsPutAside() throws IOException {
    try (LogStore store = open(SMALL)) {
      store.sink(GROUP, "s").append(1, "lost");
    }
    Path file = directory.resolve("logs/logs.db");
    byte[] bytes = Files.readAllBytes(file);
    java.util.Arrays.fill(bytes, 0, 4096, (byte) 0x5a);
    Files.write(file, bytes);
    try (LogStore store = open(SMALL)) {
      store.sink(GROUP, "s").append(1, "kept");
      settle(store);
      assertThat(texts(store, GROUP)).containsExactly("kept");
    }
    assertThat(directory.resolve("logs/logs.db.damaged")).exists();
    assertThat(faults).hasSize(1);
    faults.clear();
  }

  @Test
  void aFileOfANewerLambicIsLeftAlone() throws Exception {
    try (LogStore store = open(SMALL)) {
      settle(store);
    }
    Path file = directory.resolve("logs/logs.db");
    try (var connection = java.sql.DriverManager.getConnection("jdbc:sqlite:" + file);
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version = 99");
    }
    assertThatThrownBy(() -> open(SMALL))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("newer Lambic");
  }

  @Test
  void afterTheEndNothingIsTaken() throws IOException {
    LogStore store = open(SMALL);
    LogSink sink = store.sink(GROUP, "s");
    store.close();
    sink.append(1, "too late");
    assertThatThrownBy(() -> store.change(0, tables -> 0)).hasMessage("Rate exceeded");
  }
}
