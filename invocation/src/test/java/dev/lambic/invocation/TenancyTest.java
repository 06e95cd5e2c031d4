package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeEnvironment;
import dev.lambic.runtime.Work;
import org.junit.jupiter.api.Test;

/** Tenants of a function and its environments. */
final class TenancyTest {
  private static FakeEnvironment warm(Stage stage, String tenant) {
    int n = stage.starter.started().size();
    stage.invokeAs(tenant, "f");
    FakeEnvironment environment = stage.environment(n);
    stage.next(environment);
    stage.answer(environment, "1");
    return environment;
  }

  @Test
  void givesEachTenantEnvironmentsOfHisOwn() {
    try (Stage stage = new Stage()) {
      FakeEnvironment blue = warm(stage, "blue");
      FakeEnvironment green = warm(stage, "green");
      stage.invokeAs("blue", "f");
      assertThat(blue.work()).isNotNull();
      assertThat(green.work()).isNull();
      RecordingAnswer second = stage.invokeAs("blue", "f");
      assertThat(second.hasCome()).isFalse();
      assertThat(green.deliveries()).as("never another's").isEqualTo(1);
      assertThat(stage.starter.started()).hasSize(3);
    }
  }

  @Test
  void letsNobodyWaitForTheEnvironmentOfAnother() {
    try (Stage stage = new Stage()) {
      FakeEnvironment blue = warm(stage, "blue");
      stage.invokeAs("blue", "f");
      blue.respond("1");
      stage.invokeAs("green", "f");
      assertThat(stage.starter.started()).hasSize(2);
    }
  }

  @Test
  void tellsTheRuntimeWhoseEventItIs() {
    try (Stage stage = new Stage()) {
      FakeEnvironment blue = warm(stage, "blue");
      stage.invokeAs("blue", "f");
      Work work = blue.work();
      assertThat(work == null ? "none" : work.tenantId()).isEqualTo("blue");
    }
  }

  @Test
  void retiresTheEnvironmentsOfAllTenants() {
    try (Stage stage = new Stage()) {
      FakeEnvironment blue = warm(stage, "blue");
      FakeEnvironment green = warm(stage, "green");
      stage.dispatcher.retire("f:1");
      assertThat(blue.isKilled()).isTrue();
      assertThat(green.isKilled()).isTrue();
    }
  }
}
