package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** Between its calls an environment stands still, with all that goes on in it. */
class FreezeTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int CALLS = 20;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction other;

  @BeforeAll
  static void deploy() {
    other = TestFunction.python(LAMBIC.lambda(), "bystander", "probe.py");
  }

  private static EnvironmentGroup frozen(RunningLambic lambic, TestFunction function) {
    EnvironmentGroup group = EnvironmentGroup.of(lambic, function);
    Await.until(LIMIT, "the environment is frozen", group::isFrozen);
    return group;
  }

  @Test
  void backgroundWorkStandsStillAndGoesOnInTheNextCall() {
    TestFunction function = TestFunction.python(LAMBIC.lambda(), "counting", "standing.py");
    long last = function.act("start").success().path("after").asLong();
    for (int round = 0; round < 3; round++) {
      EnvironmentGroup group = frozen(LAMBIC.server(), function);
      String count = group.readInside("/tmp/count");
      assertThat(Long.parseLong(count)).isGreaterThanOrEqualTo(last);
      for (int call = 0; call < CALLS; call++) {
        assertThat(other.act("identity").error()).isNull();
      }
      assertThat(group.isFrozen()).isTrue();
      assertThat(group.readInside("/tmp/count")).isEqualTo(count);
      JsonNode progress = function.act("progress").success();
      assertThat(progress.path("before").asLong()).isGreaterThanOrEqualTo(Long.parseLong(count));
      last = progress.path("after").asLong();
    }
  }

  @Test
  void aFrozenEnvironmentTakesEachCall() {
    TestFunction function = TestFunction.python(LAMBIC.lambda(), "thawing", "standing.py");
    JsonNode first = function.invoke("{\"do\":\"mark\",\"text\":\"0\"}").success();
    for (int call = 1; call <= CALLS; call++) {
      frozen(LAMBIC.server(), function);
      JsonNode answer = function.invoke("{\"do\":\"mark\",\"text\":\"" + call + "\"}").success();
      assertThat(answer.path("instance")).isEqualTo(first.path("instance"));
      assertThat(answer.path("calls").asInt()).isEqualTo(call + 1);
    }
  }

  @Test
  void aFrozenEnvironmentEndsWithItsFunction() {
    TestFunction function = TestFunction.python(LAMBIC.lambda(), "ending", "standing.py");
    function.act("start").success();
    EnvironmentGroup group = frozen(LAMBIC.server(), function);
    function.delete();
    Await.until(LIMIT, "the environment is gone", () -> !group.exists());
  }

  @Test
  void noFrozenProcessOutlivesAServerThatIsKilled() {
    try (RunningLambic lambic = RunningLambic.start();
        LambdaClient client = Clients.lambda(lambic.address())) {
      TestFunction function = TestFunction.python(client, "left", "standing.py");
      function.act("start").success();
      frozen(lambic, function);
      Residue held = Residue.of(lambic);
      assertThat(held.processes()).isNotEmpty();
      lambic.killHard();
      Await.until(
          LIMIT,
          () -> "all have ended: " + held.survivors(),
          () -> held.survivors().stream().noneMatch(left -> left.startsWith("process ")));
      lambic.launch();
    }
  }
}
