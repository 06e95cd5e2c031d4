package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;

/** Every transition of a version's life is taken, many by starting again after a loss. */
class LifecycleTest {
  private static final List<String> ALL = List.of("active", "pending", "updating", "failed-update");

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
  void everyTransitionOfTheTableHappens() throws IOException {
    bringIntoEveryState("first");
    world.restart();
    assertAll(Lifecycle.ACTIVE);

    bringIntoEveryState("second");
    for (String name : ALL) {
      loseCode(name);
    }
    world.restart();
    assertAll(Lifecycle.FAILED);
    assertFailedFunctionsSaySo();
    expectFaults(ALL.size());

    for (String name : ALL) {
      findCode(name);
    }
    world.restart();
    assertAll(Lifecycle.ACTIVE);

    afterAFailedUpdateAnotherMaySucceed();
    aNewFunctionMayFail();
    assertThat(Lifecycle.TABLE.untaken()).isEmpty();
  }

  private void bringIntoEveryState(String says) throws IOException {
    for (String name : List.of("active", "updating", "failed-update")) {
      if (says.equals("first")) {
        world.create(name);
      } else {
        updateCode(name, says + name);
        world.settle();
      }
    }
    failUpdate("failed-update", says + " failing");
    if (says.equals("second")) {
      world.call(l -> l.deleteFunction(r -> r.functionName("pending")));
    }
    create("pending", says + " pending");
    updateCode("updating", says + " updating");
    assertThat(lifecycle("active")).isEqualTo(Lifecycle.ACTIVE);
    assertThat(lifecycle("pending")).isEqualTo(Lifecycle.PENDING);
    assertThat(lifecycle("updating")).isEqualTo(Lifecycle.UPDATING);
    assertThat(lifecycle("failed-update")).isEqualTo(Lifecycle.UPDATE_FAILED);
  }

  private void assertAll(Lifecycle expected) {
    for (String name : ALL) {
      assertThat(lifecycle(name)).as(name).isEqualTo(expected);
    }
  }

  private void assertFailedFunctionsSaySo() {
    for (String name : ALL) {
      FunctionConfiguration failed = world.configuration(name);
      assertThat(failed.stateAsString()).isEqualTo("Failed");
      assertThat(failed.stateReasonCodeAsString()).isEqualTo("InternalError");
      assertThat(failed.stateReason()).startsWith("The code could not be prepared");
      assertThatThrownBy(
              () -> world.service().directory().resolve("111111111111", "us-east-1", name, null))
          .hasMessageContaining("currently in the following state: Failed");
      assertThat(
              world.error(l -> l.updateFunctionConfiguration(r -> r.functionName(name).timeout(9))))
          .contains("currently in the following state: Failed");
    }
  }

  private void afterAFailedUpdateAnotherMaySucceed() throws IOException {
    failUpdate("active", "bad");
    updateCode("active", "good");
    world.settle();
    assertThat(lifecycle("active")).isEqualTo(Lifecycle.ACTIVE);
  }

  private void aNewFunctionMayFail() throws IOException {
    create("never", "never");
    Path place = tree("never");
    Files.createFile(place);
    world.settle();
    assertThat(lifecycle("never")).isEqualTo(Lifecycle.FAILED);
    Files.delete(place);
    expectFaults(1);
  }

  /** Lets the update fail by a file that lies where the unpacked code should go. */
  private void failUpdate(String name, String says) throws IOException {
    updateCode(name, says);
    Path place = tree(name);
    Files.createFile(place);
    world.settle();
    assertThat(lifecycle(name)).isEqualTo(Lifecycle.UPDATE_FAILED);
    Files.delete(place);
    expectFaults(1);
  }

  private void expectFaults(int number) {
    assertThat(world.faults).hasSize(number);
    world.faults.clear();
  }

  private void create(String name, String says) {
    world.call(l ->
        l.createFunction(
            World.usual(name).andThen(r -> r.code(c -> c.zipFile(Zips.handler(says))))));
  }

  private void updateCode(String name, String says) {
    world.call(l -> l.updateFunctionCode(r -> r.functionName(name).zipFile(Zips.handler(says))));
  }

  private Lifecycle lifecycle(String name) {
    return Lifecycle.of(world.configuration(name));
  }

  private void loseCode(String name) throws IOException {
    Files.move(zip(name), aside(name));
    if (Files.isDirectory(tree(name))) {
      Trees.delete(tree(name));
    }
  }

  private void findCode(String name) throws IOException {
    Files.move(aside(name), zip(name));
  }

  private Path aside(String name) {
    return world.directory.resolve("aside-" + name);
  }

  private Path zip(String name) {
    return world.directory.resolve("functions/packages").resolve(codeId(name));
  }

  private Path tree(String name) {
    return world.directory.resolve("functions/code").resolve(codeId(name));
  }

  private String codeId(String name) {
    return Configurations.codeId(world.configuration(name));
  }
}
