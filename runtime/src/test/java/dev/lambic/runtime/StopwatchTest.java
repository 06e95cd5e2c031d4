package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.kernel.Ticker;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class StopwatchTest {
  private static final Work WORK = new Work("id", new byte[0], "arn:f", 0, null, null, false);

  private long millis = 1000;
  private final Stopwatch clock =
      new Stopwatch(
          new Ticker() {
            @Override
            public long nanos() {
              return TimeUnit.MILLISECONDS.toNanos(millis);
            }

            @Override
            public Instant instant() {
              return Instant.ofEpochMilli(millis);
            }
          });

  private void pass(long time) {
    millis += time;
  }

  @Test
  void timesAResult() {
    clock.begin(WORK, 1);
    pass(10);
    clock.head();
    pass(20);
    clock.produced(3);
    clock.answered(4, null);
    pass(30);
    clock.waits(1);
    pass(40);
    clock.settled();
    Parts parts = clock.parts("id", true);
    assertThat(parts.runtime())
        .containsExactly(
            new PlatformEvent.Span("responseLatency", 1000, 10),
            new PlatformEvent.Span("responseDuration", 1010, 20),
            new PlatformEvent.Span("runtimeOverhead", 1030, 30));
    assertThat(parts.extensions())
        .containsExactly(new PlatformEvent.Span("extensionOverhead", 1060, 40));
    assertThat(parts.producedBytes()).isEqualTo(7);
    assertThat(clock.millis()).isEqualTo(60);
    assertThat(clock.parts("id", false).extensions()).isEmpty();
  }

  @Test
  void knowsNothingOfAnotherInvocation() {
    assertThat(clock.parts("id", true)).isEqualTo(Parts.NONE);
    clock.begin(WORK, 1);
    clock.head();
    clock.answered(4, null);
    assertThat(clock.parts("other", true)).isEqualTo(Parts.NONE);
    clock.begin(WORK, 2);
    assertThat(clock.parts("id", true)).isEqualTo(Parts.NONE);
  }

  @Test
  void doesNotTakeAnEarlierWaitForThisOne() {
    clock.begin(WORK, 2);
    clock.waits(1);
    assertThat(clock.isAmong(1)).isFalse();
    pass(5);
    clock.waits(2);
    assertThat(clock.millis()).isEqualTo(5);
  }

  @Test
  void hasNoPartsOfAnError() {
    clock.begin(WORK, 1);
    clock.answered(0, "E");
    clock.failed("Runtime.ExitError");
    clock.waits(1);
    assertThat(clock.parts("id", false)).isEqualTo(Parts.NONE);
    assertThat(clock.errorType()).isEqualTo("E");
  }
}
