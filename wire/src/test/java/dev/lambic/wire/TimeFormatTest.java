package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TimeFormatTest {
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");

  @Test
  void writesAsAwsDoes() {
    assertThat(TimeFormat.UNIX.write(TIME)).isEqualTo("1767323045.678");
    assertThat(TimeFormat.UNIX.write(Instant.ofEpochSecond(1767323000))).isEqualTo("1767323000");
    assertThat(TimeFormat.ISO_8601.write(TIME)).isEqualTo("2026-01-02T03:04:05.678Z");
    assertThat(TimeFormat.RFC_822.write(TIME)).isEqualTo("Fri, 02 Jan 2026 03:04:05 GMT");
  }

  @Test
  void readsAnyFormatWhateverIsExpected() {
    Instant whole = Instant.parse("2026-01-02T03:04:05Z");
    for (TimeFormat format : TimeFormat.values()) {
      assertThat(format.parse("1767323045.678")).isEqualTo(TIME);
      assertThat(format.parse("1.767323045678E9")).isEqualTo(TIME);
      assertThat(format.parse("2026-01-02T03:04:05.678Z")).isEqualTo(TIME);
      assertThat(format.parse("2026-01-02T05:04:05.678+02:00")).isEqualTo(TIME);
      assertThat(format.parse("Fri, 02 Jan 2026 03:04:05 GMT")).isEqualTo(whole);
      assertThat(format.parse("Fri, 2 Jan 2026 03:04:05 GMT")).isEqualTo(whole);
    }
  }

  @Test
  void refusesWhatIsNoTime() {
    for (String text :
        List.of("", "yesterday", "1e999999999", "1e-999999999", "9".repeat(39), "9".repeat(2000))) {
      assertThatThrownBy(() -> TimeFormat.UNIX.parse(text))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void secondsKeepNanoseconds() {
    Instant time = Instant.ofEpochSecond(-1, 1);
    assertThat(TimeFormat.seconds(time)).isEqualByComparingTo(new BigDecimal("-0.999999999"));
    assertThat(TimeFormat.fromSeconds(TimeFormat.seconds(time))).isEqualTo(time);
  }
}
