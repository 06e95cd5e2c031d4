package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/** An account's code is limited, and counted through everything that changes it. */
class CodeUsageTest {
  private static final String EXCEEDED =
      "400 CodeStorageExceededException: Code storage limit exceeded.";

  @TempDir private Path directory;

  /** The error, or an empty text. */
  private static String tryCreate(World world, String name) {
    try {
      world.create(name);
      return "";
    } catch (LambdaException e) {
      return e.statusCode()
          + " "
          + e.awsErrorDetails().errorCode()
          + ": "
          + e.awsErrorDetails().errorMessage();
    }
  }

  private static long used(World world) {
    return world.call(l -> l.getAccountSettings()).accountUsage().totalCodeSize();
  }

  @Test
  void whatIsTooMuchIsRefusedAndNotCounted() {
    try (World world = new World(directory, 2000)) {
      refuseTooMuch(world);
    }
  }

  private static void refuseTooMuch(World world) {
    world.create("a");
    long size = used(world);
    assertThat(size).isPositive();
    int more = 0;
    String error = "";
    while (error.isEmpty() && more < 100) {
      error = tryCreate(world, "more" + more);
      more += error.isEmpty() ? 1 : 0;
    }
    assertThat(error).isEqualTo(EXCEEDED);
    assertThat(used(world)).isEqualTo(size * (more + 1)).isLessThanOrEqualTo(2000);
    assertThat(world.error(l -> l.publishVersion(r -> r.functionName("a")))).isEqualTo(EXCEEDED);
    world.call(l -> l.deleteFunction(r -> r.functionName("more0")));
    assertThat(used(world)).isEqualTo(size * more);
    world.publish("a");
    assertThat(used(world)).isEqualTo(size * (more + 1));
    world.restart();
    assertThat(used(world)).isEqualTo(size * (more + 1));
    assertThat(tryCreate(world, "again")).isEqualTo(EXCEEDED);
  }

  @Test
  void layersCountAsWell() {
    try (World world = new World(directory, 10_000)) {
      countLayers(world);
    }
  }

  private static void countLayers(World world) {
    LayersTest.publish(world, "layer", "x".repeat(100));
    long one = used(world);
    assertThat(one).isPositive();
    LayersTest.publish(world, "layer", "y".repeat(100));
    assertThat(used(world)).isGreaterThan(one);
    world.call(l -> l.deleteLayerVersion(r -> r.layerName("layer").versionNumber(2L)));
    assertThat(used(world)).isEqualTo(one);
  }
}
