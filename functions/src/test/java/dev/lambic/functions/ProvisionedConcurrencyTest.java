package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.GetProvisionedConcurrencyConfigResponse;
import software.amazon.awssdk.services.lambda.model.ListProvisionedConcurrencyConfigsResponse;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyStatusEnum;
import software.amazon.awssdk.services.lambda.model.PutProvisionedConcurrencyConfigResponse;

/** Provisioned concurrency of versions, with Lambda's errors. */
final class ProvisionedConcurrencyTest {
  private static final String V1 = World.ARN + "f:1";
  private static final String V2 = World.ARN + "f:2";

  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = new World(directory);
    world.service().listen(world.ahead);
    world.call(lambda -> lambda.createFunction(World.usual("f").andThen(r -> r.publish(true))));
    world.settle();
  }

  @AfterEach
  void close() {
    world.close();
  }

  private PutProvisionedConcurrencyConfigResponse put(String qualifier, int count) {
    return world.call(lambda ->
        lambda.putProvisionedConcurrencyConfig(
            r -> r.functionName("f").qualifier(qualifier).provisionedConcurrentExecutions(count)));
  }

  private String refusal(String function, String qualifier, int count) {
    return world.error(lambda ->
        lambda.putProvisionedConcurrencyConfig(r ->
            r.functionName(function).qualifier(qualifier).provisionedConcurrentExecutions(count)));
  }

  private GetProvisionedConcurrencyConfigResponse get(String qualifier) {
    return world.call(lambda ->
        lambda.getProvisionedConcurrencyConfig(r -> r.functionName("f").qualifier(qualifier)));
  }

  private void delete(String qualifier) {
    world.call(lambda ->
        lambda.deleteProvisionedConcurrencyConfig(r -> r.functionName("f").qualifier(qualifier)));
  }

  private void publish() {
    world.call(lambda ->
        lambda.updateFunctionCode(
            r -> r.functionName("f").zipFile(Zips.handler("other")).publish(true)));
    world.settle();
  }

  @Test
  void isAskedForAndShown() {
    PutProvisionedConcurrencyConfigResponse answer = put("1", 2);
    assertThat(answer.requestedProvisionedConcurrentExecutions()).isEqualTo(2);
    assertThat(answer.availableProvisionedConcurrentExecutions()).isZero();
    assertThat(answer.allocatedProvisionedConcurrentExecutions()).isZero();
    assertThat(answer.status()).isEqualTo(ProvisionedConcurrencyStatusEnum.IN_PROGRESS);
    assertThat(answer.statusReason()).isNull();
    assertThat(answer.lastModified()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\+0000");
    assertThat(world.ahead.wanted).isEqualTo(Map.of(V1, 2));
    assertThat(get("1").status()).isEqualTo(ProvisionedConcurrencyStatusEnum.IN_PROGRESS);
    world.ahead.say(V1, 2, ProvisionedConcurrencyStatusEnum.READY, null);
    assertThat(get("1"))
        .isEqualTo(
            GetProvisionedConcurrencyConfigResponse.builder()
                .requestedProvisionedConcurrentExecutions(2)
                .availableProvisionedConcurrentExecutions(2)
                .allocatedProvisionedConcurrentExecutions(2)
                .status(ProvisionedConcurrencyStatusEnum.READY)
                .lastModified(answer.lastModified())
                .build());
    world.ahead.say(V1, 0, ProvisionedConcurrencyStatusEnum.FAILED, "FUNCTION_ERROR_INIT_FAILURE");
    assertThat(get("1").status()).isEqualTo(ProvisionedConcurrencyStatusEnum.FAILED);
    assertThat(get("1").statusReason()).isEqualTo("FUNCTION_ERROR_INIT_FAILURE");
  }

  @Test
  void isChangedAndRemoved() {
    put("1", 2);
    put("1", 3);
    assertThat(world.ahead.wanted).containsEntry(V1, 3);
    delete("1");
    assertThat(world.ahead.wanted).isEmpty();
    delete("1");
    assertThat(
            world.error(
                l -> l.getProvisionedConcurrencyConfig(r -> r.functionName("f").qualifier("1"))))
        .isEqualTo(
            "404 ProvisionedConcurrencyConfigNotFoundException: No Provisioned Concurrency Config"
                + " found for this function");
  }

  @Test
  void isOnlyForWhatIsPublished() {
    assertThat(refusal("f", "$LATEST", 1))
        .isEqualTo(
            "400 InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied"
                + " to unpublished function versions.");
    String notPublished =
        "400 InvalidParameterValueException: The function resource provided must be an alias or a"
            + " published version.";
    assertThat(
            world.error(l ->
                l.getProvisionedConcurrencyConfig(r -> r.functionName("f").qualifier("$LATEST"))))
        .isEqualTo(notPublished);
    assertThat(
            world.error(l ->
                l.deleteProvisionedConcurrencyConfig(
                    r -> r.functionName("f").qualifier("$LATEST"))))
        .isEqualTo(notPublished);
  }

  @Test
  void isOnlyForWhatIsThere() {
    String gone = "404 ResourceNotFoundException: ";
    assertThat(refusal("f", "7", 1)).isEqualTo(gone + "Function not found: " + World.ARN + "f:7");
    assertThat(refusal("f", "live", 1))
        .isEqualTo(gone + "Cannot find alias arn: " + World.ARN + "f:live");
    assertThat(refusal("none", "1", 1))
        .isEqualTo(gone + "Function not found: " + World.ARN + "none:1");
    assertThat(world.error(l -> l.listProvisionedConcurrencyConfigs(r -> r.functionName("none"))))
        .isEqualTo(gone + "Function not found: " + World.ARN + "none");
  }

  @Test
  void fitsIntoWhatIsReserved() {
    world.call(lambda ->
        lambda.putFunctionConcurrency(r -> r.functionName("f").reservedConcurrentExecutions(3)));
    assertThat(refusal("f", "1", 4))
        .isEqualTo(
            "400 InvalidParameterValueException: Requested Provisioned Concurrency should not be"
                + " greater than the reservedConcurrentExecution for function");
    publish();
    put("1", 2);
    assertThat(refusal("f", "2", 2)).contains("should not be greater than the reserved");
    put("2", 1);
    assertThat(
            world.error(l ->
                l.putFunctionConcurrency(r -> r.functionName("f").reservedConcurrentExecutions(2))))
        .isEqualTo(
            "400 InvalidParameterValueException:  ReservedConcurrentExecutions  2 should not be"
                + " lower than function's total provisioned concurrency [3].");
  }

  @Test
  void leavesAHundredToOthers() {
    assertThat(refusal("f", "1", 901))
        .isEqualTo(
            "400 InvalidParameterValueException: Specified ConcurrentExecutions for function"
                + " decreases account's UnreservedConcurrentExecution below its minimum value of"
                + " [100].");
    assertThat(refusal("f", "1", 1001))
        .isEqualTo(
            "400 InvalidParameterValueException: Specified ConcurrentExecutions for function is"
                + " greater than account's unreserved concurrency [1000].");
    put("1", 900);
  }

  @Test
  void isListedInPages() {
    publish();
    put("1", 2);
    put("2", 1);
    world.ahead.say(V1, 1, ProvisionedConcurrencyStatusEnum.IN_PROGRESS, null);
    ListProvisionedConcurrencyConfigsResponse first =
        world.call(lambda ->
            lambda.listProvisionedConcurrencyConfigs(r -> r.functionName("f").maxItems(1)));
    assertThat(first.provisionedConcurrencyConfigs()).hasSize(1);
    assertThat(first.provisionedConcurrencyConfigs().getFirst().functionArn()).isEqualTo(V1);
    assertThat(
            first
                .provisionedConcurrencyConfigs()
                .getFirst()
                .availableProvisionedConcurrentExecutions())
        .isEqualTo(1);
    ListProvisionedConcurrencyConfigsResponse second =
        world.call(lambda ->
            lambda.listProvisionedConcurrencyConfigs(
                r -> r.functionName("f").marker(first.nextMarker())));
    assertThat(second.nextMarker()).isNull();
    assertThat(
            second.provisionedConcurrencyConfigs().stream()
                .map(config -> config.functionArn())
                .toList())
        .isEqualTo(List.of(World.ARN + "f:2"));
    assertThat(
            world.error(
                l -> l.listProvisionedConcurrencyConfigs(r -> r.functionName("f").marker("!"))))
        .contains("Invalid marker");
  }

  @Test
  void survivesARestartAndEndsWithItsVersion() {
    put("1", 2);
    world.restart();
    world.ahead.wanted.clear();
    world.service().listen(world.ahead);
    assertThat(world.ahead.wanted).as("told at first").containsEntry(V1, 2);
    world.call(lambda -> lambda.deleteFunction(r -> r.functionName("f").qualifier("1")));
    assertThat(world.ahead.wanted).isEmpty();
    assertThat(
            world
                .call(lambda -> lambda.listProvisionedConcurrencyConfigs(r -> r.functionName("f")))
                .provisionedConcurrencyConfigs())
        .isEmpty();
  }

  private void alias(String name, String version) {
    world.call(
        lambda -> lambda.createAlias(r -> r.functionName("f").name(name).functionVersion(version)));
  }

  @Test
  void followsItsAlias() {
    publish();
    alias("live", "1");
    put("live", 4);
    assertThat(world.ahead.wanted).isEqualTo(Map.of(V1, 4));
    world.ahead.say(V1, 4, ProvisionedConcurrencyStatusEnum.READY, null);
    assertThat(get("live").availableProvisionedConcurrentExecutions()).isEqualTo(4);
    world.call(lambda ->
        lambda.updateAlias(r ->
            r.functionName("f")
                .name("live")
                .routingConfig(route -> route.additionalVersionWeights(Map.of("2", 0.25)))));
    assertThat(world.ahead.wanted).isEqualTo(Map.of(V1, 3, V2, 1));
    assertThat(get("live").status()).isEqualTo(ProvisionedConcurrencyStatusEnum.IN_PROGRESS);
    world.ahead.say(V2, 1, ProvisionedConcurrencyStatusEnum.READY, null);
    assertThat(get("live").status()).isEqualTo(ProvisionedConcurrencyStatusEnum.READY);
    assertThat(
            world
                .call(lambda -> lambda.listProvisionedConcurrencyConfigs(r -> r.functionName("f")))
                .provisionedConcurrencyConfigs()
                .getFirst()
                .functionArn())
        .isEqualTo(World.ARN + "f:live");
    world.call(lambda ->
        lambda.updateAlias(r ->
            r.functionName("f")
                .name("live")
                .functionVersion("2")
                .routingConfig(route -> route.additionalVersionWeights(Map.of()))));
    assertThat(world.ahead.wanted).isEqualTo(Map.of(V2, 4));
    world.call(lambda -> lambda.deleteAlias(r -> r.functionName("f").name("live")));
    assertThat(world.ahead.wanted).isEmpty();
  }

  @Test
  void isGivenToAVersionByOneNameOnly() {
    publish();
    alias("live", "1");
    alias("next", "2");
    put("1", 1);
    String ofVersion =
        "409 ResourceConflictException: Alias can't be used for Provisioned Concurrency"
            + " configuration on an already Provisioned version";
    assertThat(refusal("f", "live", 1)).isEqualTo(ofVersion);
    put("next", 1);
    assertThat(refusal("f", "2", 1))
        .isEqualTo(
            "409 ResourceConflictException: Version is pointed by a Provisioned Concurrency"
                + " alias");
    assertThat(
            world.error(
                l -> l.updateAlias(r -> r.functionName("f").name("next").functionVersion("1"))))
        .isEqualTo(ofVersion);
    put("1", 2);
    put("next", 2);
    assertThat(world.ahead.wanted).isEqualTo(Map.of(V1, 2, V2, 2));
  }

  @Test
  void isNotForAnAliasOfWhatIsNotPublished() {
    alias("edge", "$LATEST");
    assertThat(refusal("f", "edge", 1))
        .isEqualTo(
            "400 InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied"
                + " to unpublished function versions.");
  }

  @Test
  void isNotForSnapshots() {
    world.call(lambda ->
        lambda.createFunction(
            World.usual("s")
                .andThen(
                    r -> r.publish(true).snapStart(snap -> snap.applyOn("PublishedVersions")))));
    world.settle();
    assertThat(refusal("s", "1", 1)).startsWith("400 InvalidParameterValueException: ");
  }

  @Test
  void tenantsHaveNeitherUrlsNorSnapshotsNorSources() {
    assertThat(
            world.error(lambda ->
                lambda.createFunction(
                    World.usual("t")
                        .andThen(r ->
                            r.tenancyConfig(t -> t.tenantIsolationMode("PER_TENANT"))
                                .snapStart(snap -> snap.applyOn("PublishedVersions"))))))
        .startsWith("400 InvalidParameterValueException: SnapStart");
    world.call(lambda ->
        lambda.createFunction(
            World.usual("t")
                .andThen(r -> r.tenancyConfig(t -> t.tenantIsolationMode("PER_TENANT")))));
    world.settle();
    assertThat(
            world.error(l -> l.createFunctionUrlConfig(r -> r.functionName("t").authType("NONE"))))
        .startsWith("400 InvalidParameterValueException: Function URLs");
    assertThat(
            world.error(l ->
                l.createEventSourceMapping(r ->
                    r.functionName("t")
                        .eventSourceArn("arn:aws:sqs:us-east-1:111111111111:queue"))))
        .startsWith("400 InvalidParameterValueException: Event source mappings");
  }

  @Test
  void isNotForFunctionsWithTenants() {
    world.call(lambda ->
        lambda.createFunction(
            World.usual("t")
                .andThen(
                    r -> r.publish(true).tenancyConfig(t -> t.tenantIsolationMode("PER_TENANT")))));
    world.settle();
    assertThat(refusal("t", "1", 1)).startsWith("400 InvalidParameterValueException: ");
    assertThat(world.configuration("t").tenancyConfig().tenantIsolationModeAsString())
        .isEqualTo("PER_TENANT");
    assertThat(world.configuration("f").tenancyConfig()).isNull();
    assertThat(
            world
                .service()
                .directory()
                .resolve("111111111111", "us-east-1", "t", "1")
                .function()
                .perTenant())
        .isTrue();
    world.call(
        lambda -> lambda.updateFunctionConfiguration(r -> r.functionName("t").memorySize(256)));
    world.settle();
    assertThat(world.configuration("t").tenancyConfig().tenantIsolationModeAsString())
        .as("no update changes it")
        .isEqualTo("PER_TENANT");
  }
}
