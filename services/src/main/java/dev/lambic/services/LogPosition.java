package dev.lambic.services;

import java.math.BigInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The place of an event in the order of its stream or group: by time, then as they were written.
 *
 * @param timestamp of the event, in milliseconds since the epoch
 * @param id of the event; later ones have greater ids
 */
record LogPosition(long timestamp, long id) implements Comparable<LogPosition> {
  static final LogPosition FIRST = new LogPosition(0, 0);
  static final LogPosition LAST = new LogPosition(Long.MAX_VALUE, Long.MAX_VALUE);

  /** As in AWS's event ids: the time stands before this many bits. */
  private static final int TIME_BITS = 144;

  /** The latest time that fits into the digits, in the year 2096. */
  private static final long MAX_TIME = 4_000_000_000_000L;

  private static final Pattern DIGITS = Pattern.compile("[0-9]{56}");
  private static final BigInteger LARGEST = BigInteger.valueOf(Long.MAX_VALUE);

  /** Before every event of this time. */
  static LogPosition at(long timestamp) {
    return new LogPosition(Math.min(timestamp, MAX_TIME), 0);
  }

  /** The least position after this one. */
  LogPosition next() {
    return new LogPosition(timestamp, id + 1);
  }

  static LogPosition min(LogPosition a, LogPosition b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  static LogPosition max(LogPosition a, LogPosition b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  /** The 56 digits that AWS's event ids have; their order is that of the events. */
  String digits() {
    String number =
        BigInteger.valueOf(timestamp).shiftLeft(TIME_BITS).or(BigInteger.valueOf(id)).toString();
    return "0".repeat(Math.max(0, 56 - number.length())) + number;
  }

  /** What {@link #digits} was made of, or null if it is nothing such. */
  static @Nullable LogPosition ofDigits(String digits) {
    if (!DIGITS.matcher(digits).matches()) {
      return null;
    }
    BigInteger number = new BigInteger(digits);
    BigInteger time = number.shiftRight(TIME_BITS);
    BigInteger id = number.subtract(time.shiftLeft(TIME_BITS));
    return time.compareTo(LARGEST) > 0 || id.compareTo(LARGEST) >= 0
        ? null
        : new LogPosition(time.longValueExact(), id.longValueExact());
  }

  @Override
  public int compareTo(LogPosition other) {
    int byTime = Long.compare(timestamp, other.timestamp);
    return byTime != 0 ? byTime : Long.compare(id, other.id);
  }
}
