package dev.lambic.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class SlotsTest {
  @Test
  void givesEachNumberOnceAndSaysWhenThereIsNone() {
    Slots slots = new Slots();
    for (int i = 0; i < Slots.MAX; i++) {
      assertThat(slots.take()).isEqualTo(i);
    }
    assertThatThrownBy(slots::take).isInstanceOf(SandboxException.class);
    slots.free(7);
    assertThat(slots.take()).isEqualTo(7);
    assertThat(slots.inUse()).isEqualTo(Slots.MAX);
  }

  @Test
  void doesNotGiveANumberAgainAtOnce() {
    Slots slots = new Slots();
    slots.free(slots.take());
    assertThat(slots.take()).isEqualTo(1);
  }

  @Test
  void hostIdsFitInThirtyOneBits() {
    for (String instance : new String[] {"a", "b", "c0ffee", "0123456789"}) {
      long first = Slots.firstHostId(instance);
      assertThat(first).isBetween(0x7000_0000L, Integer.MAX_VALUE - 2L * Slots.MAX + 1);
      assertThat(first % (2L * Slots.MAX)).isZero();
    }
  }
}
