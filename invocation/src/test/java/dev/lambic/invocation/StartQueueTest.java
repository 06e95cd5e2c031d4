package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bounds and order of starts. */
final class StartQueueTest {
  private final StartQueue queue = new StartQueue(2, 4, Runnable::run);
  private final List<String> ran = new ArrayList<>();

  private void submit(String... names) {
    for (String name : names) {
      queue.submit(() -> ran.add(name));
    }
  }

  @Test
  void runsOnlySoManyAtOneTimeAndInOrder() {
    submit("a", "b", "c", "d");
    assertThat(ran).containsExactly("a", "b");
    queue.started();
    assertThat(ran).containsExactly("a", "b", "c");
  }

  @Test
  void runsNoMoreThanThereArePlaces() {
    submit("a", "b", "c", "d", "e");
    for (int i = 0; i < 4; i++) {
      queue.started();
    }
    assertThat(ran).containsExactly("a", "b", "c", "d");
    assertThat(queue.existing()).isEqualTo(4);
    queue.gone();
    assertThat(ran).containsExactly("a", "b", "c", "d", "e");
  }

  @Test
  void runsEverythingAtTheEnd() {
    submit("a", "b", "c", "d", "e", "f");
    queue.letAllFail();
    submit("g");
    assertThat(ran).containsExactly("a", "b", "c", "d", "e", "f", "g");
  }
}
