package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationResponse;

/** Updates move through InProgress to Successful, one at a time. */
class UpdateFunctionTest {
  private static final String IN_PROGRESS =
      "409 ResourceConflictException: The operation cannot be performed at this time. An update is"
          + " in progress for resource: "
          + World.ARN
          + "fn";
  private static final String MISMATCH =
      "412 PreconditionFailedException: The Revision Id provided does not match the latest Revision"
          + " Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";

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
  void configurationChangesAreInProgressAndThenSuccessful() {
    FunctionConfiguration before = world.create("fn");
    world.clock.advance(Duration.ofSeconds(5));
    UpdateFunctionConfigurationResponse answer =
        world.call(lambda ->
            lambda.updateFunctionConfiguration(r ->
                r.functionName("fn")
                    .description("Changed")
                    .runtime("python3.11")
                    .timeout(10)
                    .memorySize(512)
                    .handler("other.handler")
                    .role(World.ROLE + "2")
                    .ephemeralStorage(e -> e.size(1024))
                    .environment(e -> e.variables(Map.of("ENV_A", "a")))));
    assertThat(answer.stateAsString()).isEqualTo("Active");
    assertThat(answer.lastUpdateStatusAsString()).isEqualTo("InProgress");
    assertThat(answer.lastUpdateStatusReason()).isEqualTo("The function is being created.");
    assertThat(answer.lastUpdateStatusReasonCodeAsString()).isEqualTo("Creating");
    assertThat(answer.revisionId()).isNotEqualTo(before.revisionId());
    assertThat(answer.lastModified()).isEqualTo("2026-03-04T05:06:12.089+0000");
    assertThat(answer.codeSha256()).isEqualTo(before.codeSha256());
    assertThat(answer.runtimeVersionConfig()).isNotEqualTo(before.runtimeVersionConfig());
    world.settle();
    FunctionConfiguration after = world.configuration("fn");
    assertThat(after)
        .isEqualTo(
            before.toBuilder()
                .description("Changed")
                .runtime("python3.11")
                .runtimeVersionConfig(answer.runtimeVersionConfig())
                .timeout(10)
                .memorySize(512)
                .handler("other.handler")
                .role(World.ROLE + "2")
                .ephemeralStorage(e -> e.size(1024))
                .environment(e -> e.variables(Map.of("ENV_A", "a")))
                .revisionId(after.revisionId())
                .lastModified("2026-03-04T05:06:12.089+0000")
                .build());
    assertThat(after.revisionId()).isNotIn(before.revisionId(), answer.revisionId());
  }

  @Test
  void anUpdateThatChangesNothingIsAnUpdate() {
    FunctionConfiguration before = world.create("fn");
    UpdateFunctionConfigurationResponse answer =
        world.call(lambda ->
            lambda.updateFunctionConfiguration(r -> r.functionName("fn").description("")));
    assertThat(answer.lastUpdateStatusAsString()).isEqualTo("InProgress");
    world.settle();
    assertThat(world.configuration("fn").revisionId())
        .isNotIn(before.revisionId(), answer.revisionId());
  }

  @Test
  void codeChangesAreInProgressAndThenSuccessful() {
    FunctionConfiguration before = world.create("fn");
    UpdateFunctionCodeResponse answer = updateCode("other");
    assertThat(answer.lastUpdateStatusAsString()).isEqualTo("InProgress");
    assertThat(answer.codeSha256()).isNotEqualTo(before.codeSha256());
    assertThat(world.configuration("fn").lastUpdateStatusAsString()).isEqualTo("InProgress");
    world.settle();
    FunctionConfiguration after = world.configuration("fn");
    assertThat(after.lastUpdateStatusAsString()).isEqualTo("Successful");
    assertThat(after.codeSha256()).isEqualTo(answer.codeSha256());
  }

  @Test
  void invocationsRunTheFormerVersionUntilTheNewOneIsReady() {
    world.create("fn");
    String before = running().codeId();
    updateCode("other");
    assertThat(running().codeId()).isEqualTo(before);
    world.settle();
    assertThat(running().codeId()).isNotEqualTo(before);
    assertThat(running().revision()).isEqualTo(world.configuration("fn").revisionId());
  }

  @Test
  void aSecondUpdateIsRefusedDuringTheFirst() {
    world.create("fn");
    updateCode("other");
    assertThat(
            world.error(lambda ->
                lambda.updateFunctionCode(
                    r -> r.functionName("fn").zipFile(Zips.handler("third")))))
        .isEqualTo(IN_PROGRESS);
    assertThat(
            world.error(
                lambda -> lambda.updateFunctionConfiguration(r -> r.functionName("fn").timeout(5))))
        .isEqualTo(IN_PROGRESS);
    world.settle();
    world.call(lambda -> lambda.updateFunctionConfiguration(r -> r.functionName("fn").timeout(5)));
  }

  @Test
  void anUpdateIsRefusedWhileTheFunctionIsPending() {
    world.call(lambda -> lambda.createFunction(World.usual("fn")));
    assertThat(
            world.error(
                lambda -> lambda.updateFunctionConfiguration(r -> r.functionName("fn").timeout(5))))
        .isEqualTo(
            "409 ResourceConflictException: The operation cannot be performed at this time. The"
                + " function is currently in the following state: Pending");
  }

  @Test
  void anotherRevisionIsRefused() {
    FunctionConfiguration before = world.create("fn");
    assertThat(
            world.error(lambda ->
                lambda.updateFunctionConfiguration(
                    r -> r.functionName("fn").timeout(5).revisionId("other"))))
        .isEqualTo(MISMATCH);
    assertThat(
            world.error(lambda ->
                lambda.updateFunctionCode(
                    r -> r.functionName("fn").zipFile(Zips.handler("other")).revisionId("other"))))
        .isEqualTo(MISMATCH);
    assertThat(world.configuration("fn")).isEqualTo(before);
    world.call(lambda ->
        lambda.updateFunctionConfiguration(
            r -> r.functionName("fn").timeout(5).revisionId(before.revisionId())));
  }

  @Test
  void aDryRunShowsTheNewCodeAndChangesNothing() {
    FunctionConfiguration before = world.create("fn");
    UpdateFunctionCodeResponse answer =
        world.call(lambda ->
            lambda.updateFunctionCode(
                r -> r.functionName("fn").zipFile(Zips.handler("other")).dryRun(true)));
    assertThat(answer.codeSha256()).isNotEqualTo(before.codeSha256());
    world.settle();
    assertThat(world.configuration("fn")).isEqualTo(before);
    assertThat(
            world.error(lambda ->
                lambda.updateFunctionCode(r ->
                    r.functionName("fn").zipFile(SdkBytes.fromUtf8String("no zip")).dryRun(true))))
        .contains("Could not unzip uploaded file.");
  }

  @Test
  void aPackagedFunctionTakesNoImage() {
    world.create("fn");
    assertThat(
            world.error(lambda ->
                lambda.updateFunctionCode(r -> r.functionName("fn").imageUri("image:latest"))))
        .isEqualTo(
            "400 InvalidParameterValueException: Please don't provide ImageUri when updating a"
                + " function with packageType Zip.");
  }

  @Test
  void aFunctionThatIsNotThereCannotBeUpdated() {
    String expected = "404 ResourceNotFoundException: Function not found: " + World.ARN + "missing";
    assertThat(
            world.error(lambda ->
                lambda.updateFunctionCode(
                    r -> r.functionName("missing").zipFile(Zips.handler("x")))))
        .isEqualTo(expected);
    assertThat(
            world.error(lambda ->
                lambda.updateFunctionConfiguration(r -> r.functionName("missing").timeout(5))))
        .isEqualTo(expected);
  }

  @Test
  void publishingWithTheUpdateMakesTheNextVersion() {
    world.create("fn");
    UpdateFunctionCodeResponse answer = publish("other");
    assertThat(answer.version()).isEqualTo("1");
    assertThat(answer.functionArn()).isEqualTo(World.ARN + "fn:1");
    assertThat(answer.stateAsString()).isEqualTo("Pending");
    assertThat(answer.stateReasonCodeAsString()).isEqualTo("Creating");
    assertThat(answer.lastUpdateStatus()).isNull();
    FunctionConfiguration latest =
        world
            .call(lambda -> lambda.getFunction(r -> r.functionName("fn").qualifier("$LATEST")))
            .configuration();
    assertThat(latest.stateAsString()).isEqualTo("Active");
    assertThat(latest.lastUpdateStatusAsString()).isEqualTo("InProgress");
    assertThat(latest.codeSha256()).isEqualTo(answer.codeSha256());
    assertThat(latest.revisionId()).isNotEqualTo(answer.revisionId());
    world.settle();
    assertThat(
            world
                .call(lambda ->
                    lambda.getFunctionConfiguration(r -> r.functionName("fn").qualifier("1")))
                .stateAsString())
        .isEqualTo("Active");
  }

  @Test
  void publishingTheSameAgainMakesNoOtherVersion() {
    world.create("fn");
    publish("other");
    world.settle();
    UpdateFunctionCodeResponse again = publish("other");
    assertThat(again.version()).isEqualTo("1");
    assertThat(again.stateAsString()).isEqualTo("Active");
    world.settle();
    assertThat(publish("third").version()).isEqualTo("2");
  }

  @Test
  void numbersOfDeletedVersionsAreNotGivenAgain() {
    world.create("fn");
    publish("one");
    world.settle();
    world.call(lambda -> lambda.deleteFunction(r -> r.functionName("fn").qualifier("1")));
    world.restart();
    assertThat(publish("two").version()).isEqualTo("2");
  }

  @Test
  void codeThatCannotBePreparedFailsTheUpdateAndTheFormerRunsOn() throws Exception {
    world.create("fn");
    String before = running().codeId();
    UpdateFunctionCodeResponse answer = updateCode("other");
    byte[] sha256 = Base64.getDecoder().decode(answer.codeSha256());
    Path place = world.directory.resolve("functions/code/" + HexFormat.of().formatHex(sha256));
    Files.createFile(place);
    world.settle();
    FunctionConfiguration failed = world.configuration("fn");
    assertThat(failed.stateAsString()).isEqualTo("Active");
    assertThat(failed.lastUpdateStatusAsString()).isEqualTo("Failed");
    assertThat(failed.lastUpdateStatusReasonCodeAsString()).isEqualTo("InternalError");
    assertThat(failed.lastUpdateStatusReason()).startsWith("The code could not be prepared");
    assertThat(running().codeId()).isEqualTo(before);
    assertThat(world.faults).hasSize(1);
    world.faults.clear();

    Files.delete(place);
    updateCode("fourth");
    world.settle();
    assertThat(world.configuration("fn").lastUpdateStatusAsString()).isEqualTo("Successful");
  }

  private UpdateFunctionCodeResponse updateCode(String says) {
    return world.call(
        lambda -> lambda.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler(says))));
  }

  private UpdateFunctionCodeResponse publish(String says) {
    return world.call(lambda ->
        lambda.updateFunctionCode(
            r -> r.functionName("fn").zipFile(Zips.handler(says)).publish(true)));
  }

  private FunctionVersion running() {
    return world.service().directory().resolve("111111111111", "us-east-1", "fn", null).function();
  }
}
