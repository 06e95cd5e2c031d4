package dev.lambic.bench;

import org.jspecify.annotations.Nullable;

/**
 * One line of a report that is a single number.
 *
 * @param what was counted or weighed
 * @param subject whose it is
 * @param value the number
 * @param unit of the number
 * @param ratio to the floor of this run; null for the floor itself, and where there is none
 */
record Value(String what, String subject, double value, String unit, @Nullable Double ratio) {
  static Value floor(String what, String subject, double value, String unit) {
    return new Value(what, subject, value, unit, null);
  }

  static Value of(String what, String subject, double value, String unit, double floor) {
    return new Value(what, subject, value, unit, value / floor);
  }
}
