package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.Layer;

/** Functions with layers: which they may have, what is shown of them, and what they see. */
class FunctionLayersTest {
  private static final String INVALID = "400 InvalidParameterValueException: ";

  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = new World(directory);
  }

  @AfterEach
  void close() {
    world.close();
  }

  private String layer(String name, String content) {
    return LayersTest.publish(world, name, content).layerVersionArn();
  }

  private FunctionConfiguration create(String... layers) {
    world.call(l -> l.createFunction(World.usual("fn").andThen(r -> r.layers(layers))));
    world.settle();
    return world.configuration("fn");
  }

  private FunctionConfiguration update(String... layers) {
    world.call(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").layers(layers)));
    world.settle();
    return world.configuration("fn");
  }

  private String createError(String... layers) {
    return world.error(l -> l.createFunction(World.usual("fn").andThen(r -> r.layers(layers))));
  }

  private FunctionVersion running() {
    return world.service().directory().resolve("111111111111", "us-east-1", "fn", null).function();
  }

  /** What the function's environments see of a file of its layers. */
  private String seen(String file) throws Exception {
    try (CodeStore.Lease lease =
        world.service().code().acquire(Objects.requireNonNull(running().layersId()))) {
      return Files.readString(lease.directory().resolve(file));
    }
  }

  private static List<String> arns(FunctionConfiguration function) {
    return function.layers().stream().map(Layer::arn).toList();
  }

  @Test
  void layersAreShownWithTheirSizes() {
    String a = layer("a", "1");
    FunctionConfiguration function = create(a);
    assertThat(arns(function)).containsExactly(a);
    assertThat(function.layers().getFirst().codeSize()).isEqualTo(Zips.of("a.txt", "1").length);
    assertThat(world.call(l -> l.listFunctions(r -> {})).functions().getFirst().layers())
        .isEqualTo(function.layers());
  }

  @Test
  void aFunctionWithoutLayersShowsNone() {
    assertThat(world.create("fn").hasLayers()).isFalse();
    assertThat(running().layersId()).isNull();
  }

  @Test
  void theListCanBeReplacedAndEmptied() throws Exception {
    String a = layer("a", "1");
    String b = layer("b", "2");
    create(a);
    assertThat(seen("a.txt")).isEqualTo("1");
    String before = running().revision();
    assertThat(arns(update(b, a))).containsExactly(b, a);
    assertThat(running().revision()).isNotEqualTo(before);
    assertThat(seen("a.txt") + seen("b.txt")).isEqualTo("12");
    world.call(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").description("d")));
    world.settle();
    assertThat(arns(world.configuration("fn"))).containsExactly(b, a);
    assertThat(update().hasLayers()).isFalse();
    assertThat(running().layersId()).isNull();
  }

  @Test
  void anUpdateThatIsOnItsWayShowsTheOldLayers() throws Exception {
    String a = layer("a", "1");
    String b = layer("b", "2");
    create(a);
    world.call(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").layers(b)));
    assertThat(seen("a.txt")).isEqualTo("1");
    world.settle();
    assertThat(seen("b.txt")).isEqualTo("2");
  }

  @Test
  void aVersionKeepsItsLayers() throws Exception {
    String a = layer("a", "1");
    create(a);
    world.call(l ->
        l.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("new")).publish(true)));
    world.settle();
    update();
    FunctionVersion version =
        world.service().directory().resolve("111111111111", "us-east-1", "fn", "1").function();
    assertThat(version.layersId()).isNotNull();
    assertThat(
            world
                .call(l -> l.getFunction(r -> r.functionName("fn").qualifier("1")))
                .configuration()
                .layers())
        .hasSize(1);
  }

  @Test
  void fiveAreAllowedAndSixAreNot() {
    String[] six =
        IntStream.rangeClosed(1, 6).mapToObj(i -> layer("l" + i, "x")).toArray(String[]::new);
    assertThat(createError(six)).isEqualTo(INVALID + "Cannot reference more than 5 layers.");
    assertThat(arns(create(Arrays.copyOf(six, 5)))).hasSize(5);
  }

  @Test
  void oneLayerIsThereOnce() {
    String first = layer("a", "1");
    String second = layer("a", "2");
    assertThat(createError(first, second))
        .isEqualTo(
            INVALID
                + "Two different versions of the same layer are not allowed to be referenced in the"
                + " same function. "
                + first
                + " and "
                + second
                + " are versions of the same layer.");
  }

  @Test
  void onlyWhatIsThereCanBeUsed() {
    String a = layer("a", "1");
    assertThat(createError(LayersTest.ARN + "a:2"))
        .isEqualTo(INVALID + "Layer version " + LayersTest.ARN + "a:2 does not exist.");
    assertThat(createError("arn:aws:lambda:eu-west-1:111111111111:layer:a:1"))
        .isEqualTo(
            INVALID
                + "Layers are not in the same region as the function. Layers are expected to be in"
                + " region us-east-1.");
    assertThat(createError("arn:aws:lambda:us-east-1:333333333333:layer:a:1"))
        .startsWith("403 AccessDeniedException: User: ")
        .endsWith("because no resource-based policy allows the lambda:GetLayerVersion action");
    assertThat(createError(LayersTest.ARN + "a"))
        .startsWith("400 ValidationException: 1 validation error detected: Value '");
    create(a);
    assertThat(
            world.error(l ->
                l.updateFunctionConfiguration(
                    r -> r.functionName("fn").layers(LayersTest.ARN + "b:1"))))
        .isEqualTo(INVALID + "Layer version " + LayersTest.ARN + "b:1 does not exist.");
    assertThat(arns(world.configuration("fn"))).containsExactly(a);
  }

  @Test
  void aDeletedVersionStaysWithItsFunctionsOnly() throws Exception {
    String a = layer("a", "1");
    String b = layer("b", "2");
    create(a, b);
    world.call(l -> l.deleteLayerVersion(r -> r.layerName("a").versionNumber(1L)));
    for (int round = 0; round < 3; round++) {
      world.service().collectCode();
      world.clock.advance(Duration.ofMinutes(2));
      world.restart();
      assertThat(seen("a.txt")).isEqualTo("1");
    }
    assertThat(arns(world.configuration("fn"))).containsExactly(a, b);
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("new"))));
    world.settle();
    assertThat(seen("a.txt")).isEqualTo("1");
    assertThat(
            world.error(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").layers(a, b))))
        .isEqualTo(INVALID + "Layer version " + a + " does not exist.");
    update(b);
    world.restart();
    world.service().collectCode();
    world.clock.advance(Duration.ofMinutes(2));
    world.service().collectCode();
    try (var trees = Files.list(directory.resolve("functions/code"))) {
      // The code and the layer that is left.
      assertThat(trees).hasSize(2);
    }
  }

  @Test
  void layersThatAreLostAreMadeAgain() throws Exception {
    create(layer("a", "1"), layer("b", "2"));
    Trees.delete(directory.resolve("functions/code"));
    world.restart();
    assertThat(seen("a.txt") + seen("b.txt")).isEqualTo("12");
    assertThat(world.configuration("fn").stateAsString()).isEqualTo("Active");
    // Also those that no function has yet are there when one wants them.
    String c = layer("c", "3");
    Trees.delete(directory.resolve("functions/code"));
    world.restart();
    update(c);
    assertThat(seen("c.txt")).isEqualTo("3");
  }

  @Test
  void codeAndLayersTogetherHaveALimit() {
    SdkBytes large = SdkBytes.fromByteArray(new Zips().zeros("big", 140 << 20).bytes());
    world.call(l -> l.publishLayerVersion(r -> r.layerName("a").content(c -> c.zipFile(large))));
    String a = LayersTest.ARN + "a:1";
    String tooLarge =
        INVALID
            + "Function code combined with layers exceeds the maximum allowed size of 262144000"
            + " bytes. The actual size is "
            + 2 * (140 << 20)
            + " bytes.";
    assertThat(
            world.error(l ->
                l.createFunction(
                    World.usual("fn").andThen(r -> r.layers(a).code(c -> c.zipFile(large))))))
        .isEqualTo(tooLarge);
    create(a);
    assertThat(world.error(l -> l.updateFunctionCode(r -> r.functionName("fn").zipFile(large))))
        .isEqualTo(tooLarge);
    update();
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").zipFile(large)));
    world.settle();
    assertThat(world.error(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").layers(a))))
        .isEqualTo(tooLarge);
  }
}
