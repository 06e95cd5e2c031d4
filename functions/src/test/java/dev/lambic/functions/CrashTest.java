package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/**
 * A server that is killed during any operation has, after the next start, done it wholly or not at
 * all; and everything that it had answered.
 *
 * <p>{@link CrashingServer} takes functions through steps of a known effect. Every round kills it
 * after another number of answers.
 */
class CrashTest {
  @TempDir private Path directory;

  @RepeatedTest(10)
  void everyFunctionIsAtAWholeStep(RepetitionInfo round) throws Exception {
    int answers = new SplittableRandom(round.getCurrentRepetition()).nextInt(1, 150);
    Map<String, Integer> answered = CrashingServer.killAfter(answers, directory);
    try (World world = new World(directory)) {
      for (Map.Entry<String, Integer> function : answered.entrySet()) {
        String name = function.getKey();
        int step = function.getValue();
        String was = state(world, name);
        assertThat(was)
            .as("%s after step %d", name, step)
            .isIn(CrashingServer.expected(step), CrashingServer.expected(step + 1));
        assertThat(batches(world, name))
            .as("the mapping of %s after step %d", name, step)
            .isIn(batches(step), batches(step + 1));
        if (!was.equals("gone")) {
          aliasIsAt(world, name, step);
        }
      }
      for (FunctionConfiguration function :
          world.call(l -> l.listFunctionsPaginator().functions().stream().toList())) {
        // Also those whose creation was never answered are whole and ready.
        assertThat(state(world, function.functionName())).isNotEqualTo("gone");
      }
      world.service().collectCode();
    }
    try (var trees = Files.list(directory.resolve("functions/code"))) {
      assertThat(trees.map(tree -> tree.getFileName().toString()))
          .noneMatch(name -> name.startsWith("unfinished"));
    }
  }

  /** The alias leads to the version of the last step or of the one that was not answered. */
  private static void aliasIsAt(World world, String name, int step) {
    List<AliasConfiguration> aliases =
        world.call(l -> l.listAliases(r -> r.functionName(name))).aliases();
    if (aliases.isEmpty()) {
      assertThat(step).as("step of %s", name).isEqualTo(1);
      return;
    }
    long version = Long.parseLong(aliases.getFirst().functionVersion());
    assertThat(version).as("%s after step %d", name, step).isIn(step - 1L, (long) step);
    assertThat(world.resolve(name + ":at").function().version()).isEqualTo(String.valueOf(version));
  }

  /** The size of the mapping's batches by its step; nothing after the last one. */
  private static int batches(int step) {
    return step > CrashingServer.STEPS ? 0 : step;
  }

  private static int batches(World world, String name) {
    return CrashingServer.mapping(world, name)
        .map(mapping -> {
          assertThat(mapping.state()).isEqualTo("Enabled");
          return mapping.batchSize();
        })
        .orElse(0);
  }

  private static String state(World world, String name) throws Exception {
    FunctionConfiguration function;
    try {
      function = world.configuration(name);
    } catch (ResourceNotFoundException e) {
      return "gone";
    }
    assertThat(function.stateAsString()).isEqualTo("Active");
    assertThat(function.lastUpdateStatusAsString()).isEqualTo("Successful");
    assertThat(function.layers()).hasSize(2);
    FunctionVersion ready =
        world.service().directory().resolve("111111111111", "us-east-1", name, null).function();
    try (CodeStore.Lease lease =
        world.service().code().acquire(Objects.requireNonNull(ready.layersId()))) {
      assertThat(lease.directory().resolve(name + "-a.txt")).hasContent("a");
      assertThat(lease.directory().resolve(name + "-b.txt")).hasContent("b");
    }
    try (CodeStore.Lease lease = world.service().code().acquire(ready.codeId())) {
      String code = Files.readString(lease.directory().resolve("index.py"));
      assertThat(code).isIn(CrashingServer.CODES);
      return function.description() + " with code " + CrashingServer.CODES.indexOf(code);
    }
  }
}
