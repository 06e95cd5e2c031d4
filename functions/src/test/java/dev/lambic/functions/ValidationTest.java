package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.InvalidParameterValueException;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;

/** What Lambda refuses beyond its model's constraints, in its words; and what Lambic refuses. */
class ValidationTest {
  private static final String RUNTIMES =
      "[nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x,"
          + " java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8,"
          + " python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x,"
          + " provided.al2, java8.al2]";

  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = new World(directory);
  }

  /** Whatever was refused has changed nothing. */
  @AfterEach
  void close() {
    assertThat(world.call(lambda -> lambda.listFunctions()).functions()).isEmpty();
    world.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"non-existent-runtime", "PYTHON3.9", "arn:aws:lambda:us-east-1::runtime"})
  void anUnknownRuntime(String runtime) {
    assertThat(create(r -> r.runtime(runtime)))
        .isEqualTo(
            "400 InvalidParameterValueException: Value "
                + runtime
                + " at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
                + RUNTIMES
                + " or be a valid ARN");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "java8",
        "go1.x",
        "provided",
        "ruby2.7",
        "nodejs14.x",
        "python3.7",
        "dotnetcore3.1",
        "nodejs12.x",
        "nodejs"
      })
  void aRuntimeOfThePast(String runtime) {
    assertThat(create(r -> r.runtime(runtime)))
        .isEqualTo(
            "400 InvalidParameterValueException: The runtime parameter of "
                + runtime
                + " is no longer supported for creating or updating AWS Lambda functions. We"
                + " recommend you use a supported runtime while creating or updating functions.");
  }

  @Test
  void aRuntimeIsCreatedAndThenUpdatedUntilItsDays() {
    String ending = "python3.10";
    world.create("fn");
    world.clock.advance(Duration.between(Clock.START, Instant.parse("2027-01-31T23:59:59Z")));
    world.call(
        lambda -> lambda.createFunction(World.usual("last").andThen(r -> r.runtime(ending))));
    world.call(lambda -> lambda.deleteFunction(r -> r.functionName("last")));
    world.clock.advance(Duration.ofSeconds(1));
    assertThat(create(r -> r.runtime(ending)))
        .contains("The runtime parameter of python3.10 is no longer");
    world.clock.advance(Duration.ofDays(29));
    world.call(lambda ->
        lambda.updateFunctionConfiguration(r -> r.functionName("fn").runtime("python3.10")));
    world.settle();
    world.clock.advance(Duration.ofDays(1));
    String ended = "python3.10 is no longer supported";
    assertThat(update(r -> r.runtime(ending))).contains(ended);
    assertThat(update(r -> r.timeout(9))).contains(ended);
    assertThat(
            world.error(lambda ->
                lambda.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("new")))))
        .contains(ended);
    assertThat(world.configuration("fn").timeout()).isNotEqualTo(9);
    world.call(lambda ->
        lambda.updateFunctionConfiguration(r -> r.functionName("fn").runtime("python3.12")));
    world.settle();
    world.call(lambda -> lambda.deleteFunction(r -> r.functionName("fn")));
  }

  @Test
  void aRuntimeThatThisHostCannotRun() {
    assertThat(create(r -> r.runtime("java21")))
        .isEqualTo("400 InvalidParameterValueException: Lambic cannot run the runtime java21 yet.");
  }

  @Test
  void aPackageNeedsRuntimeAndHandler() {
    String expected =
        "400 InvalidParameterValueException: Runtime and Handler are mandatory parameters for"
            + " functions created with deployment packages.";
    assertThat(create(r -> r.runtime((String) null))).isEqualTo(expected);
    assertThat(create(r -> r.handler(null))).isEqualTo(expected);
  }

  @Test
  void moreMemoryOrTimeThanThereIs() {
    assertThat(create(r -> r.memorySize(10_241)))
        .isEqualTo(
            "400 InvalidParameterValueException: 'MemorySize' value failed to satisfy constraint:"
                + " Member must have value less than or equal to 10240");
    assertThat(create(r -> r.timeout(901)))
        .isEqualTo(
            "400 InvalidParameterValueException: 'Timeout' value failed to satisfy constraint:"
                + " Member must have value less than or equal to 900");
  }

  @Test
  void aNameOfMoreThan64Characters() {
    String name = "a".repeat(65);
    assertThat(create(r -> r.functionName(name)))
        .isEqualTo(
            "400 InvalidParameterValueException: 1 validation error detected: Value '"
                + name
                + "' at 'functionName' failed to satisfy constraint: Member must have length less"
                + " than or equal to 64");
  }

  @Test
  void aFunctionOfAnotherRegionOrAccount() {
    assertThat(
            create(r -> r.functionName("arn:aws:lambda:ap-southeast-1:111111111111:function:fn")))
        .isEqualTo(
            "404 ResourceNotFoundException: Functions from 'ap-southeast-1' are not reachable in"
                + " this region ('us-east-1')");
    assertThat(create(r -> r.functionName("arn:aws:lambda:us-east-1:222222222222:function:fn")))
        .isEqualTo("403 AccessDeniedException: null");
  }

  @Test
  void aVersionCannotBeCreatedByName() {
    assertThat(create(r -> r.functionName("fn:1")))
        .startsWith("400 InvalidParameterValueException");
  }

  @Test
  void environmentVariablesOfMoreThanFourKilobytes() {
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("SMALL_VAR", "ok");
    variables.put("LARGE_VAR", "x".repeat(4064));
    assertThat(create(r -> r.environment(e -> e.variables(variables))))
        .isEqualTo(
            "400 InvalidParameterValueException: Lambda was unable to configure your environment"
                + " variables because the environment variables you have provided exceeded the 4KB"
                + " limit. String measured: {\"SMALL_VAR\":\"ok\",\"LARGE_VAR\":\""
                + "x".repeat(4064)
                + "\"}");
  }

  @Test
  void whatNoProcessCanBeGiven() {
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("ONE", null);
    variables.put("FINE", "x");
    variables.put("TWO", "a\0b");
    assertThat(create(r -> r.environment(e -> e.variables(variables))))
        .isEqualTo(
            "400 InvalidParameterValueException: Lambda was unable to configure your environment"
                + " variables because the environment variables you have provided contains values"
                + " that are null or contain a null character. Keys used in this request: ONE, TWO");
    assertThat(create(r -> r.handler("a\0b")))
        .isEqualTo(
            "400 ValidationException: 1 validation error detected: Value 'a\0b' at 'handler' failed"
                + " to satisfy constraint: Member must satisfy regular expression pattern: [^\\s]+");
  }

  @Test
  void reservedEnvironmentVariables() {
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("AWS_REGION", "mars-north-1");
    variables.put("MINE", "fine");
    variables.put("_HANDLER", "other.handler");
    assertThat(create(r -> r.environment(e -> e.variables(variables))))
        .isEqualTo(
            "400 InvalidParameterValueException: Lambda was unable to configure your environment"
                + " variables because the environment variables you have provided contains reserved"
                + " keys that are currently not supported for modification. Reserved keys used in"
                + " this request: AWS_REGION, _HANDLER");
  }

  @Test
  void moreThanFiftyTags() {
    Map<String, String> tags = new LinkedHashMap<>();
    for (int i = 0; i < 51; i++) {
      tags.put(i + "_key", i + "_value");
    }
    assertThat(create(r -> r.tags(tags)))
        .isEqualTo(
            "400 InvalidParameterValueException: Number of tags exceeds resource tag limit.");
  }

  @Test
  void aPackageThatIsNone() {
    assertThat(create(r -> r.code(c -> c.zipFile(SdkBytes.fromUtf8String("this is no zip")))))
        .isEqualTo(
            "400 InvalidParameterValueException: Could not unzip uploaded file. Please check your"
                + " file, then try to upload again.");
    assertThat(create(r -> r.code(c -> c.zipFile(SdkBytes.fromByteArray(new byte[0])))))
        .isEqualTo("400 InvalidParameterValueException: Uploaded file must be a non-empty zip");
    assertThat(create(r -> r.code(c -> {})))
        .isEqualTo(
            "400 InvalidParameterValueException: Please provide a source for function code.");
  }

  @Test
  void aPackageOfMoreThanFiftyMegabytes() {
    SdkBytes large = SdkBytes.fromByteArrayUnsafe(new byte[52_428_801]);
    assertThat(create(r -> r.code(c -> c.zipFile(large))))
        .isEqualTo(
            "413 RequestEntityTooLargeException: Zipped size must be smaller than 52428800 bytes");
  }

  @Test
  void aPackageThatUnpacksToTooMuch() {
    byte[] bomb = new Zips().zeros("a", 200_000_000).zeros("b", 62_144_001).bytes();
    assertThat(create(r -> r.code(c -> c.zipFile(SdkBytes.fromByteArray(bomb)))))
        .isEqualTo(
            "400 InvalidParameterValueException: Unzipped size must be smaller than 262144000"
                + " bytes");
  }

  @Test
  void theArchitectureThatThisHostDoesNotHave() {
    assertThat(create(r -> r.architecturesWithStrings("arm64")))
        .isEqualTo(
            "400 InvalidParameterValueException: This host cannot run the architecture arm64; it"
                + " runs x86_64.");
  }

  @ParameterizedTest
  @CsvSource({"SourceKMSKeyArn", "PublishTo", "CapacityProviderConfig", "DurableConfig"})
  void whatIsNotHonouredYet(String setting) {
    String arn = "arn:aws:some:us-east-1:111111111111:thing";
    Consumer<CreateFunctionRequest.Builder> with =
        r -> {
          switch (setting) {
            case "SourceKMSKeyArn" ->
                r.code(c -> c.zipFile(Zips.handler("x")).sourceKMSKeyArn(arn));
            case "PublishTo" -> r.publishTo("LATEST_PUBLISHED");
            case "CapacityProviderConfig" ->
                r.capacityProviderConfig(
                    c -> c.lambdaManagedInstancesCapacityProviderConfig(l -> {}));
            default -> r.durableConfig(d -> d.executionTimeout(1));
          }
        };
    assertThat(create(with))
        .isEqualTo(
            "400 InvalidParameterValueException: Lambic does not support " + setting + " yet.");
  }

  @Test
  void logLevelsNeedTheFormatJson() {
    assertThat(create(r -> r.loggingConfig(l -> l.applicationLogLevel("DEBUG"))))
        .isEqualTo(
            "400 InvalidParameterValueException: ApplicationLogLevel and SystemLogLevel can be set"
                + " only with the LogFormat JSON.");
  }

  @Test
  void updatesAreCheckedToo() {
    world.create("fn");
    assertThat(update(r -> r.runtime("non-existent-runtime"))).contains("at 'runtime' failed");
    assertThat(update(r -> r.memorySize(10_241))).contains("'MemorySize' value failed");
    assertThat(update(r -> r.layers("arn:aws:lambda:us-east-1:111111111111:layer:l:1")))
        .contains("Layer version arn:aws:lambda:us-east-1:111111111111:layer:l:1 does not exist.");
    assertThat(update(r -> r.environment(e -> e.variables(Map.of("AWS_REGION", "x")))))
        .contains("Reserved keys used in this request: AWS_REGION");
    assertThat(world.configuration("fn").memorySize()).isEqualTo(128);
    world.call(lambda -> lambda.deleteFunction(r -> r.functionName("fn")));
  }

  @Test
  void errorsAreOfTheSdksClassesWithType() {
    LambdaException error =
        world.refused(
            lambda -> lambda.createFunction(World.usual("fn").andThen(r -> r.timeout(901))));
    assertThat(error).isInstanceOf(InvalidParameterValueException.class);
    assertThat(error.awsErrorDetails().errorCode()).isEqualTo("InvalidParameterValueException");
  }

  @Test
  void variablesUpToTheLimitAreTaken() {
    List<String> values = List.of("x".repeat(4080), "\"".repeat(2040), "é".repeat(2040));
    for (String value : values) {
      world.call(lambda ->
          lambda.createFunction(
              World.usual("fn")
                  .andThen(r -> r.environment(e -> e.variables(Map.of("LARGE_VAR", value))))));
      assertThat(world.configuration("fn").environment().variables())
          .containsEntry("LARGE_VAR", value);
      world.call(lambda -> lambda.deleteFunction(r -> r.functionName("fn")));
    }
    world.settle();
    assertThat(create(r -> r.environment(e -> e.variables(Map.of("LARGE_VAR", "x".repeat(4081))))))
        .contains("exceeded the 4KB limit");
  }

  private String create(Consumer<CreateFunctionRequest.Builder> with) {
    return world.error(lambda -> lambda.createFunction(World.usual("fn").andThen(with)));
  }

  private String update(Consumer<UpdateFunctionConfigurationRequest.Builder> with) {
    Consumer<UpdateFunctionConfigurationRequest.Builder> named = r -> r.functionName("fn");
    return world.error(lambda -> lambda.updateFunctionConfiguration(named.andThen(with)));
  }
}
