package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.GetRuntimeManagementConfigResponse;

/** Runtime management and recursive loops. */
class RuntimeSettingsTest {
  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = new World(directory);
    world.call(l ->
        l.createFunction(r -> {
          World.usual("fn").accept(r);
          r.publish(true);
        }));
    world.settle();
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void loopsAreEndedUnlessAllowed() {
    assertThat(recursion()).isEqualTo("Terminate");
    world.call(l -> l.putFunctionRecursionConfig(r -> r.functionName("fn").recursiveLoop("Allow")));
    world.restart();
    assertThat(recursion()).isEqualTo("Allow");
    assertThat(
            world.error(l ->
                l.putFunctionRecursionConfig(r -> r.functionName("none").recursiveLoop("Allow"))))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "none");
  }

  @Test
  void everyVersionHasItsRuntimeManagement() {
    assertThat(management("fn"))
        .isEqualTo(
            GetRuntimeManagementConfigResponse.builder()
                .updateRuntimeOn("Auto")
                .functionArn(World.ARN + "fn:$LATEST")
                .build());
    String runtime = world.configuration("fn").runtimeVersionConfig().runtimeVersionArn();
    world.call(l ->
        l.putRuntimeManagementConfig(r ->
            r.functionName("fn")
                .qualifier("1")
                .updateRuntimeOn("Manual")
                .runtimeVersionArn(runtime)));
    world.call(l ->
        l.putRuntimeManagementConfig(r -> r.functionName("fn").updateRuntimeOn("FunctionUpdate")));
    world.restart();
    assertThat(management("fn:1"))
        .isEqualTo(
            GetRuntimeManagementConfigResponse.builder()
                .updateRuntimeOn("Manual")
                .functionArn(World.ARN + "fn:1")
                .runtimeVersionArn(runtime)
                .build());
    assertThat(management("fn").updateRuntimeOnAsString()).isEqualTo("FunctionUpdate");
  }

  @Test
  void aRuntimeVersionThatIsNotHereIsRefused() {
    String unknown = "arn:aws:lambda:us-east-1::runtime:" + "0".repeat(64);
    assertThat(
            world.error(l ->
                l.putRuntimeManagementConfig(r ->
                    r.functionName("fn").updateRuntimeOn("Manual").runtimeVersionArn(unknown))))
        .startsWith("400 InvalidParameterValueException: Lambic has no runtime version " + unknown);
    assertThat(
            world.error(l ->
                l.putRuntimeManagementConfig(r -> r.functionName("fn").updateRuntimeOn("Manual"))))
        .startsWith("400 InvalidParameterValueException: RuntimeVersionArn must be given");
    assertThat(
            world.error(
                l -> l.getRuntimeManagementConfig(r -> r.functionName("fn").qualifier("7"))))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "fn:7");
    assertThat(management("fn").updateRuntimeOnAsString()).isEqualTo("Auto");
  }

  private String recursion() {
    return world
        .call(l -> l.getFunctionRecursionConfig(r -> r.functionName("fn")))
        .recursiveLoopAsString();
  }

  private GetRuntimeManagementConfigResponse management(String name) {
    return world.call(l -> l.getRuntimeManagementConfig(r -> r.functionName(name)));
  }
}
