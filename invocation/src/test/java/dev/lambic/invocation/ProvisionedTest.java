package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.Provisioned.Status;
import dev.lambic.invocation.testing.FakeEnvironment;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.Initialization;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Environments that are made ahead of invocations. */
final class ProvisionedTest {
  private static Stage stage(int concurrency) {
    return new Stage(
        new InvocationConfig(
            concurrency, concurrency, 2, Duration.ofMinutes(10), Stage.INIT_TIMEOUT));
  }

  /** Environments of the function that are initialised ahead. */
  private static List<FakeEnvironment> ahead(Stage stage, String function, int count) {
    int before = stage.starter.started().size();
    stage.provision(function, count);
    List<FakeEnvironment> all = stage.starter.started();
    assertThat(all).hasSize(before + count);
    List<FakeEnvironment> made = all.subList(before, all.size());
    made.forEach(stage::next);
    assertThat(stage.provisioned(function)).isEqualTo(shown(count, count, Status.READY, null));
    return made;
  }

  private static Provisioned shown(
      int requested, int available, Status status, @Nullable String why) {
    return new Provisioned(requested, available, status, why);
  }

  @Test
  void makesThemAndSaysHowFarTheyAre() {
    try (Stage stage = new Stage()) {
      stage.provision("f", 2);
      assertThat(stage.provisioned("f")).isEqualTo(shown(2, 0, Status.IN_PROGRESS, null));
      assertThat(stage.starter.started()).hasSize(2);
      FakeEnvironment first = stage.environment(0);
      assertThat(first.spec().initialization()).isEqualTo(Initialization.PROVISIONED);
      stage.next(first);
      assertThat(stage.provisioned("f")).isEqualTo(shown(2, 1, Status.IN_PROGRESS, null));
      stage.next(stage.environment(1));
      assertThat(stage.provisioned("f")).isEqualTo(shown(2, 2, Status.READY, null));
      assertThat(first.isCpuLimited()).isTrue();
    }
  }

  @Test
  void usesThemFirstAndOthersBeyond() {
    try (Stage stage = new Stage()) {
      FakeEnvironment onDemand = stage.warm("f");
      FakeEnvironment made = ahead(stage, "f", 1).getFirst();
      RecordingAnswer first = stage.invoke("f");
      assertThat(made.work()).isNotNull();
      RecordingAnswer second = stage.invoke("f");
      assertThat(onDemand.work()).isNotNull();
      stage.answer(made, "ahead");
      stage.answer(onDemand, "on demand");
      assertThat(first.result()).isEqualTo("ahead");
      assertThat(second.result()).isEqualTo("on demand");
      assertThat(stage.starter.started()).hasSize(2);
    }
  }

  @Test
  void tellsOfTheInitialisationWithTheFirstInvocationAndHasItPaidForAlready() {
    try (Stage stage = new Stage()) {
      stage.provision("f", 1);
      stage.ticker.advance(Duration.ofMillis(250));
      stage.next(stage.environment(0));
      for (int i = 0; i < 2; i++) {
        stage.invoke("f");
        stage.ticker.advance(Duration.ofMillis(2));
        stage.answer(stage.environment(0), "1");
      }
      List<String> reports =
          stage.log(0).stream().filter(line -> line.startsWith("REPORT")).toList();
      assertThat(reports.getFirst())
          .contains("Billed Duration: 2 ms\t")
          .contains("Init Duration: 250.00 ms");
      assertThat(reports.getLast()).doesNotContain("Init Duration");
    }
  }

  @Test
  void keepsThemHoweverLongTheyAreIdle() {
    try (Stage stage = new Stage()) {
      FakeEnvironment made = ahead(stage, "f", 1).getFirst();
      stage.later.advance(Duration.ofHours(5));
      assertThat(made.isKilled()).isFalse();
      stage.invoke("f");
      assertThat(made.work()).isNotNull();
    }
  }

  @Test
  void doesNotEndThemToMakeRoom() {
    try (Stage stage = stage(2)) {
      FakeEnvironment made = ahead(stage, "f", 1).getFirst();
      FakeEnvironment other = stage.warm("g");
      stage.invoke("h");
      assertThat(made.isKilled()).isFalse();
      assertThat(other.isKilled()).isTrue();
    }
  }

  @Test
  void replacesOneThatEnds() {
    try (Stage stage = new Stage()) {
      FakeEnvironment made = ahead(stage, "f", 1).getFirst();
      made.failWith(new LambicException("SandboxFailure", Blame.PLATFORM, "dead"));
      made.exit(1, 0);
      stage.later.settle();
      assertThat(made.isKilled()).isTrue();
      assertThat(stage.provisioned("f")).isEqualTo(shown(1, 0, Status.READY, null));
      stage.later.advance(Duration.ofSeconds(1));
      assertThat(stage.starter.started()).hasSize(2);
      stage.next(stage.environment(1));
      assertThat(stage.provisioned("f")).isEqualTo(shown(1, 1, Status.READY, null));
    }
  }

  @Test
  void givesUpAfterSomeFailures() {
    try (Stage stage = new Stage()) {
      stage.provision("f", 1);
      for (int i = 0; i < Provision.MAX_FAILURES; i++) {
        stage.environment(i).initFailed("E", "{}");
        stage.later.settle();
        assertThat(stage.environment(i).isKilled()).isTrue();
        assertThat(stage.log(i)).last().asString().startsWith("INIT_REPORT Init Duration: ");
        assertThat(stage.log(i)).last().asString().endsWith("Status: error\tError Type: E");
      }
      assertThat(stage.starter.started()).hasSize(Provision.MAX_FAILURES);
      assertThat(stage.provisioned("f"))
          .isEqualTo(shown(1, 0, Status.FAILED, "FUNCTION_ERROR_INIT_FAILURE"));
      assertThat(stage.dispatcher.slots()).isZero();
      stage.provision("f", 1);
      stage.next(stage.environment(Provision.MAX_FAILURES));
      assertThat(stage.provisioned("f")).isEqualTo(shown(1, 1, Status.READY, null));
    }
  }

  @Test
  void saysWhyNoneCanBeStarted() {
    try (Stage stage = new Stage()) {
      stage.starter.failWith(
          new LambicException("Runtime.InvalidEntrypoint", Blame.FUNCTION, "none"));
      stage.provision("f", 2);
      assertThat(stage.provisioned("f"))
          .isEqualTo(shown(2, 0, Status.FAILED, "FUNCTION_ERROR_INIT_FAILURE"));
    }
  }

  @Test
  void givesAnInitialisationMoreTimeThanACallWouldHave() {
    try (Stage stage = new Stage()) {
      stage.provision("f", 1);
      stage.later.advance(Duration.ofSeconds(129));
      stage.next(stage.environment(0));
      assertThat(stage.provisioned("f").available()).isEqualTo(1);
      stage.provision("g", 1);
      stage.later.advance(Duration.ofSeconds(130));
      assertThat(stage.environment(1).isKilled()).isTrue();
      assertThat(stage.log(1)).last().asString().endsWith("Phase: init\tStatus: timeout");
    }
  }

  @Test
  void endsThoseThatAreNotWantedAnyMore() {
    try (Stage stage = new Stage()) {
      List<FakeEnvironment> made = ahead(stage, "f", 3);
      RecordingAnswer running = stage.invoke("f");
      FakeEnvironment busy = made.stream().filter(one -> one.work() != null).toList().getFirst();
      stage.provision("f", 1);
      assertThat(made.stream().filter(FakeEnvironment::isKilled)).hasSize(2);
      assertThat(busy.isKilled()).isFalse();
      stage.provision("f", 0);
      assertThat(stage.dispatcher.provisioned("f:1")).isEmpty();
      assertThat(stage.dispatcher.slots()).as("of the call").isEqualTo(1);
      stage.answer(busy, "1");
      assertThat(running.result()).isEqualTo("1");
      assertThat(stage.dispatcher.slots()).isZero();
      stage.later.advance(Duration.ofMinutes(11));
      assertThat(busy.isKilled()).as("as any other one").isTrue();
    }
  }

  @Test
  void givesBackTheSlotOfOneThatIsUsedOnceMoreOnlyOnce() {
    try (Stage stage = new Stage()) {
      FakeEnvironment made = ahead(stage, "f", 1).getFirst();
      RecordingAnswer first = new RecordingAnswer();
      RecordingAnswer second = new RecordingAnswer();
      Invoker.Answer calls =
          new Invoker.Answer() {
            @Override
            public void outcome(Outcome outcome) {
              first.outcome(outcome);
              stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), second);
            }

            @Override
            public void refused(LambicException why) {
              first.refused(why);
            }
          };
      stage.dispatcher.invoke(stage.invocation(stage.image("f"), false), calls);
      stage.later.settle();
      // After its call is over, and before it is idle.
      made.whenDrained(() -> stage.dispatcher.provision(stage.image("f"), 0));
      made.exit(1, 0);
      stage.later.settle();
      assertThat(first.errorType()).isEqualTo("Runtime.ExitError");
      assertThat(made.restarts()).as("for the second call").isEqualTo(1);
      assertThat(stage.dispatcher.slots()).isEqualTo(1);
      stage.dispatcher.close();
      stage.later.settle();
      assertThat(second.errorType()).isEqualTo("Runtime.ExitError");
      assertThat(stage.dispatcher.slots()).isZero();
    }
  }

  @Test
  void keepsWhatThereIsRatherThanWhatIsYetToCome() {
    try (Stage stage = new Stage()) {
      FakeEnvironment made = ahead(stage, "f", 1).getFirst();
      stage.dispatcher.provision(stage.image("f"), 2);
      stage.dispatcher.provision(stage.image("f"), 1);
      stage.later.settle();
      assertThat(made.isKilled()).isFalse();
      assertThat(stage.starter.started()).hasSize(1);
      assertThat(stage.dispatcher.slots()).isEqualTo(1);
    }
  }

  @Test
  void endsThoseThatStillInitialise() {
    try (Stage stage = new Stage()) {
      stage.provision("f", 1);
      int timers = stage.later.timers();
      stage.provision("f", 0);
      assertThat(stage.environment(0).isKilled()).isTrue();
      assertThat(stage.later.timers()).isLessThan(timers);
      assertThat(stage.dispatcher.slots()).isZero();
    }
  }

  @Test
  void takesThemFromWhatOthersShare() {
    try (Stage stage = stage(3)) {
      ahead(stage, "f", 2);
      stage.invoke("g");
      assertThat(stage.invoke("g").refusal().members())
          .containsEntry("Reason", "ConcurrentInvocationLimitExceeded");
      stage.invoke("f");
      stage.invoke("f");
      assertThat(stage.invoke("f").refusal().members())
          .containsEntry("Reason", "ConcurrentInvocationLimitExceeded");
    }
  }

  @Test
  void leavesAFunctionOnlyThemWhereAllThatIsReservedIsProvisioned() {
    try (Stage stage = new Stage()) {
      stage.reserve("f", 1);
      FakeEnvironment made = ahead(stage, "f", 1).getFirst();
      assertThat(stage.invoke(stage.image("f", "f:latest"), false).refusal().members())
          .containsEntry("Reason", "ReservedFunctionConcurrentInvocationLimitExceeded");
      RecordingAnswer answer = stage.invoke("f");
      stage.answer(made, "1");
      assertThat(answer.result()).isEqualTo("1");
    }
  }

  @Test
  void waitsForRoom() {
    try (Stage stage = stage(1)) {
      FakeEnvironment busy = stage.warm("g");
      stage.invoke("g");
      stage.provision("f", 1);
      assertThat(stage.starter.started()).hasSize(1);
      stage.answer(busy, "1");
      assertThat(stage.starter.started()).hasSize(2);
      stage.next(stage.environment(1));
      assertThat(stage.provisioned("f")).isEqualTo(shown(1, 1, Status.READY, null));
      assertThat(busy.isKilled()).isTrue();
    }
  }

  @Test
  void letsACallWaitForOneThatHasAnswered() {
    try (Stage stage = stage(1)) {
      FakeEnvironment made = ahead(stage, "f", 1).getFirst();
      stage.invoke("f");
      made.respond("1");
      RecordingAnswer second = stage.invoke("f");
      stage.next(made);
      stage.answer(made, "2");
      assertThat(second.result()).isEqualTo("2");
      assertThat(stage.starter.started()).hasSize(1);
    }
  }

  @Test
  void retiresThemWithTheirState() {
    try (Stage stage = new Stage()) {
      List<FakeEnvironment> made = ahead(stage, "f", 2);
      stage.dispatcher.retire("f:1");
      stage.later.settle();
      assertThat(made).allMatch(FakeEnvironment::isKilled);
      assertThat(stage.dispatcher.provisioned("f:1")).isEmpty();
      stage.later.advance(Duration.ofSeconds(5));
      assertThat(stage.starter.started()).hasSize(2);
    }
  }
}
