package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class DemandTest {
  private static final long START = TimeUnit.DAYS.toNanos(-3) + 17;

  private final Demand demand = new Demand(2, 10);
  private long now = START;

  private void pass(long millis) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  private void take(int count) {
    for (int i = 0; i < count; i++) {
      demand.took(now);
    }
  }

  @Test
  void nothingIsWantedOfWhatNobodyUses() {
    assertThat(demand.wanted(now, false)).isZero();
  }

  @Test
  void aFewAreWantedOfWhatAFunctionCouldNeed() {
    assertThat(demand.wanted(now, true)).isEqualTo(2);
  }

  @Test
  void aCallOfAnUnknownFunctionIsFollowedByOthersForAWhile() {
    take(1);
    assertThat(demand.wanted(now, false)).isEqualTo(2);
    pass(59_000);
    assertThat(demand.wanted(now, false)).isEqualTo(2);
    pass(2_000);
    assertThat(demand.wanted(now, false)).isZero();
  }

  @Test
  void asManyAreWantedAsWereAtOnce() {
    take(7);
    assertThat(demand.wanted(now, true)).isEqualTo(7);
    pass(10_000);
    take(3);
    assertThat(demand.wanted(now, true)).isEqualTo(7);
  }

  @Test
  void oneAfterTheOtherNeedsFew() {
    for (int i = 0; i < 100; i++) {
      take(1);
      pass(300);
    }
    assertThat(demand.wanted(now, true)).isEqualTo(2);
  }

  @Test
  void neverMoreThanTheMost() {
    take(1000);
    assertThat(demand.wanted(now, true)).isEqualTo(10);
  }

  @Test
  void fallsSlowlyToTheBase() {
    take(10);
    int last = 10;
    for (int second = 0; second < 70; second++) {
      int wanted = demand.wanted(now, true);
      assertThat(wanted).isBetween(2, last);
      last = wanted;
      pass(1000);
    }
    assertThat(last).isEqualTo(2);
  }

  @Test
  void forgets() {
    take(5);
    demand.forget();
    assertThat(demand.wanted(now, false)).isZero();
    assertThat(demand.wanted(now, true)).isEqualTo(2);
  }
}
