package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeEnvironment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How many environments are taken down at one time, and in which order. */
final class DeparturesTest {
  private static final int MANY = 4;

  private final Stage stage = new Stage();

  /** Environments of a function, frozen, of which something is left until they vanish. */
  private List<FakeEnvironment> frozen() {
    stage.starter.keepKilled();
    for (int i = 0; i < MANY; i++) {
      stage.invoke("old");
      stage.next(stage.environment(i));
    }
    List<FakeEnvironment> all = stage.starter.started();
    assertThat(all).hasSize(MANY);
    all.forEach(environment -> stage.answer(environment, "1"));
    stage.later.advance(Duration.ofSeconds(1));
    assertThat(all).allMatch(FakeEnvironment::isFrozen);
    return all;
  }

  private void retire() {
    stage.dispatcher.retire(stage.image("old").key());
    stage.later.settle();
  }

  private static List<FakeEnvironment> killed(List<FakeEnvironment> of) {
    return of.stream().filter(FakeEnvironment::isKilled).toList();
  }

  @Test
  void aBurstIsTakenDownOneByOneWhileCallsGoOn() {
    try (stage) {
      List<FakeEnvironment> old = frozen();
      retire();
      assertThat(killed(old)).hasSize(1);
      RecordingAnswer call = stage.invoke("other");
      stage.next(stage.environment(MANY));
      stage.answer(stage.environment(MANY), "2");
      assertThat(call.result()).isEqualTo("2");
      List<FakeEnvironment> order = new ArrayList<>();
      for (int i = 1; i <= MANY; i++) {
        List<FakeEnvironment> now = new ArrayList<>(killed(old));
        assertThat(now).hasSize(i);
        now.removeAll(order);
        order.addAll(now);
        now.forEach(FakeEnvironment::vanish);
        stage.later.settle();
      }
      assertThat(order).hasSize(MANY);
    }
  }

  @Test
  void moreGoAtOneTimeWhereCallsWaitForTheirPlaces() {
    int many = 8;
    int starts = 4;
    try (Stage crowded =
        new Stage(
            new InvocationConfig(many, many, starts, Duration.ofMinutes(10), Stage.INIT_TIMEOUT))) {
      crowded.starter.keepKilled();
      for (int i = 0; i < many; i++) {
        crowded.invoke("old");
        crowded.next(crowded.environment(i));
      }
      List<FakeEnvironment> old = crowded.starter.started();
      old.forEach(environment -> crowded.answer(environment, "1"));
      crowded.later.advance(Duration.ofSeconds(1));
      crowded.dispatcher.retire(crowded.image("old").key());
      crowded.later.settle();
      assertThat(killed(old)).hasSize(1);
      List<RecordingAnswer> calls = new ArrayList<>();
      for (int i = 0; i < many; i++) {
        calls.add(crowded.invoke("new"));
      }
      assertThat(crowded.starter.started()).as("as many as there are places").hasSize(12);
      killed(old).forEach(FakeEnvironment::vanish);
      crowded.later.settle();
      assertThat(killed(old)).hasSize(1 + starts);
      killed(old).forEach(FakeEnvironment::vanish);
      crowded.later.settle();
      List<FakeEnvironment> made = crowded.starter.started().subList(many, 2 * many);
      made.forEach(crowded::next);
      made.forEach(environment -> crowded.answer(environment, "2"));
      assertThat(calls).allMatch(RecordingAnswer::hasCome);
    }
  }

  @Test
  void oneThatDoesNotGoHoldsUpTheOthersForABoundedTime() {
    try (stage) {
      List<FakeEnvironment> old = frozen();
      retire();
      stage.later.advance(Duration.ofSeconds(4));
      assertThat(killed(old)).hasSize(1);
      stage.later.advance(Duration.ofSeconds(2));
      assertThat(killed(old)).hasSize(2);
    }
  }

  @Test
  void whatIsNotFrozenIsEndedAtOnce() {
    try (stage) {
      List<FakeEnvironment> old = frozen();
      for (int i = 0; i < MANY; i++) {
        stage.invoke("old");
      }
      old.forEach(environment -> stage.answer(environment, "3"));
      assertThat(old).noneMatch(FakeEnvironment::isFrozen);
      retire();
      assertThat(killed(old)).hasSize(MANY);
    }
  }

  @Test
  void allGoWhenTheServerEnds() {
    List<FakeEnvironment> old = frozen();
    retire();
    stage.dispatcher.close();
    stage.later.settle();
    assertThat(killed(old)).hasSize(MANY);
    stage.close();
  }
}
