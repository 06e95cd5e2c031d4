package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DeleteFunction removes a function or one of its versions. */
class DeleteFunctionTest {
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

  @Test
  void aDeletedFunctionIsGone() {
    world.create("fn");
    assertThat(world.call(l -> l.deleteFunction(r -> r.functionName("fn"))).statusCode())
        .isEqualTo(204);
    String expected = "404 ResourceNotFoundException: Function not found: " + World.ARN + "fn";
    assertThat(world.error(l -> l.getFunction(r -> r.functionName("fn")))).isEqualTo(expected);
    assertThat(world.error(l -> l.getFunctionConfiguration(r -> r.functionName("fn"))))
        .isEqualTo(expected);
    assertThat(delete("fn", null)).isEqualTo(expected);
  }

  @Test
  void aPendingFunctionCanBeDeleted() {
    world.call(lambda -> lambda.createFunction(World.usual("fn")));
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    world.settle();
    assertThat(world.call(l -> l.listFunctions()).functions()).isEmpty();
  }

  @Test
  void oneVersionCanBeDeleted() {
    world.call(l -> l.createFunction(World.usual("fn").andThen(r -> r.publish(true))));
    world.settle();
    world.call(l -> l.deleteFunction(r -> r.functionName(World.ARN + "fn:1")));
    assertThat(world.error(l -> l.getFunction(r -> r.functionName("fn").qualifier("1"))))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "fn:1");
    assertThat(world.configuration("fn").version()).isEqualTo("$LATEST");
    // A second time is no error, as on AWS.
    world.call(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("1")));
  }

  @Test
  void ofAFunctionThatIsNotThereTheFunctionIsNamed() {
    assertThat(delete("missing", "1221"))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "missing");
    assertThat(delete("missing", "$latest"))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "missing");
  }

  @Test
  void theLatestVersionStays() {
    assertThat(delete(World.ARN + "fn:$LATEST", "$LATEST"))
        .isEqualTo(
            "400 InvalidParameterValueException: $LATEST version cannot be deleted without deleting"
                + " the function.");
  }

  @Test
  void aliasesAreNotDeletedHere() {
    assertThat(delete("fn", "a".repeat(65)))
        .isEqualTo(
            "400 InvalidParameterValueException: Deletion of aliases is not currently supported.");
  }

  @Test
  void twoDifferentQualifiersAreRefused() {
    assertThat(delete("fn:1", "2"))
        .isEqualTo(
            "400 InvalidParameterValueException: The derived qualifier from the function name does"
                + " not match the specified qualifier.");
  }

  private String delete(String name, @Nullable String qualifier) {
    return world.error(l -> l.deleteFunction(r -> r.functionName(name).qualifier(qualifier)));
  }
}
