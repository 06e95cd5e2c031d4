package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** What is asked about functions is answered from memory; only changes use the store. */
class ReadsTest {
  @TempDir private Path directory;
  private World world;
  private int before;

  @BeforeEach
  void open() {
    world = new World(directory);
    world.create("fn");
    world.publish("fn");
    world.describe("fn", "second");
    world.publish("fn");
    world.call(l ->
        l.createAlias(r ->
            r.functionName("fn")
                .name("live")
                .functionVersion("1")
                .routingConfig(c -> c.additionalVersionWeights(Map.of("2", 0.5)))));
    before = world.records().transactions();
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void readsDoNotUseTheStore() {
    for (String name : new String[] {"fn", "fn:$LATEST", "fn:1", "fn:live", World.ARN + "fn:2"}) {
      read(l -> l.getFunction(r -> r.functionName(name)));
      read(l -> l.getFunctionConfiguration(r -> r.functionName(name)));
      world.resolve(name);
      notUsed();
    }
    read(l -> l.listFunctions());
    read(l -> l.listFunctions(r -> r.functionVersion("ALL").maxItems(2)));
    read(l -> l.listVersionsByFunction(r -> r.functionName("fn")));
    read(l -> l.getAlias(r -> r.functionName("fn").name("live")));
    read(l -> l.listAliases(r -> r.functionName("fn")));
    read(l -> l.listTags(r -> r.resource(World.ARN + "fn")));
    read(l -> l.getAccountSettings());
  }

  @Test
  void refusalsDoNotUseTheStore() {
    for (String name : new String[] {"missing", "fn:7", "fn:dead"}) {
      world.error(l -> l.getFunction(r -> r.functionName(name)));
      world.error(l -> l.getFunctionConfiguration(r -> r.functionName(name)));
      notUsed();
    }
    world.error(l -> l.getAlias(r -> r.functionName("fn").name("dead")));
    world.error(l -> l.publishVersion(r -> r.functionName("fn").revisionId("other")));
    world.error(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("1")));
    // Nothing new, nothing to write.
    world.publish("fn");
    world.call(l -> l.deleteAlias(r -> r.functionName("fn").name("dead")));
    notUsed();
  }

  @Test
  void aChangeIsOneTransaction() {
    world.call(l -> l.updateAlias(r -> r.functionName("fn").name("live").functionVersion("1")));
    assertThat(world.records().transactions()).isEqualTo(before + 1);
  }

  private void read(Function<LambdaClient, ?> operation) {
    world.call(operation);
    notUsed();
  }

  private void notUsed() {
    assertThat(world.records().transactions()).isEqualTo(before);
  }
}
