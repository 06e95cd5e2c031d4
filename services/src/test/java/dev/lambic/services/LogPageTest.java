package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pages of events that were written in any order and in overlapping blocks, against a sorted list.
 */
final class LogPageTest {
  private static final LogGroupKey GROUP = new LogGroupKey("000000000000", "us-east-1", "g");
  private static final long NOW = 1_772_600_000_000L;

  private record Known(long time, int order, String stream, String text) {}

  @TempDir private Path directory;

  private LogStore open() throws Exception {
    return LogStore.open(
        directory.resolve("logs.db"),
        LogConfig.standard(),
        new HandClock(),
        (where, fault) -> {
          throw new AssertionError(where, fault);
        });
  }

  private static void write(LogStore store, String name, List<LogLine> lines) {
    store.change(
        0,
        tables -> {
          long group = tables.groups().find(GROUP);
          if (group == 0) {
            group = tables.groups().create(GROUP, NOW);
          }
          long stream = tables.streams().find(group, name);
          if (stream == 0) {
            stream = tables.streams().create(group, name, NOW);
          }
          return tables.append(group, stream, lines, NOW);
        });
  }

  private static List<String> all(LogStore store, Set<String> names, boolean forward, int limit) {
    List<String> found = new ArrayList<>();
    LogPosition from = LogPosition.at(NOW + 20_000);
    LogPosition to = LogPosition.at(NOW + 250_000);
    while (true) {
      LogPosition first = from;
      LogPosition end = to;
      LogPage page =
          store.read(tables -> {
            long group = tables.groups().find(GROUP);
            Set<Long> streams = new java.util.HashSet<>();
            for (String name : names) {
              streams.add(tables.streams().find(group, name));
            }
            return tables
                .blocks()
                .page(
                    new LogQuery(
                        group,
                        streams,
                        "",
                        first,
                        end,
                        forward,
                        limit,
                        text -> !text.endsWith("7")));
          });
      assertThat(page.events()).hasSizeLessThanOrEqualTo(limit);
      page.events().forEach(event -> found.add(event.stream() + " " + event.message()));
      if (!page.more()) {
        return found;
      }
      if (forward) {
        assertThat(page.rest()).isGreaterThan(from);
        from = page.rest();
      } else {
        assertThat(page.rest()).isLessThan(to);
        to = page.rest();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void pagesTogetherAreTheSortedWhole(long seed) throws Exception {
    Random random = new Random(seed);
    List<Known> known = new ArrayList<>();
    try (LogStore store = open()) {
      for (int batch = 0; batch < 120; batch++) {
        String stream = "s" + random.nextInt(3);
        long base = NOW + random.nextInt(300_000);
        List<LogLine> lines = new ArrayList<>();
        int spread = random.nextBoolean() ? 10 : 100_000;
        for (int i = random.nextInt(1, 30); i > 0; i--) {
          lines.add(new LogLine(base + random.nextInt(spread), batch + "." + i));
        }
        write(store, stream, lines);
        lines.sort(Comparator.comparingLong(LogLine::timestamp));
        lines.forEach(
            line -> known.add(new Known(line.timestamp(), known.size(), stream, line.message())));
      }
      known.sort(Comparator.comparingLong(Known::time).thenComparingInt(Known::order));
      for (Set<String> streams : List.of(Set.<String>of(), Set.of("s1"), Set.of("s0", "s2"))) {
        List<String> expected =
            known.stream()
                .filter(event -> event.time >= NOW + 20_000 && event.time < NOW + 250_000)
                .filter(event -> streams.isEmpty() || streams.contains(event.stream))
                .filter(event -> !event.text.endsWith("7"))
                .map(event -> event.stream + " " + event.text)
                .toList();
        for (int limit : new int[] {1, 7, 100, 10_000}) {
          assertThat(all(store, streams, true, limit)).isEqualTo(expected);
          assertThat(all(store, streams, false, limit)).isEqualTo(expected.reversed());
        }
      }
    }
  }

  @Test
  void aPageHasAMegabyteAtMostButAlwaysAnEvent() throws Exception {
    try (LogStore store = open()) {
      for (int i = 0; i < 8; i++) {
        int size = i % 3 == 0 ? 1 << 20 : 300_000;
        write(store, "s", List.of(new LogLine(NOW + 30_000 + i, i + "x".repeat(size))));
      }
      for (boolean forward : new boolean[] {true, false}) {
        List<String> order =
            all(store, Set.of(), forward, 10_000).stream()
                .map(text -> text.substring(2, 3))
                .toList();
        List<String> expected = List.of("0", "1", "2", "3", "4", "5", "6", "7");
        assertThat(order).isEqualTo(forward ? expected : expected.reversed());
      }
      LogPage page =
          store.read(tables ->
              tables
                  .blocks()
                  .page(
                      new LogQuery(
                          tables.groups().find(GROUP),
                          Set.of(),
                          "",
                          LogPosition.at(NOW + 30_001),
                          LogPosition.LAST,
                          true,
                          10_000,
                          text -> true)));
      assertThat(page.events()).as("the third would be too much").hasSize(2);
    }
  }
}
