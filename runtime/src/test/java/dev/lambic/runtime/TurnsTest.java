package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TurnsTest {
  @Test
  void ownersTakeTurnsHoweverMuchOneWants() {
    Turns<String> turns = new Turns<>(3, 5);
    for (String name : List.of("1", "2", "3")) {
      assertThat(turns.add("a", name, "a" + name)).isTrue();
    }
    assertThat(turns.add("a", "4", "a4")).as("too many of one").isFalse();
    assertThat(turns.add("b", "1", "b1")).isTrue();
    assertThat(turns.add("b", "1", "b1")).as("it waits already").isFalse();
    assertThat(turns.add("c", "1", "c1")).isTrue();
    assertThat(turns.add("c", "2", "c2")).as("too many of all").isFalse();
    List<String> order = new ArrayList<>();
    for (String next = turns.next(); next != null; next = turns.next()) {
      order.add(next);
      turns.done(next.substring(0, 1), next.substring(1));
    }
    assertThat(order).containsExactly("a1", "b1", "c1", "a2", "a3");
    assertThat(turns.isEmpty()).isTrue();
  }
}
