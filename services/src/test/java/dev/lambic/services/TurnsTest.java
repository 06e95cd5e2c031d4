package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Nobody has more turns than his share, and all together no more than there are. */
class TurnsTest {
  private static final Duration NONE = Duration.ZERO;
  private final Turns turns = new Turns(5, 2);

  @Test
  void nobodyTakesMoreThanHisShare() throws Exception {
    assertThat(turns.begin("a", NONE)).isTrue();
    assertThat(turns.begin("a", NONE)).isTrue();
    assertThat(turns.begin("a", NONE)).isFalse();
    assertThat(turns.begin("b", NONE)).isTrue();
    turns.end("a");
    assertThat(turns.begin("a", NONE)).isTrue();
  }

  @Test
  void allTogetherTakeNoMoreThanThereAre() throws Exception {
    for (String user : new String[] {"a", "a", "b", "b", "c"}) {
      assertThat(turns.begin(user, NONE)).isTrue();
    }
    assertThat(turns.begin("c", NONE)).isFalse();
    turns.end("a");
    assertThat(turns.begin("c", NONE)).isTrue();
  }

  @Test
  void whoWaitsGetsTheTurnThatEnds() throws Exception {
    assertThat(turns.begin("a", NONE)).isTrue();
    assertThat(turns.begin("a", NONE)).isTrue();
    CompletableFuture<Boolean> waiting = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try {
        waiting.complete(turns.begin("a", Duration.ofSeconds(60)));
      } catch (InterruptedException e) {
        waiting.completeExceptionally(e);
      }
    });
    turns.end("a");
    assertThat(waiting.get(60, TimeUnit.SECONDS)).isTrue();
    turns.end("a");
    turns.end("a");
    assertThat(turns.users()).isZero();
  }
}
