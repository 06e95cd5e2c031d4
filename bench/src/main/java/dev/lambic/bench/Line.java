package dev.lambic.bench;

import org.jspecify.annotations.Nullable;

/**
 * One line of a report: durations of one subject doing one thing.
 *
 * @param what was done
 * @param subject who did it
 * @param figures how long it took
 * @param ratio to the floor that did the same in this run; null for the floor itself
 */
record Line(String what, String subject, Figures figures, @Nullable Ratio ratio) {
  static Line floor(String what, String subject, Rounds rounds) {
    return new Line(what, subject, rounds.figures(), null);
  }

  static Line of(String what, String subject, Rounds rounds, Rounds floor) {
    return new Line(what, subject, rounds.figures(), rounds.over(floor));
  }
}
