package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.FileSystemConfig;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;

/** File systems of functions: what is refused, kept, shown and run. */
class FileSystemTest {
  private static final String INVALID = "400 InvalidParameterValueException: ";
  private static final String POINT =
      "arn:aws:elasticfilesystem:us-east-1:111111111111:access-point/fsap-0123456789abcdef0";
  private static final String OTHER =
      "arn:aws:elasticfilesystem:us-east-1:111111111111:access-point/fsap-0123456789abcdef1";
  private static final Consumer<CreateFunctionRequest.Builder> NETWORK =
      r -> r.vpcConfig(v -> v.subnetIds("subnet-1").securityGroupIds("sg-1"));

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

  private static FileSystemConfig at(String arn, String path) {
    return FileSystemConfig.builder().arn(arn).localMountPath(path).build();
  }

  private static Consumer<CreateFunctionRequest.Builder> with(String arn, String path) {
    return NETWORK.andThen(r -> r.fileSystemConfigs(at(arn, path)));
  }

  private String refusal(Consumer<CreateFunctionRequest.Builder> more) {
    return world.error(l -> l.createFunction(World.usual("fn").andThen(more)));
  }

  private FunctionConfiguration create(Consumer<CreateFunctionRequest.Builder> more) {
    world.call(l -> l.createFunction(World.usual("fn").andThen(more)));
    world.settle();
    return world.configuration("fn");
  }

  private FunctionConfiguration update(Consumer<UpdateFunctionConfigurationRequest.Builder> more) {
    world.call(l -> l.updateFunctionConfiguration(r -> more.accept(r.functionName("fn"))));
    world.settle();
    return world.configuration("fn");
  }

  @Test
  void oneIsSetKeptInVersionsChangedAndTakenAway() {
    FunctionConfiguration made = create(with(POINT, "/mnt/data").andThen(r -> r.publish(true)));
    assertThat(made.fileSystemConfigs()).containsExactly(at(POINT, "/mnt/data"));
    world.restart();
    assertThat(world.configuration("fn").fileSystemConfigs())
        .containsExactly(at(POINT, "/mnt/data"));
    assertThat(update(r -> r.timeout(9)).fileSystemConfigs())
        .containsExactly(at(POINT, "/mnt/data"));
    assertThat(update(r -> r.fileSystemConfigs(at(OTHER, "/mnt/a-b_c.d"))).fileSystemConfigs())
        .containsExactly(at(OTHER, "/mnt/a-b_c.d"));
    assertThat(update(r -> r.fileSystemConfigs(List.of())).hasFileSystemConfigs()).isFalse();
    assertThat(world.configuration("fn:1").fileSystemConfigs())
        .containsExactly(at(POINT, "/mnt/data"));
  }

  @Test
  void environmentsAreMadeOfTheirOwnRevision() {
    create(with(POINT, "/mnt/data"));
    FunctionVersion before = resolve();
    assertThat(before.fileSystems())
        .containsExactly(
            new FileSystem(
                POINT, "111111111111", "us-east-1", "fsap-0123456789abcdef0", "/mnt/data"));
    update(r -> r.fileSystemConfigs(List.of()));
    FunctionVersion after = resolve();
    assertThat(after.fileSystems()).isEmpty();
    assertThat(after.revision()).isNotEqualTo(before.revision());
  }

  private FunctionVersion resolve() {
    return world.resolve("fn").function();
  }

  @Test
  void aNetworkIsNeeded() {
    String message =
        INVALID
            + "Function must be configured to execute in a VPC to reference access point "
            + POINT
            + ". Please update the function configuration to include VPC subnets and security"
            + " groups.";
    assertThat(refusal(r -> r.fileSystemConfigs(at(POINT, "/mnt/data")))).isEqualTo(message);
    create(r -> {});
    assertThat(
            world.error(l ->
                l.updateFunctionConfiguration(
                    r -> r.functionName("fn").fileSystemConfigs(at(POINT, "/mnt/data")))))
        .isEqualTo(message);
    update(r ->
        r.vpcConfig(v -> v.subnetIds("subnet-1").securityGroupIds("sg-1"))
            .fileSystemConfigs(at(POINT, "/mnt/data")));
    assertThat(
            world.error(l ->
                l.updateFunctionConfiguration(r ->
                    r.functionName("fn")
                        .vpcConfig(v -> v.subnetIds(List.of()).securityGroupIds(List.of())))))
        .isEqualTo(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:elasticfilesystem:eu-west-1:111111111111:access-point/fsap-0123456789abcdef0",
        "arn:aws:elasticfilesystem:us-east-1:222222222222:access-point/fsap-0123456789abcdef0"
      })
  void accessPointsOfOthersAreRefused(String arn) {
    assertThat(refusal(with(arn, "/mnt/data")))
        .isEqualTo(
            INVALID
                + "The access point "
                + arn
                + " must be in the account and the region of the function.");
  }

  @Test
  void accessPointsOfAnotherKindAreRefused() {
    String files =
        "arn:aws:s3files:us-east-1:111111111111:file-system/fs-0123456789abcdef0/access-point/"
            + "fsap-0123456789abcdef0";
    assertThat(refusal(with(files, "/mnt/data")))
        .isEqualTo(
            INVALID
                + "Lambic does not support access points of Amazon S3 Files in FileSystemConfigs"
                + " yet.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/mnt/.", "/mnt/..", "/mnt/a/b", "/tmp/a", "/mnt/", ""})
  void otherMountPathsAreRefused(String path) {
    assertThat(refusal(with(POINT, path)))
        .startsWith(
            "400 ValidationException: 1 validation error detected: Value '" + path + "' at");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "arn:aws:some:us-east-1:111111111111:thing",
        "arn:aws:elasticfilesystem:us-east-1:111111111111:access-point/fsap-0123456789abcdef0/..",
        "arn:aws:elasticfilesystem:../..:111111111111:access-point/fsap-0123456789abcdef0",
        "arn:aws:elasticfilesystem:us-east-1:111111111111:file-system/fs-0123456789abcdef0"
      })
  void whatIsNoAccessPointIsRefused(String arn) {
    assertThat(refusal(with(arn, "/mnt/data"))).startsWith("400 ValidationException: ");
  }

  @Test
  void thereAreNoSnapshotsOfSuchFunctions() {
    assertThat(
            refusal(
                with(POINT, "/mnt/data")
                    .andThen(r -> r.snapStart(s -> s.applyOn("PublishedVersions")))))
        .isEqualTo(INVALID + "SnapStart is not available for functions with file systems.");
  }
}
