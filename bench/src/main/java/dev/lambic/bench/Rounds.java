package dev.lambic.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * The samples of one subject, kept by round, so that one can see whether the rounds agree.
 *
 * <p>Subjects take turns within a round: what disturbs the machine for a while disturbs them all.
 */
final class Rounds {
  private final List<Samples> rounds = new ArrayList<>();

  void add(Samples round) {
    rounds.add(round);
  }

  /** All rounds as one. */
  Figures figures() {
    Samples all = new Samples();
    rounds.forEach(all::addAll);
    return all.figures();
  }

  /** Compares with a floor of the same rounds. */
  Ratio over(Rounds floor) {
    Figures mine = figures();
    Figures least = floor.figures();
    double low = Double.POSITIVE_INFINITY;
    double high = 0;
    for (int i = 0; i < rounds.size(); i++) {
      double ratio = quotient(rounds.get(i).figures().p50(), floor.rounds.get(i).figures().p50());
      low = Math.min(low, ratio);
      high = Math.max(high, ratio);
    }
    return new Ratio(
        quotient(mine.p50(), least.p50()), low, high, quotient(mine.p99(), least.p99()));
  }

  private static double quotient(long a, long b) {
    return (double) a / Math.max(b, 1);
  }
}
