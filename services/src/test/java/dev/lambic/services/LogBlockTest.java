package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Events packed into bytes, and back. */
final class LogBlockTest {
  private static List<LogLine> unpack(List<LogBlock> blocks) {
    List<LogLine> lines = new ArrayList<>();
    long id = 1;
    for (LogBlock block : blocks) {
      LogBlock.unpack(
          id,
          block.first(),
          block.data(),
          new LogBlock.Sink() {
            @Override
            public boolean wants(LogPosition position) {
              assertThat(position.id()).isEqualTo(lines.size() + 1);
              assertThat(position.timestamp()).isBetween(block.first(), block.last());
              return true;
            }

            @Override
            public void take(LogPosition position, String message) {
              lines.add(new LogLine(position.timestamp(), message));
            }
          });
      id += block.events();
    }
    return lines;
  }

  @Test
  void keepsEverythingInTheOrderOfTime() {
    Random random = new Random(7);
    List<LogLine> lines = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      String text = i + " grüße 😀\n" + "x".repeat(random.nextInt(300));
      lines.add(new LogLine(1_772_600_000_000L + random.nextInt(300_000), text));
    }
    List<LogBlock> blocks = LogBlock.pack(lines);
    assertThat(blocks).hasSizeGreaterThan(4);
    assertThat(blocks)
        .allMatch(block -> block.last() - block.first() <= LogBlock.SPAN_MILLIS)
        .allMatch(block -> block.data().length < 150_000);
    List<LogLine> sorted = new ArrayList<>(lines);
    sorted.sort((a, b) -> Long.compare(a.timestamp(), b.timestamp()));
    assertThat(unpack(blocks)).isEqualTo(sorted);
  }

  @Test
  void takesTheLargestEventAndEmptyLists() {
    List<LogLine> large = List.of(new LogLine(0, "x".repeat(1 << 20)), new LogLine(0, "y"));
    assertThat(unpack(LogBlock.pack(large))).isEqualTo(large);
    assertThat(LogBlock.pack(List.of())).isEmpty();
  }
}
