package dev.lambic.wire;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The three ways in which AWS writes a point in time. */
enum TimeFormat {
  /** Seconds since 1970, with a fraction down to the millisecond. */
  UNIX {
    @Override
    String write(Instant time) {
      return seconds(time).setScale(3, RoundingMode.HALF_UP).stripTrailingZeros().toPlainString();
    }

    @Override
    Instant read(String text) {
      return fromSeconds(new BigDecimal(text));
    }
  },
  /** As {@code 2026-11-23T13:22:01.5Z}; read with any offset. */
  ISO_8601 {
    @Override
    String write(Instant time) {
      return DateTimeFormatter.ISO_INSTANT.format(time);
    }

    @Override
    Instant read(String text) {
      return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
    }
  },
  /** As {@code Mon, 23 Nov 2026 13:22:01 GMT}. */
  RFC_822 {
    @Override
    String write(Instant time) {
      return HTTP_DATE.format(time);
    }

    @Override
    Instant read(String text) {
      return DateTimeFormatter.RFC_1123_DATE_TIME.parse(text, Instant::from);
    }
  };

  private static final BigDecimal MAX_SECONDS = new BigDecimal("31556889864403199");
  private static final int MAX_TEXT = 64;
  private static final DateTimeFormatter HTTP_DATE =
      new DateTimeFormatterBuilder()
          .appendPattern("EEE, dd MMM ")
          .appendValue(ChronoField.YEAR, 4)
          .appendPattern(" HH:mm:ss 'GMT'")
          .toFormatter(Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  abstract String write(Instant time);

  abstract Instant read(String text);

  /**
   * Reads the text in this format or, as AWS does, in any other that it fits.
   *
   * @throws IllegalArgumentException if it is no point in time
   */
  Instant parse(String text) {
    if (text.length() <= MAX_TEXT) {
      for (TimeFormat format : new TimeFormat[] {this, UNIX, ISO_8601, RFC_822}) {
        Instant time = format.attempt(text.trim());
        if (time != null) {
          return time;
        }
      }
    }
    throw new IllegalArgumentException("not a point in time");
  }

  private @Nullable Instant attempt(String text) {
    try {
      return read(text);
    } catch (DateTimeParseException | NumberFormatException e) {
      return null;
    }
  }

  /** Seconds since 1970 with all nanoseconds. */
  static BigDecimal seconds(Instant time) {
    return BigDecimal.valueOf(time.getEpochSecond()).add(BigDecimal.valueOf(time.getNano(), 9));
  }

  /**
   * The point in time, to the nanosecond.
   *
   * @throws NumberFormatException if it is outside of what can be represented
   */
  static Instant fromSeconds(BigDecimal seconds) {
    // The scale is looked at first: a number such as 1e999999999 would take for ever to expand.
    if (seconds.precision() > 40
        || Math.abs((long) seconds.scale()) > 40
        || seconds.abs().compareTo(MAX_SECONDS) > 0) {
      throw new NumberFormatException("out of range");
    }
    BigDecimal whole = seconds.setScale(0, RoundingMode.FLOOR);
    try {
      return Instant.ofEpochSecond(
          whole.longValueExact(), seconds.subtract(whole).movePointRight(9).longValue());
    } catch (DateTimeException e) {
      NumberFormatException out = new NumberFormatException("out of range");
      out.initCause(e);
      throw out;
    }
  }
}
