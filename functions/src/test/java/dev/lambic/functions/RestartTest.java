package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionsResponse;

/** A server that starts again on the same data shows the same functions, ready to run. */
class RestartTest {
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
  void everythingIsAsItWas() {
    world.call(l ->
        l.createFunction(
            World.usual("fn")
                .andThen(r ->
                    r.publish(true)
                        .description("Ünïcödé \"quoted\"\n")
                        .tags(Map.of("B", "b", "A", "a"))
                        .environment(e -> e.variables(Map.of("EMPTY", "", "X", "y"))))));
    world.settle();
    world.call(l ->
        l.createFunction(
            World.usual("empty").andThen(r -> r.environment(e -> e.variables(Map.of())))));
    world.create("bare");
    world.settle();
    ListFunctionsResponse list = all();
    GetFunctionResponse fn = get("fn");
    GetFunctionResponse empty = get("empty");
    GetFunctionResponse bare = get("bare");
    Resolved running = resolve("fn:1");
    world.restart();
    assertThat(all()).isEqualTo(list);
    assertThat(get("fn")).isEqualTo(fn);
    assertThat(get("empty")).isEqualTo(empty);
    assertThat(get("bare")).isEqualTo(bare);
    assertThat(get("bare").configuration().environment()).isNull();
    assertThat(resolve("fn:1")).isEqualTo(running);
  }

  @Test
  void deletedFunctionsStayDeleted() {
    world.call(l -> l.createFunction(World.usual("fn").andThen(r -> r.publish(true))));
    world.settle();
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    world.restart();
    assertThat(all().functions()).isEmpty();
    // Nothing of the former one comes back with a new one of the name.
    world.create("fn");
    world.restart();
    assertThat(all().functions()).hasSize(1);
  }

  @Test
  void whatWasOnItsWayIsFinished() {
    world.call(l -> l.createFunction(World.usual("pending").andThen(r -> r.publish(true))));
    world.create("updating");
    world.call(
        l -> l.updateFunctionCode(r -> r.functionName("updating").zipFile(Zips.handler("new"))));
    world.restart();
    assertThat(get("pending").configuration().stateAsString()).isEqualTo("Active");
    assertThat(get("updating").configuration().lastUpdateStatusAsString()).isEqualTo("Successful");
    for (String name : new String[] {"pending", "pending:1", "updating"}) {
      try (CodeStore.Lease lease =
          world.service().code().acquire(resolve(name).function().codeId())) {
        assertThat(lease.directory().resolve("index.py")).exists();
      }
    }
    assertThat(resolve("updating").function().codeSha256())
        .isEqualTo(get("updating").configuration().codeSha256());
  }

  @Test
  void unpackedCodeThatIsLostIsUnpackedAgain() throws Exception {
    world.create("fn");
    String codeId = resolve("fn").function().codeId();
    Trees.delete(world.directory.resolve("functions/code").resolve(codeId));
    world.restart();
    assertThat(world.service().code().isReady(codeId)).isTrue();
    assertThat(get("fn").configuration().stateAsString()).isEqualTo("Active");
  }

  @Test
  void manyPackagesAreUnpackedAgain() throws Exception {
    for (int i = 0; i < 20; i++) {
      SdkBytes zip = Zips.handler("number " + i);
      String name = "fn" + i;
      world.call(
          l -> l.createFunction(World.usual(name).andThen(r -> r.code(c -> c.zipFile(zip)))));
    }
    world.settle();
    Trees.delete(world.directory.resolve("functions/code"));
    world.restart();
    assertThat(all().functions()).hasSize(20);
    for (int i = 0; i < 20; i++) {
      assertThat(get("fn" + i).configuration().stateAsString()).isEqualTo("Active");
    }
  }

  private ListFunctionsResponse all() {
    return world.call(l -> l.listFunctions(r -> r.functionVersion("ALL")));
  }

  private GetFunctionResponse get(String name) {
    return world.call(l -> l.getFunction(r -> r.functionName(name)));
  }

  private Resolved resolve(String name) {
    return world.service().directory().resolve("111111111111", "us-east-1", name, null);
  }
}
