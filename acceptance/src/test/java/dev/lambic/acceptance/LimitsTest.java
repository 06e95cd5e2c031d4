package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;

/** What a function may use of the machine follows from its settings as on AWS. */
class LimitsTest {
  private static final long MIB = 1L << 20;

  /** Megabytes of memory that come with one processor. */
  private static final double MB_PER_CPU = 1769;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction deploy(String name, Consumer<CreateFunctionRequest.Builder> more) {
    return TestFunction.python(LAMBIC.lambda(), name, "standing.py", more);
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 512, 1769, 3008, 10_240})
  void memoryAndProcessorsFollowTheMemorySize(int megabytes) {
    TestFunction function =
        deploy("memory-" + megabytes, settings -> settings.memorySize(megabytes));
    assertThat(function.act("space").error()).isNull();
    EnvironmentGroup group = EnvironmentGroup.of(LAMBIC.server(), function);
    assertThat(group.memoryBytes()).isEqualTo(megabytes * MIB);
    assertThat(group.cpus()).isCloseTo(megabytes / MB_PER_CPU, within(0.001));
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 1024, 10_240})
  void tmpIsAsLargeAsIsAskedFor(int megabytes) {
    TestFunction function =
        deploy(
            "tmp-" + megabytes,
            settings -> settings.ephemeralStorage(storage -> storage.size(megabytes)));
    assertThat(function.act("space").success().asLong())
        .isBetween(megabytes * MIB, megabytes * MIB * 102 / 100 + 2 * MIB);
  }

  @Test
  void thereAre1024DescriptorsAndProcesses() {
    TestFunction function = deploy("numbers", settings -> settings.memorySize(1769).timeout(60));
    JsonNode descriptors = function.act("descriptors").success();
    assertThat(descriptors.path("all").asInt()).isEqualTo(1024);
    assertThat(descriptors.path("errno").asText()).isEqualTo("EMFILE");
    assertThat(descriptors.path("limits").toString()).isEqualTo("[1024,1024]");
    JsonNode processes = function.act("processes").success();
    assertThat(processes.path("all").asInt()).isEqualTo(1024);
    assertThat(processes.path("errno").asText()).isEqualTo("EAGAIN");
  }
}
