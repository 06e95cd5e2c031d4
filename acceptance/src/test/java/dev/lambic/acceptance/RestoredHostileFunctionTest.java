package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import software.amazon.awssdk.services.lambda.model.SnapStartOptimizationStatus;

/**
 * The same attempts in an environment of a version with SnapStart: one that was restored, where
 * this host can do that, and else one that was initialised as such a version is then.
 */
final class RestoredHostileFunctionTest extends HostileFunctionTest {
  private static TestFunction function;
  private static boolean snapshots;
  private static int published;
  private static String init = "";

  @BeforeAll
  static void create() {
    snapshots = SnapshotSupport.isThere();
    function =
        create("restored", settings -> settings.snapStart(s -> s.applyOn("PublishedVersions")));
  }

  /** After an attempt that ended the environment's processes, others were started there. */
  @BeforeEach
  void restore() {
    if (published > 0 && tryAs(hostile, "live").path("init").asText().equals(init)) {
      return;
    }
    published++;
    LAMBIC
        .lambda()
        .updateFunctionConfiguration(
            r -> r.functionName(function.name()).description("the " + published + "th"));
    function.awaitReady();
    hostile = function.publish();
    assertThat(hostile.configuration().snapStart().optimizationStatus())
        .isEqualTo(snapshots ? SnapStartOptimizationStatus.ON : SnapStartOptimizationStatus.OFF);
    Invoked first = hostile.invokeWithLog("{\"attempt\":\"live\"}");
    init = first.success().path("init").asText();
    assertThat(init).isNotEmpty();
    assertThat(first.log()).contains(snapshots ? "\tRestore Duration: " : "\tInit Duration: ");
  }

  /** Is no test here: versions with SnapStart have no file systems, as on AWS. */
  @Override
  void sharedFilesLeadNowhere(String attempt, String refusal) {
    throw new IllegalStateException(attempt);
  }
}
