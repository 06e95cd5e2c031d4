package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;
import software.amazon.awssdk.services.lambda.model.CreateAliasRequest;
import software.amazon.awssdk.services.lambda.model.CreateAliasResponse;
import software.amazon.awssdk.services.lambda.model.GetAliasResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.ListAliasesRequest;
import software.amazon.awssdk.services.lambda.model.ListAliasesResponse;
import software.amazon.awssdk.services.lambda.model.UpdateAliasRequest;

/** Aliases lead to versions, some to two of them. */
class AliasesTest {
  private static final String NOT_THERE =
      "404 ResourceNotFoundException: Function not found: " + World.ARN;
  private static final String FUNCTIONS_ONLY =
      "400 InvalidParameterValueException: This operation is permitted on Lambda functions only."
          + " Aliases and versions do not support this operation. Please specify either a function"
          + " name or an unqualified function ARN.";

  @TempDir private Path directory;
  private World world;

  /** A function with the versions 1 and 2. */
  @BeforeEach
  void open() {
    world = new World(directory);
    world.create("fn");
    world.publish("fn");
    world.describe("fn", "second");
    world.publish("fn");
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void anAliasIsKept() {
    CreateAliasResponse made = create("live", r -> r.functionVersion("1").description("what runs"));
    assertThat(made.aliasArn()).isEqualTo(World.ARN + "fn:live");
    assertThat(made.name()).isEqualTo("live");
    assertThat(made.functionVersion()).isEqualTo("1");
    assertThat(made.description()).isEqualTo("what runs");
    assertThat(made.routingConfig()).isNull();
    assertThat(made.revisionId()).isNotEmpty();
    assertThat(fields(get("live"))).isEqualTo(fields(made));
    world.restart();
    assertThat(fields(get("live"))).isEqualTo(fields(made));
    assertThat(create("plain", r -> r.functionVersion("$LATEST")).description()).isEmpty();
    assertThat(create("2024-01-02", r -> r.functionVersion("1")).name()).isEqualTo("2024-01-02");
  }

  @Test
  void anAliasLeadsToItsVersion() {
    create("live", r -> r.functionVersion("1"));
    GetFunctionResponse shown = world.call(l -> l.getFunction(r -> r.functionName("fn:live")));
    GetFunctionResponse version = world.call(l -> l.getFunction(r -> r.functionName("fn:1")));
    assertThat(shown.configuration())
        .isEqualTo(version.configuration().toBuilder().functionArn(World.ARN + "fn:live").build());
    assertThat(shown.code()).isEqualTo(version.code());
    for (String name :
        List.of(
            "fn:live",
            "111111111111:function:fn:live",
            "function:fn:live",
            World.ARN + "fn:live")) {
      assertThat(world.resolve(name).function()).isEqualTo(world.resolve("fn:1").function());
      assertThat(world.resolve(name).invokedArn()).isEqualTo(World.ARN + "fn:live");
      assertThat(world.call(l -> l.getFunctionConfiguration(r -> r.functionName(name))).version())
          .isEqualTo("1");
    }
    assertThat(
            world
                .call(l -> l.getFunctionConfiguration(r -> r.functionName("fn").qualifier("live")))
                .functionArn())
        .isEqualTo(World.ARN + "fn:live");
    assertThat(world.error(l -> l.getFunction(r -> r.functionName("fn").qualifier("dead"))))
        .isEqualTo(NOT_THERE + "fn:dead");
    assertThat(
            world.error(
                l -> l.getFunctionConfiguration(r -> r.functionName("fn:live").qualifier("1"))))
        .isEqualTo(
            "400 InvalidParameterValueException: The derived qualifier from the function name does"
                + " not match the specified qualifier.");
  }

  @Test
  void anAliasOfLatestFollowsIt() {
    create("newest", r -> r.functionVersion("$LATEST"));
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("new"))));
    world.settle();
    assertThat(world.resolve("fn:newest").function())
        .isEqualTo(world.resolve("fn:$LATEST").function());
    assertThat(world.resolve("fn:newest").invokedArn()).isEqualTo(World.ARN + "fn:newest");
    assertThat(get("newest").functionVersion()).isEqualTo("$LATEST");
  }

  @Test
  void callsAreSharedOutByWeight() {
    create("live", weighted("1", "2", 0.2));
    Map<String, Double> shown = get("live").routingConfig().additionalVersionWeights();
    assertThat(shown).isEqualTo(Map.of("2", 0.2));
    assertThat(second("live", 10_000)).isBetween(1_800, 2_200);
    update("live", r -> r.routingConfig(c -> c.additionalVersionWeights(Map.of("2", 1.0))));
    assertThat(second("live", 1_000)).isEqualTo(1_000);
    update("live", r -> r.routingConfig(c -> c.additionalVersionWeights(Map.of("2", 0.0))));
    assertThat(second("live", 1_000)).isZero();
    world.restart();
    assertThat(second("live", 1_000)).isZero();
    update("live", r -> r.routingConfig(c -> c.additionalVersionWeights(Map.of("2", 0.5))));
    world.restart();
    assertThat(second("live", 10_000)).isBetween(4_700, 5_300);
    assertThat(world.call(l -> l.getFunction(r -> r.functionName("fn:live"))).configuration())
        .extracting(c -> c.version())
        .isEqualTo("1");
  }

  @Test
  void anUpdateChangesWhatItNames() {
    String first =
        create("live", weighted("1", "2", 0.2).andThen(r -> r.description("d"))).revisionId();
    var same = update("live", r -> {});
    assertThat(same.revisionId()).isNotEqualTo(first);
    assertThat(same.description()).isEqualTo("d");
    assertThat(same.routingConfig().additionalVersionWeights()).isEqualTo(Map.of("2", 0.2));
    assertThat(update("live", r -> r.description("")).description()).isEmpty();
    var bare = update("live", r -> r.routingConfig(c -> c.additionalVersionWeights(Map.of())));
    assertThat(bare.routingConfig()).isNull();
    assertThat(update("live", r -> r.functionVersion("2")).functionVersion()).isEqualTo("2");
    assertThat(fields(get("live")))
        .isEqualTo(World.ARN + "fn:live live 2 '' null " + get("live").revisionId());
    world.restart();
    assertThat(world.resolve("fn:live").function().version()).isEqualTo("2");
  }

  @Test
  void anUpdateOfAnotherRevisionIsRefused() {
    String revision = create("live", r -> r.functionVersion("1")).revisionId();
    update("live", r -> r.revisionId(revision).functionVersion("2"));
    assertThat(updateError("live", r -> r.revisionId(revision).functionVersion("1")))
        .isEqualTo(
            "412 PreconditionFailedException: The Revision Id provided does not match the latest"
                + " Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision"
                + " Id");
    assertThat(get("live").functionVersion()).isEqualTo("2");
  }

  @Test
  void weightsThatMakeNoSenseAreRefused() {
    world.describe("fn", "third");
    world.publish("fn");
    String more =
        "400 InvalidParameterValueException: Number of items in AdditionalVersionWeights"
            + " cannot be greater than 1";
    String same =
        "400 InvalidParameterValueException: Invalid function version 1. Function version"
            + " 1 is already included in routing configuration.";
    String latest =
        "400 InvalidParameterValueException: $LATEST is not supported for an alias"
            + " pointing to more than 1 version";
    assertThat(
            createError(
                "fn",
                r ->
                    r.functionVersion("1")
                        .routingConfig(
                            c -> c.additionalVersionWeights(Map.of("1", 0.8, "2", 0.2)))))
        .isEqualTo(more);
    assertThat(createError("fn", weighted("1", "1", 0.5))).isEqualTo(same);
    assertThat(createError("fn", weighted("$LATEST", "1", 0.5))).isEqualTo(latest);
    assertThat(createError("fn", weighted("10", "2", 0.5))).isEqualTo(NOT_THERE + "fn:10");
    assertThat(createError("fn", weighted("1", "10", 0.5))).isEqualTo(NOT_THERE + "fn:10");
    assertThat(createError("missing", weighted("1", "2", 0.5))).isEqualTo(NOT_THERE + "missing:1");
    assertThat(createError("fn", r -> r.functionVersion("$LATEST.PUBLISHED")))
        .isEqualTo(NOT_THERE + "fn:$LATEST.PUBLISHED");
    assertThat(aliases(r -> {})).isEmpty();

    create("live", weighted("2", "1", 0.5));
    assertThat(updateError("live", r -> r.functionVersion("1"))).isEqualTo(same);
    assertThat(updateError("live", r -> r.functionVersion("$LATEST"))).isEqualTo(latest);
    assertThat(updateError("live", r -> r.functionVersion("7"))).isEqualTo(NOT_THERE + "fn:7");
    assertThat(
            updateError(
                "live", r -> r.routingConfig(c -> c.additionalVersionWeights(Map.of("8", 0.5)))))
        .isEqualTo(NOT_THERE + "fn:8");
    assertThat(get("live").functionVersion()).isEqualTo("2");
    assertThat(create("bare", r -> r.functionVersion("1").routingConfig(c -> {})).routingConfig())
        .isNull();
  }

  @Test
  void aNameIsTakenOnce() {
    create("live", r -> r.functionVersion("1"));
    assertThat(createError("fn", r -> r.functionVersion("2")))
        .isEqualTo("409 ResourceConflictException: Alias already exists: " + World.ARN + "fn:live");
    assertThat(get("live").functionVersion()).isEqualTo("1");
  }

  @Test
  void whatIsNotThereIsNamed() {
    assertThat(world.error(l -> l.getAlias(r -> r.functionName("fn").name("dead"))))
        .isEqualTo(
            "404 ResourceNotFoundException: Cannot find alias arn: " + World.ARN + "fn:dead");
    assertThat(updateError("dead", r -> r.functionVersion("1")))
        .isEqualTo("404 ResourceNotFoundException: Alias not found: " + World.ARN + "fn:dead");
    world.call(l -> l.deleteAlias(r -> r.functionName("fn").name("dead")));
    String missing = NOT_THERE + "missing";
    assertThat(world.error(l -> l.getAlias(r -> r.functionName("missing").name("live"))))
        .isEqualTo(missing);
    assertThat(world.error(l -> l.updateAlias(r -> r.functionName("missing").name("live"))))
        .isEqualTo(missing);
    assertThat(world.error(l -> l.deleteAlias(r -> r.functionName("missing").name("live"))))
        .isEqualTo(missing);
    assertThat(world.error(l -> l.listAliases(r -> r.functionName("missing")))).isEqualTo(missing);
  }

  @Test
  void aliasesBelongToFunctionsOnly() {
    create("live", r -> r.functionVersion("1"));
    for (String name : List.of("fn:1", "fn:live", World.ARN + "fn:$LATEST")) {
      assertThat(createError(name, r -> r.functionVersion("1"))).isEqualTo(FUNCTIONS_ONLY);
      assertThat(world.error(l -> l.getAlias(r -> r.functionName(name).name("live"))))
          .isEqualTo(FUNCTIONS_ONLY);
      assertThat(world.error(l -> l.updateAlias(r -> r.functionName(name).name("live"))))
          .isEqualTo(FUNCTIONS_ONLY);
      assertThat(world.error(l -> l.deleteAlias(r -> r.functionName(name).name("live"))))
          .isEqualTo(FUNCTIONS_ONLY);
      assertThat(world.error(l -> l.listAliases(r -> r.functionName(name))))
          .isEqualTo(FUNCTIONS_ONLY);
    }
    GetAliasResponse byArn =
        world.call(l -> l.getAlias(r -> r.functionName(World.ARN + "fn").name("live")));
    assertThat(byArn).isEqualTo(get("live"));
  }

  @Test
  void aliasesComeInPagesInTheOrderOfTheirNames() {
    for (String name : List.of("d", "b", "e", "a", "c")) {
      create(name, r -> r.functionVersion(name.equals("b") ? "2" : "1"));
    }
    List<String> seen = new ArrayList<>();
    for (ListAliasesResponse page :
        world.call(
            l -> l.listAliasesPaginator(r -> r.functionName("fn").maxItems(2)).stream().toList())) {
      assertThat(page.aliases().size()).isLessThanOrEqualTo(2);
      page.aliases().forEach(alias -> seen.add(alias.name()));
    }
    assertThat(seen).containsExactly("a", "b", "c", "d", "e");
    assertThat(aliases(r -> r.functionVersion("1"))).containsExactly("a", "c", "d", "e");
    assertThat(aliases(r -> r.functionVersion("2"))).containsExactly("b");
    assertThat(aliases(r -> r.functionVersion("$LATEST"))).isEmpty();
    ListAliasesResponse two =
        world.call(l -> l.listAliases(r -> r.functionName("fn").functionVersion("1").maxItems(2)));
    world.call(l -> l.deleteAlias(r -> r.functionName("fn").name("c")));
    assertThat(aliases(r -> r.functionVersion("1").marker(two.nextMarker())))
        .containsExactly("d", "e");
  }

  @Test
  void aVersionThatAliasesLeadToStays() {
    create("live", weighted("2", "1", 0.1));
    create("old", r -> r.functionVersion("1"));
    assertThat(world.error(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("1"))))
        .isEqualTo(
            "409 ResourceConflictException: Unable to delete version because the following aliases"
                + " reference it: [live, old]");
    assertThat(world.error(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("live"))))
        .isEqualTo(
            "400 InvalidParameterValueException: Deletion of aliases is not currently supported.");
    world.call(l -> l.deleteAlias(r -> r.functionName("fn").name("old")));
    update("live", r -> r.routingConfig(c -> c.additionalVersionWeights(Map.of())));
    world.call(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("1")));
    assertThat(world.error(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("2"))))
        .endsWith("[live]");
  }

  @Test
  void aDeletedAliasTakesAlongWhatItHad() {
    create("live", r -> r.functionVersion("1"));
    world.call(l -> l.deleteAlias(r -> r.functionName("fn").name("live")));
    assertThat(aliases(r -> {})).isEmpty();
    assertThat(world.error(l -> l.getFunction(r -> r.functionName("fn:live"))))
        .isEqualTo(NOT_THERE + "fn:live");
    world.restart();
    assertThat(aliases(r -> {})).isEmpty();
  }

  @Test
  void aDeletedFunctionHasNoAliasesWhenItComesAgain() {
    create("live", r -> r.functionVersion("1"));
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    world.restart();
    world.create("fn");
    assertThat(aliases(r -> {})).isEmpty();
    assertThat(world.publish("fn").version()).isEqualTo("1");
  }

  @Test
  void changesOfTheFunctionLeaveAliasesAlone() {
    create("live", weighted("1", "2", 0.3));
    GetAliasResponse before = get("live");
    world.describe("fn", "third");
    world.call(l ->
        l.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("new")).publish(true)));
    world.settle();
    world.call(l -> l.tagResource(r -> r.resource(World.ARN + "fn").tags(Map.of("a", "b"))));
    assertThat(get("live")).isEqualTo(before);
    world.restart();
    assertThat(get("live")).isEqualTo(before);
  }

  @Test
  void listenersHearOfVersionsAlone() {
    List<String> heard = new ArrayList<>();
    world
        .service()
        .listen(
            new FunctionListener() {
              @Override
              public void updated(FunctionVersion now) {
                heard.add("updated " + now.version());
              }

              @Override
              public void deleted(FunctionVersion was) {
                heard.add("deleted " + was.version());
              }
            });
    create("live", weighted("1", "2", 0.3));
    update("live", r -> r.functionVersion("2").routingConfig(c -> {}));
    world.call(l -> l.deleteAlias(r -> r.functionName("fn").name("live")));
    assertThat(heard).isEmpty();
    world.describe("fn", "third");
    world.publish("fn");
    world.call(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("1")));
    assertThat(heard).containsExactly("updated $LATEST", "updated 3", "deleted 1");
  }

  private CreateAliasResponse create(String name, Consumer<CreateAliasRequest.Builder> more) {
    return world.call(l -> l.createAlias(r -> more.accept(r.functionName("fn").name(name))));
  }

  private static Consumer<CreateAliasRequest.Builder> weighted(
      String version, String other, double weight) {
    return r ->
        r.functionVersion(version)
            .routingConfig(c -> c.additionalVersionWeights(Map.of(other, weight)));
  }

  private String createError(String function, Consumer<CreateAliasRequest.Builder> more) {
    return world.error(l -> l.createAlias(r -> more.accept(r.functionName(function).name("live"))));
  }

  private GetAliasResponse update(String name, Consumer<UpdateAliasRequest.Builder> more) {
    var answer = world.call(l -> l.updateAlias(r -> more.accept(r.functionName("fn").name(name))));
    GetAliasResponse now = get(name);
    assertThat(answer.toString().replaceFirst("^[A-Za-z]*", ""))
        .isEqualTo(now.toString().replaceFirst("^[A-Za-z]*", ""));
    return now;
  }

  private String updateError(String name, Consumer<UpdateAliasRequest.Builder> more) {
    return world.error(l -> l.updateAlias(r -> more.accept(r.functionName("fn").name(name))));
  }

  private GetAliasResponse get(String name) {
    return world.call(l -> l.getAlias(r -> r.functionName("fn").name(name)));
  }

  private List<String> aliases(Consumer<ListAliasesRequest.Builder> more) {
    return world.call(l -> l.listAliases(r -> more.accept(r.functionName("fn")))).aliases().stream()
        .map(AliasConfiguration::name)
        .toList();
  }

  /** How many of the calls run version 2. */
  private int second(String alias, int calls) {
    int second = 0;
    for (int i = 0; i < calls; i++) {
      Resolved call = world.resolve("fn:" + alias);
      assertThat(call.invokedArn()).isEqualTo(World.ARN + "fn:" + alias);
      second += call.function().version().equals("2") ? 1 : 0;
    }
    return second;
  }

  private static String fields(GetAliasResponse a) {
    return fields(
        AliasConfiguration.builder()
            .aliasArn(a.aliasArn())
            .name(a.name())
            .functionVersion(a.functionVersion())
            .description(a.description())
            .routingConfig(a.routingConfig())
            .revisionId(a.revisionId())
            .build());
  }

  private static String fields(CreateAliasResponse a) {
    return fields(
        AliasConfiguration.builder()
            .aliasArn(a.aliasArn())
            .name(a.name())
            .functionVersion(a.functionVersion())
            .description(a.description())
            .routingConfig(a.routingConfig())
            .revisionId(a.revisionId())
            .build());
  }

  private static String fields(AliasConfiguration a) {
    return "%s %s %s '%s' %s %s"
        .formatted(
            a.aliasArn(),
            a.name(),
            a.functionVersion(),
            a.description(),
            a.routingConfig(),
            a.revisionId());
  }
}
