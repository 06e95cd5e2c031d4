package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.InvalidParameterValueException;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/** Reserved concurrency, with the errors that were recorded from Lambda. */
final class ReservedConcurrencyTest {
  private static final String ONLY_FUNCTIONS =
      "400 InvalidParameterValueException: This operation is permitted on Lambda functions only."
          + " Aliases and versions do not support this operation. Please specify either a function"
          + " name or an unqualified function ARN.";

  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = new World(directory);
    world.service().listen(world.ahead);
    world.create("f");
  }

  @AfterEach
  void close() {
    world.close();
  }

  private int reserve(String function, int count) {
    return world
        .call(lambda ->
            lambda.putFunctionConcurrency(
                r -> r.functionName(function).reservedConcurrentExecutions(count)))
        .reservedConcurrentExecutions();
  }

  private String refusal(String function, int count) {
    return world.error(lambda ->
        lambda.putFunctionConcurrency(
            r -> r.functionName(function).reservedConcurrentExecutions(count)));
  }

  private Integer reserved(String function) {
    return world
        .call(lambda -> lambda.getFunctionConcurrency(r -> r.functionName(function)))
        .reservedConcurrentExecutions();
  }

  private int unreserved() {
    return world
        .call(lambda -> lambda.getAccountSettings(r -> {}))
        .accountLimit()
        .unreservedConcurrentExecutions();
  }

  @Test
  void isSetShownAndRemoved() {
    assertThat(reserve("f", 0)).isZero();
    assertThat(reserved("f")).isZero();
    assertThat(reserve("f", 1)).isEqualTo(1);
    assertThat(reserved("f")).isEqualTo(1);
    assertThat(world.ahead.reserved).containsEntry(World.ARN + "f", 1);
    assertThat(
            world
                .call(lambda -> lambda.getFunction(r -> r.functionName("f")))
                .concurrency()
                .reservedConcurrentExecutions())
        .isEqualTo(1);
    world.call(lambda -> lambda.deleteFunctionConcurrency(r -> r.functionName("f")));
    assertThat(reserved("f")).isNull();
    assertThat(world.call(lambda -> lambda.getFunction(r -> r.functionName("f"))).concurrency())
        .isNull();
    assertThat(world.ahead.reserved).isEmpty();
  }

  @Test
  void isNotForFunctionsThatAreNotThere() {
    assertThat(refusal("none", 1))
        .isEqualTo(
            "404 ResourceNotFoundException: Function not found: " + World.ARN + "none:$LATEST");
    assertThat(world.error(l -> l.getFunctionConcurrency(r -> r.functionName("none"))))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "none");
  }

  @Test
  void isNotForVersions() {
    assertThat(refusal(World.ARN + "f:$LATEST", 1)).isEqualTo(ONLY_FUNCTIONS);
    assertThat(world.error(l -> l.deleteFunctionConcurrency(r -> r.functionName("f:1"))))
        .isEqualTo(ONLY_FUNCTIONS);
  }

  @Test
  void leavesAHundredToOthers() {
    world.create("g");
    reserve("g", 500);
    String refusal =
        "400 InvalidParameterValueException: Specified ReservedConcurrentExecutions for function"
            + " decreases account's UnreservedConcurrentExecution below its minimum value of"
            + " [100].";
    assertThat(refusal("f", 401)).isEqualTo(refusal);
    assertThat(refusal("f", 1000)).isEqualTo(refusal);
    LambdaException error =
        world.refused(lambda ->
            lambda.putFunctionConcurrency(
                r -> r.functionName("f").reservedConcurrentExecutions(1000)));
    assertThat(((InvalidParameterValueException) error).type()).isEmpty();
    reserve("f", 400);
    assertThat(unreserved()).isEqualTo(100);
    reserve("f", 300);
    assertThat(unreserved()).isEqualTo(200);
  }

  @Test
  void survivesARestartAndEndsWithItsFunction() {
    reserve("f", 7);
    world.restart();
    world.ahead.reserved.clear();
    world.service().listen(world.ahead);
    assertThat(world.ahead.reserved).as("told at first").containsEntry(World.ARN + "f", 7);
    assertThat(reserved("f")).isEqualTo(7);
    world.call(lambda -> lambda.deleteFunction(r -> r.functionName("f")));
    assertThat(world.ahead.reserved).isEmpty();
    assertThat(unreserved()).isEqualTo(1000);
  }
}
