package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.wire.Caller;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.ListFunctionsResponse;
import software.amazon.awssdk.services.lambda.model.RuntimeVersionConfig;

/** ListFunctions shows functions in pages, with fewer members than GetFunction. */
class ListFunctionsTest {
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
  void itemsShowNeitherStateNorRuntimeVersion() {
    FunctionConfiguration whole = world.create("fn");
    ListFunctionsResponse answer = world.call(l -> l.listFunctions());
    assertThat(answer.nextMarker()).isNull();
    assertThat(answer.functions())
        .containsExactly(
            whole.toBuilder()
                .state((String) null)
                .lastUpdateStatus((String) null)
                .runtimeVersionConfig((RuntimeVersionConfig) null)
                .build());
  }

  @Test
  void allVersionsAreShownWithQualifiedArns() {
    world.call(l -> l.createFunction(World.usual("one").andThen(r -> r.publish(true))));
    world.create("two");
    assertThat(world.call(l -> l.listFunctions(r -> r.functionVersion("ALL"))).functions())
        .extracting(FunctionConfiguration::functionArn)
        .containsExactly(World.ARN + "one:$LATEST", World.ARN + "one:1", World.ARN + "two:$LATEST");
    assertThat(world.call(l -> l.listFunctions()).functions())
        .extracting(FunctionConfiguration::functionArn)
        .containsExactly(World.ARN + "one", World.ARN + "two");
  }

  @Test
  void pagesFollowEachOther() {
    List<String> names = IntStream.range(10, 17).mapToObj(i -> "fn" + i).toList();
    names.forEach(world::create);
    List<String> seen = new ArrayList<>();
    for (ListFunctionsResponse page :
        world.call(l -> l.listFunctionsPaginator(r -> r.maxItems(3)).stream().toList())) {
      assertThat(page.functions().size()).isLessThanOrEqualTo(3);
      page.functions().forEach(function -> seen.add(function.functionName()));
    }
    assertThat(seen).isEqualTo(names);
  }

  @Test
  void pagesOfVersionsFollowEachOther() {
    List<String> expected = new ArrayList<>();
    for (String name : List.of("a", "b", "c")) {
      world.create(name);
      expected.add(World.ARN + name + ":$LATEST");
      for (int i = 1; i <= 11; i++) {
        world.describe(name, "number " + i);
        world.publish(name);
        expected.add(World.ARN + name + ":" + i);
      }
    }
    for (int size : new int[] {1, 5, 12, 50}) {
      List<String> seen = new ArrayList<>();
      for (ListFunctionsResponse page :
          world.call(l ->
              l.listFunctionsPaginator(r -> r.functionVersion("ALL").maxItems(size)).stream()
                  .toList())) {
        assertThat(page.functions().size()).isLessThanOrEqualTo(size);
        page.functions().forEach(function -> seen.add(function.functionArn()));
      }
      assertThat(seen).isEqualTo(expected);
    }
  }

  @Test
  void whatIsDeletedBetweenTwoPagesHidesNothingElse() {
    List.of("a", "b", "c", "d").forEach(world::create);
    ListFunctionsResponse first = world.call(l -> l.listFunctions(r -> r.maxItems(2)));
    world.call(l -> l.deleteFunction(r -> r.functionName("b")));
    world.call(l -> l.deleteFunction(r -> r.functionName("a")));
    assertThat(world.call(l -> l.listFunctions(r -> r.marker(first.nextMarker()))).functions())
        .extracting(FunctionConfiguration::functionName)
        .containsExactly("c", "d");
  }

  @Test
  void aPageHasAtMostFiftyItems() {
    IntStream.range(100, 151).forEach(i -> world.create("fn" + i));
    ListFunctionsResponse first = world.call(l -> l.listFunctions(r -> r.maxItems(10_000)));
    assertThat(first.functions()).hasSize(50);
    assertThat(first.nextMarker()).isNotNull();
    ListFunctionsResponse second =
        world.call(l -> l.listFunctions(r -> r.marker(first.nextMarker())));
    assertThat(second.functions()).hasSize(1);
    assertThat(second.nextMarker()).isNull();
  }

  @Test
  void aMarkerThatWasNotGivenIsRefused() {
    for (String marker : List.of("nonsense!", "YWJj", "")) {
      assertThat(world.error(l -> l.listFunctions(r -> r.marker(marker))))
          .startsWith("400 InvalidParameterValueException");
    }
  }

  @Test
  void onlyTheCallersOwnFunctionsAreShown() {
    world.create("fn");
    assertThat(
            world
                .call(Caller.ofAccount("222222222222", "us-east-1"), l -> l.listFunctions())
                .functions())
        .isEmpty();
    assertThat(
            world
                .call(Caller.ofAccount("111111111111", "eu-west-1"), l -> l.listFunctions())
                .functions())
        .isEmpty();
  }

  @Test
  void accountSettingsCountFunctionsAndCode() {
    world.call(l -> l.createFunction(World.usual("one").andThen(r -> r.publish(true))));
    world.create("two");
    var settings = world.call(l -> l.getAccountSettings());
    long size = world.configuration("two").codeSize();
    assertThat(settings.accountUsage().functionCount()).isEqualTo(2);
    assertThat(settings.accountUsage().totalCodeSize()).isEqualTo(3 * size);
    assertThat(settings.accountLimit().codeSizeUnzipped()).isEqualTo(262_144_000L);
    assertThat(settings.accountLimit().codeSizeZipped()).isEqualTo(52_428_800L);
    assertThat(settings.accountLimit().totalCodeSize()).isEqualTo(80_530_636_800L);
    assertThat(settings.accountLimit().concurrentExecutions()).isEqualTo(1000);
    assertThat(settings.accountLimit().unreservedConcurrentExecutions()).isEqualTo(1000);
  }
}
