package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.functions.ContainerImages.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.CreateFunctionResponse;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.LastUpdateStatus;
import software.amazon.awssdk.services.lambda.model.PackageType;
import software.amazon.awssdk.services.lambda.model.State;

/**
 * Functions whose package is a container image, compared with what Lambda was recorded to answer
 * for such ones.
 */
class ContainerFunctionTest {
  private static final String URI = "111111111111.dkr.ecr.us-east-1.amazonaws.com/app:latest";

  @TempDir private Path directory;
  private World world;
  private String digest;

  @BeforeEach
  void open() {
    world = new World(directory);
    digest = world.containers.push(URI, "one");
  }

  @AfterEach
  void close() {
    world.close();
    assertThat(world.faults).isEmpty();
  }

  private static Consumer<CreateFunctionRequest.Builder> image(String name, String uri) {
    return request ->
        request
            .functionName(name)
            .packageType(PackageType.IMAGE)
            .role(World.ROLE)
            .code(code -> code.imageUri(uri));
  }

  private FunctionConfiguration create(String name) {
    world.call(lambda -> lambda.createFunction(image(name, URI)));
    world.settle();
    return world.configuration(name);
  }

  private GetFunctionResponse get(String name, @Nullable String qualifier) {
    return world.call(lambda -> lambda.getFunction(r -> r.functionName(name).qualifier(qualifier)));
  }

  private FunctionVersion running(@Nullable String qualifier) {
    return world
        .service()
        .directory()
        .resolve("111111111111", "us-east-1", "fn", qualifier)
        .function();
  }

  @Test
  void isCreatedAsLambdaDoesIt() {
    CreateFunctionResponse created = world.call(l -> l.createFunction(image("fn", URI)));
    assertThat(created.state()).isEqualTo(State.PENDING);
    assertThat(created.stateReasonCodeAsString()).isEqualTo("Creating");
    assertThat(created.packageType()).isEqualTo(PackageType.IMAGE);
    assertThat(created.codeSha256()).isEqualTo(digest);
    assertThat(created.codeSize()).isZero();
    assertThat(created.runtimeAsString()).isNull();
    assertThat(created.handler()).isNull();
    assertThat(created.imageConfigResponse()).isNull();
    world.settle();
    FunctionConfiguration active = world.configuration("fn");
    assertThat(active.state()).isEqualTo(State.ACTIVE);
    assertThat(active.lastUpdateStatus()).isEqualTo(LastUpdateStatus.SUCCESSFUL);
    GetFunctionResponse got = get("fn", null);
    assertThat(got.code().repositoryType()).isEqualTo("ECR");
    assertThat(got.code().imageUri()).isEqualTo(URI);
    assertThat(got.code().resolvedImageUri())
        .isEqualTo(URI.replace(":latest", "@sha256:") + digest);
    assertThat(got.code().location()).isNull();
    assertThat(running(null).container())
        .contains(new ContainerVersion(digest, List.of(), List.of(), ""));
  }

  @Test
  void settingsInPlaceOfTheImagesComeAndGo() {
    world.call(l ->
        l.createFunction(
            image("fn", URI)
                .andThen(r ->
                    r.imageConfig(c ->
                        c.entryPoint("sh").command("-c", "echo test").workingDirectory("/app1")))));
    world.settle();
    assertThat(running(null).container())
        .contains(new ContainerVersion(digest, List.of("sh"), List.of("-c", "echo test"), "/app1"));
    world.call(l ->
        l.updateFunctionConfiguration(
            r -> r.functionName("fn").imageConfig(c -> c.command("x").workingDirectory("/app1"))));
    world.settle();
    FunctionConfiguration changed = world.configuration("fn");
    assertThat(changed.imageConfigResponse().imageConfig().hasEntryPoint()).isFalse();
    assertThat(changed.imageConfigResponse().imageConfig().command()).containsExactly("x");
    world.call(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").imageConfig(c -> {})));
    world.settle();
    assertThat(world.configuration("fn").imageConfigResponse()).isNull();
    assertThat(running(null).container())
        .contains(new ContainerVersion(digest, List.of(), List.of(), ""));
  }

  @Test
  void tagIsResolvedWhenTheCodeIsUpdatedAndNotBefore() {
    world.call(l -> l.createFunction(image("fn", URI).andThen(r -> r.publish(true))));
    world.settle();
    String second = world.containers.push(URI, "two");
    world.call(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").timeout(9)));
    world.settle();
    assertThat(running(null).codeId()).isEqualTo(digest);
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").imageUri(URI)));
    assertThat(running(null).codeId()).isEqualTo(digest);
    world.settle();
    assertThat(running(null).codeId()).isEqualTo(second);
    assertThat(running("1").codeId()).isEqualTo(digest);
    assertThat(get("fn", "1").code().resolvedImageUri()).endsWith(digest);
    assertThat(get("fn", null).code().resolvedImageUri()).endsWith(second);
    world.service().collectCode();
    assertThat(world.containers.kept).containsExactlyInAnyOrder(digest, second);
    world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    world.service().collectCode();
    assertThat(world.containers.kept).isEmpty();
  }

  @Test
  void survivesARestart() {
    create("fn");
    world.restart();
    assertThat(running(null).codeId()).isEqualTo(digest);
    assertThat(get("fn", null).code().imageUri()).isEqualTo(URI);
  }

  @Test
  void whatWasOnItsWayIsFinishedAfterARestart() {
    world.call(l -> l.createFunction(image("fn", URI)));
    world.restart();
    assertThat(world.configuration("fn").state()).isEqualTo(State.PENDING);
    world.settle();
    assertThat(world.configuration("fn").state()).isEqualTo(State.ACTIVE);
    assertThat(running(null).codeId()).isEqualTo(digest);
  }

  @ParameterizedTest
  @CsvSource({
    "MISSING,ImageDeleted",
    "DENIED,ImageAccessDenied",
    "INVALID,InvalidImage",
    "UNSUPPORTED,InvalidImage",
    "UNAVAILABLE,InternalError"
  })
  void failsWithAReasonWhenTheImageCannotBePrepared(Problem problem, String code) {
    world.containers.breakIt(digest, problem);
    FunctionConfiguration failed = create("fn");
    assertThat(failed.state()).isEqualTo(State.FAILED);
    assertThat(failed.stateReasonCodeAsString()).isEqualTo(code);
    assertThat(failed.stateReason()).isEqualTo("broken on the shelf");
    world.containers.breakIt(digest, null);
    world.restart();
    world.settle();
    assertThat(world.configuration("fn").state()).isEqualTo(State.ACTIVE);
  }

  @Test
  void failedUpdateLeavesWhatRanBefore() {
    create("fn");
    String second = world.containers.push(URI, "two");
    world.containers.breakIt(second, Problem.INVALID);
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").imageUri(URI)));
    world.settle();
    FunctionConfiguration now = world.configuration("fn");
    assertThat(now.lastUpdateStatus()).isEqualTo(LastUpdateStatus.FAILED);
    assertThat(now.lastUpdateStatusReasonCodeAsString()).isEqualTo("InvalidImage");
    assertThat(running(null).codeId()).isEqualTo(digest);
  }

  @Test
  void whatRanBeforeAFailedUpdateRunsAfterARestartToo() {
    create("fn");
    String second = world.containers.push(URI, "two");
    world.containers.breakIt(second, Problem.INVALID);
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").imageUri(URI)));
    world.settle();
    world.restart();
    assertThat(running(null).codeId()).isEqualTo(digest);
    world.service().collectCode();
    assertThat(world.containers.kept).containsExactlyInAnyOrder(digest, second);
    world.settle();
    world.call(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").memorySize(512)));
    world.settle();
    assertThat(world.configuration("fn").lastUpdateStatus()).isEqualTo(LastUpdateStatus.FAILED);
    world.restart();
    assertThat(running(null).codeId()).isEqualTo(digest);
    assertThat(running(null).memoryMb()).isEqualTo(128);
    world.containers.breakIt(second, null);
    world.settle();
    assertThat(world.configuration("fn").lastUpdateStatus()).isEqualTo(LastUpdateStatus.SUCCESSFUL);
    assertThat(running(null).codeId()).isEqualTo(second);
    assertThat(running(null).memoryMb()).isEqualTo(512);
    world.service().collectCode();
    assertThat(world.containers.kept).containsExactly(second);
  }

  @Test
  void whatRunsBeforeAnUpdateRunsAfterACrashInIt() {
    create("fn");
    String second = world.containers.push(URI, "two");
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").imageUri(URI)));
    world.restart();
    assertThat(running(null).codeId()).isEqualTo(digest);
    world.settle();
    assertThat(running(null).codeId()).isEqualTo(second);
    world.restart();
    assertThat(running(null).codeId()).isEqualTo(second);
  }

  @Test
  void whatRanBeforeAnUpdateIsFetchedAgainIfItIsGone() {
    create("fn");
    String second = world.containers.push(URI, "two");
    world.containers.breakIt(second, Problem.INVALID);
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").imageUri(URI)));
    world.settle();
    world.containers.ready.remove(digest);
    world.restart();
    world.settle();
    assertThat(running(null).codeId()).isEqualTo(digest);
  }

  @Test
  void imagesThatCannotBeFoundAreRefusedInLambdasWords() {
    assertThat(world.error(l -> l.createFunction(image("fn", "example.com/none:1"))))
        .isEqualTo(
            "400 InvalidParameterValueException: Source image example.com/none:1 does not exist."
                + " Provide a valid source image.");
    world.containers.refuse(URI, Problem.INVALID);
    assertThat(world.error(l -> l.createFunction(image("fn", URI))))
        .isEqualTo(
            "400 InvalidParameterValueException: Source image "
                + URI
                + " is not valid. Provide a valid source image.");
    world.containers.refuse(URI, Problem.UNSUPPORTED);
    assertThat(world.error(l -> l.createFunction(image("fn", URI))))
        .isEqualTo(
            "400 InvalidParameterValueException: The image manifest, config or layer media type for"
                + " the source image "
                + URI
                + " is not supported.");
    world.containers.refuse(URI, Problem.DENIED);
    assertThat(world.error(l -> l.createFunction(image("fn", URI))))
        .isEqualTo(
            "403 AccessDeniedException: Lambda does not have permission to access the ECR image."
                + " Check the ECR permissions.");
    assertThat(world.call(l -> l.listFunctions()).functions()).isEmpty();
  }

  @Test
  void settingsOfTheOtherPackageTypeAreRefused() {
    String notForImages =
        "400 InvalidParameterValueException: Please don't provide Handler or Runtime or Layer when"
            + " the intended function PackageType is Image.";
    assertThat(
            world.error(
                l -> l.createFunction(image("fn", URI).andThen(r -> r.runtime("python3.12")))))
        .isEqualTo(notForImages);
    assertThat(world.error(l -> l.createFunction(image("fn", URI).andThen(r -> r.handler("a.b")))))
        .isEqualTo(notForImages);
    create("fn");
    assertThat(
            world.error(
                l -> l.updateFunctionConfiguration(r -> r.functionName("fn").handler("a.b"))))
        .isEqualTo(notForImages);
    assertThat(
            world.error(l ->
                l.createFunction(
                    World.usual("zip").andThen(r -> r.imageConfig(c -> c.command("x"))))))
        .isEqualTo(
            "400 InvalidParameterValueException: Please don't provide ImageConfig when the intended"
                + " function PackageType is Zip.");
    assertThat(
            world.error(l ->
                l.createFunction(
                    image("nul", URI).andThen(r -> r.imageConfig(c -> c.command("a\0b"))))))
        .contains("null character");
  }

  @Test
  void packageTypesDoNotMix() {
    create("fn");
    world.create("zip");
    assertThat(
            world.error(l ->
                l.updateFunctionCode(
                    r -> r.functionName("fn").zipFile(SdkBytes.fromUtf8String("zip")))))
        .isEqualTo(
            "400 InvalidParameterValueException: Please provide ImageUri when updating a function"
                + " with packageType Image.");
    assertThat(world.error(l -> l.updateFunctionCode(r -> r.functionName("zip").imageUri(URI))))
        .isEqualTo(
            "400 InvalidParameterValueException: Please don't provide ImageUri when updating a"
                + " function with packageType Zip.");
    assertThat(
            world.error(
                l -> l.createFunction(World.usual("z").andThen(r -> r.code(c -> c.imageUri(URI))))))
        .isEqualTo(
            "400 InvalidParameterValueException: Please provide a source for function code.");
  }
}
