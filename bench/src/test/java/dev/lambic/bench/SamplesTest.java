package dev.lambic.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class SamplesTest {
  private static Samples of(long... nanos) {
    Samples samples = new Samples();
    for (long one : nanos) {
      samples.add(one);
    }
    return samples;
  }

  @Test
  void takesTheNearestRank() {
    Samples samples = new Samples();
    for (int i = 1000; i >= 1; i--) {
      samples.add(i);
    }
    assertThat(samples.figures()).isEqualTo(new Figures(1000, 500, 990, 999));
  }

  @Test
  void interpolatesNothing() {
    assertThat(of(7).figures()).isEqualTo(new Figures(1, 7, 7, 7));
    assertThat(of(1, 100).figures()).isEqualTo(new Figures(2, 1, 100, 100));
    assertThat(Samples.percentile(new long[] {1, 2, 3}, 1)).isEqualTo(1);
    assertThat(Samples.percentile(new long[] {1, 2, 3}, 334)).isEqualTo(2);
    assertThat(Samples.percentile(new long[] {1, 2, 3}, 1000)).isEqualTo(3);
  }

  @Test
  void growsAsFarAsNeeded() {
    Samples all = new Samples();
    for (int i = 0; i < 5; i++) {
      Samples part = new Samples();
      for (int j = 1; j <= 1000; j++) {
        part.add(j);
      }
      all.addAll(part);
    }
    assertThat(all.figures()).isEqualTo(new Figures(5000, 500, 990, 999));
  }

  @Test
  void saysNothingAboutNothing() {
    assertThatThrownBy(() -> new Samples().figures()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void comparesRoundByRound() {
    Rounds floor = new Rounds();
    floor.add(of(10, 10, 10));
    floor.add(of(20, 20, 40));
    Rounds mine = new Rounds();
    mine.add(of(30, 30, 30));
    mine.add(of(20, 20, 80));
    assertThat(mine.over(floor)).isEqualTo(new Ratio(3.0, 1.0, 3.0, 2.0));
  }
}
