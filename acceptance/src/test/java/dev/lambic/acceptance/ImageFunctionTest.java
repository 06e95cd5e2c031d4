package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.PackageType;
import software.amazon.awssdk.services.lambda.model.State;

/** Functions that are container images, from a registry and from files, without any engine. */
class ImageFunctionTest {
  private static final Duration READY = Duration.ofSeconds(60);

  @TempDir private static Path directory;
  private static ImageRegistry registry;
  private static ImageRegistry guarded;
  private static ContainerImage first;
  private static RunningLambic lambic;
  private static LambdaClient lambda;

  @BeforeAll
  static void start() throws IOException {
    registry = new ImageRegistry();
    first = ContainerImage.of("first");
    registry.push("1", first);
    guarded = new ImageRegistry("QVdTOnBhc3N3b3Jk");
    guarded.push("1", first);
    Path login = directory.resolve("config.json");
    Files.writeString(login, guarded.login());
    Path files = Files.createDirectory(directory.resolve("files"));
    first.layout(files.resolve("layout"), "latest");
    first.layout(directory.resolve("outside"), "latest");
    lambic = RunningLambic.start("--images", files.toString(), "--registry-auth", login.toString());
    lambda = Clients.lambda(lambic.address());
  }

  @AfterAll
  static void end() {
    try (ImageRegistry _ = registry;
        ImageRegistry _ = guarded;
        LambdaClient _ = lambda) {
      lambic.close();
    }
  }

  private static CreateFunctionRequest.Builder request(String name, String uri) {
    return CreateFunctionRequest.builder()
        .functionName(name)
        .packageType(PackageType.IMAGE)
        .role(TestFunction.ROLE)
        .timeout(20)
        .code(code -> code.imageUri(uri));
  }

  private static void create(
      String name, String uri, Consumer<CreateFunctionRequest.Builder> more) {
    CreateFunctionRequest.Builder request = request(name, uri);
    more.accept(request);
    lambda.createFunction(request.build());
    awaitReady(name);
  }

  private static FunctionConfiguration configuration(String name) {
    return lambda.getFunction(r -> r.functionName(name)).configuration();
  }

  private static void awaitReady(String name) {
    Await.until(
        READY,
        () -> "ready is " + configuration(name),
        () -> {
          FunctionConfiguration now = configuration(name);
          return now.state() == State.ACTIVE && "Successful".equals(now.lastUpdateStatusAsString());
        });
  }

  private static InvokeResponse call(String name) {
    return lambda.invoke(r -> r.functionName(name));
  }

  private static JsonNode invoke(String name) {
    return Invoked.of(call(name)).success();
  }

  private static String refused(ThrowingCallable what) {
    LambdaException error = catchThrowableOfType(LambdaException.class, what);
    assertThat(error).isNotNull();
    return error.awsErrorDetails().errorCode() + ": " + error.awsErrorDetails().errorMessage();
  }

  @Test
  void runsAsTheImageSays() {
    create(
        "plain",
        registry.uri(":1"),
        r -> r.environment(e -> e.variables(Map.of("OWN", "function"))));
    JsonNode told = invoke("plain");
    assertThat(told.path("version").asText()).isEqualTo("first");
    assertThat(told.path("argv").asText()).isEqualTo("/app/run one two");
    assertThat(told.path("cwd").asText()).isEqualTo("/app");
    assertThat(told.path("GREETING").asText()).isEqualTo("hello");
    assertThat(told.path("PATH").asText()).isEqualTo("/app:/bin");
    assertThat(told.path("OWN").asText()).isEqualTo("function");
    assertThat(told.path("AWS_LAMBDA_FUNCTION_NAME").asText()).isEqualTo("plain");
    assertThat(told.path("uid").asText()).isEqualTo("993");
    assertThat(told.path("host").asText()).isEqualTo("hidden");
    assertThat(told.path("writable").asText()).isEqualTo("no");
    assertThat(told.path("hosts").asText()).contains("127.0.0.1");
    assertThat(told.path("passwd").asText()).isEqualTo("none");
    GetFunctionResponse got = lambda.getFunction(r -> r.functionName("plain"));
    assertThat(got.code().repositoryType()).isEqualTo("ECR");
    assertThat(got.code().imageUri()).isEqualTo(registry.uri(":1"));
    assertThat(got.code().resolvedImageUri()).isEqualTo(registry.uri("@sha256:" + first.digest));
    assertThat(got.configuration().codeSha256()).isEqualTo(first.digest);
  }

  /** Other images here have no {@code /opt} at all. */
  @Test
  void extensionsOfTheImageAccompanyIt() {
    byte[] agent = Zip.bytes(Places.client("go").resolve("go-agent"));
    registry.push(
        "watched", ContainerImage.of("watched", Map.of("/opt/extensions/go-agent", agent)));
    create("watched", registry.uri(":watched"), r -> {});
    InvokeResponse answer = call("watched");
    assertThat(Invoked.of(answer).success().path("version").asText()).isEqualTo("watched");
    String id = Invoked.of(answer).requestId();
    lambda.deleteFunction(r -> r.functionName("watched"));
    try (FunctionLog log = FunctionLog.of(lambic.address(), "watched")) {
      log.await(text -> text.startsWith("EXTENSION\tName: go-agent\tState: Ready"));
      JsonNode diary =
          Invoked.parse(
              log.await(text -> text.startsWith("flushed ")).substring("flushed ".length()));
      assertThat(diary.path("invoked").path(0).asText()).isEqualTo(id);
      assertThat(diary.path("reports").path(id).asText()).isEqualTo("success");
    }
  }

  @Test
  void settingsReplaceTheImagesOwn() {
    create(
        "replaced",
        registry.uri(":1"),
        r -> r.imageConfig(c -> c.entryPoint("run").command("three").workingDirectory("/tmp")));
    JsonNode told = invoke("replaced");
    assertThat(told.path("argv").asText()).isEqualTo("/app/run three");
    assertThat(told.path("cwd").asText()).isEqualTo("/tmp");
    lambda.updateFunctionConfiguration(
        r -> r.functionName("replaced").imageConfig(c -> c.command("four")));
    awaitReady("replaced");
    told = invoke("replaced");
    assertThat(told.path("argv").asText()).isEqualTo("/app/run four");
    assertThat(told.path("cwd").asText()).isEqualTo("/app");
  }

  @Test
  void programsAndDirectoriesThatAreMissing() {
    assertFailsWith(
        "no-program",
        c -> c.entryPoint("/nowhere"),
        "Runtime.InvalidEntrypoint",
        "fork/exec /nowhere: no such file or directory");
    assertFailsWith(
        "not-on-path",
        c -> c.entryPoint("nowhere"),
        "Runtime.InvalidEntrypoint",
        "exec: \"nowhere\": executable file not found in $PATH");
    assertFailsWith(
        "no-directory",
        c -> c.workingDirectory("/nowhere"),
        "Runtime.InvalidWorkingDir",
        "chdir /nowhere: no such file or directory");
  }

  private static void assertFailsWith(
      String name,
      Consumer<software.amazon.awssdk.services.lambda.model.ImageConfig.Builder> config,
      String type,
      String message) {
    create(name, registry.uri(":1"), r -> r.imageConfig(config));
    Invoked failed = Invoked.of(call(name));
    assertThat(failed.errorType()).isEqualTo(type);
    assertThat(failed.errorMessage()).contains(message);
  }

  @Test
  void sameTagIsAnotherImageOnlyAfterAnUpdate() {
    registry.push("moving", ContainerImage.of("old"));
    create("moving", registry.uri(":moving"), r -> {});
    assertThat(invoke("moving").path("version").asText()).isEqualTo("old");
    registry.push("moving", ContainerImage.of("new"));
    lambda.updateFunctionConfiguration(r -> r.functionName("moving").memorySize(256));
    awaitReady("moving");
    assertThat(invoke("moving").path("version").asText()).isEqualTo("old");
    lambda.updateFunctionCode(r -> r.functionName("moving").imageUri(registry.uri(":moving")));
    awaitReady("moving");
    assertThat(invoke("moving").path("version").asText()).isEqualTo("new");
  }

  @Test
  void imagesThatAreNotThere() {
    String none = registry.uri(":none");
    assertThat(refused(() -> lambda.createFunction(request("none", none).build())))
        .isEqualTo(
            "InvalidParameterValueException: Source image "
                + none
                + " does not exist. Provide a valid source image.");
    String wrong = registry.uri("@sha256:" + "0".repeat(64));
    assertThat(refused(() -> lambda.createFunction(request("none", wrong).build())))
        .contains("does not exist");
    assertThat(refused(() -> lambda.createFunction(request("none", "app:latest").build())))
        .isEqualTo(
            "InvalidParameterValueException: Source image app:latest is not valid. Provide a valid"
                + " source image.");
    ContainerImage damaged = ContainerImage.of("damaged");
    registry.push("damaged", damaged);
    registry.removeBlob(damaged.ownLayer);
    lambda.createFunction(request("damaged", registry.uri(":damaged")).build());
    Await.until(
        READY,
        () -> "failed is " + configuration("damaged"),
        () -> configuration("damaged").state() == State.FAILED);
    assertThat(configuration("damaged").stateReasonCodeAsString()).isEqualTo("ImageDeleted");
    assertThat(configuration("damaged").stateReason()).contains(damaged.ownLayer);
    assertThat(refused(() -> call("damaged"))).contains("Failed");
    lambda.deleteFunction(r -> r.functionName("damaged"));
  }

  @Test
  void registriesThatWantAPasswordGetTheirs() {
    create("guarded", guarded.uri(":1"), r -> {});
    assertThat(invoke("guarded").path("version").asText()).isEqualTo("first");
    try (ImageRegistry unknown = new ImageRegistry("QVdTOm90aGVy")) {
      unknown.push("1", first);
      assertThat(refused(() -> lambda.createFunction(request("other", unknown.uri(":1")).build())))
          .contains("AccessDeniedException")
          .contains("ECR permissions");
    }
  }

  @Test
  void imagesInFilesAreOnlyThoseThatTheServerWasGiven() {
    create("filed", "oci:layout:latest", r -> {});
    assertThat(invoke("filed").path("version").asText()).isEqualTo("first");
    for (String uri :
        new String[] {
          "oci:../outside:latest",
          "oci:" + directory + "/outside:latest",
          "oci:/etc",
          "docker-archive:/etc/shadow"
        }) {
      assertThat(refused(() -> lambda.createFunction(request("other", uri).build())))
          .contains("does not exist");
    }
  }

  /** Else the server would be a way from a sealed environment to every network. */
  @Test
  void functionsReachNoRegistry() {
    TestFunction function =
        TestFunction.create(
            lambda,
            "reaching",
            TestFunction.PYTHON,
            "app.handler",
            Zip.of(
                "app.py",
                """
                import boto3

                def handler(event, context):
                    try:
                        boto3.client("lambda").create_function(
                            FunctionName="reached", PackageType="Image",
                            Role="arn:aws:iam::000000000000:role/any",
                            Code={"ImageUri": event["uri"]})
                    except Exception as e:
                        return str(e)
                """),
            settings -> settings.memorySize(512));
    String uri = registry.uri(":secret-of-the-function");
    String told = function.invoke("{\"uri\":" + Invoked.quote(uri) + "}").success().asText();
    assertThat(told).contains("AccessDeniedException").contains("Check the ECR permissions.");
    assertThat(registry.asked).noneMatch(path -> path.contains("secret-of-the-function"));
  }

  @Test
  void imagesOutliveTheServerAndTheirRegistry() {
    try (ImageRegistry shortLived = new ImageRegistry();
        RunningLambic own = RunningLambic.start()) {
      shortLived.push("1", first);
      try (LambdaClient client = Clients.lambda(own.address())) {
        client.createFunction(request("kept", shortLived.uri(":1")).build());
        Await.until(
            READY,
            "active",
            () ->
                client.getFunction(r -> r.functionName("kept")).configuration().state()
                    == State.ACTIVE);
        failToUpdate(client, shortLived);
      }
      shortLived.stop();
      own.killHard();
      own.launch();
      try (LambdaClient client = Clients.lambda(own.address())) {
        InvokeResponse answer = client.invoke(r -> r.functionName("kept"));
        assertThat(Invoked.of(answer).success().path("version").asText()).isEqualTo("first");
      }
    }
  }

  /** What ran before goes on to run, after a crash too. */
  private static void failToUpdate(LambdaClient client, ImageRegistry from) {
    ContainerImage damaged = ContainerImage.of("never");
    from.push("damaged", damaged);
    from.removeBlob(damaged.ownLayer);
    client.updateFunctionCode(r -> r.functionName("kept").imageUri(from.uri(":damaged")));
    Await.until(
        READY,
        "the update failed",
        () ->
            "Failed"
                .equals(
                    client
                        .getFunction(r -> r.functionName("kept"))
                        .configuration()
                        .lastUpdateStatusAsString()));
  }

  @Test
  void importedRuntimeRunsPackages() {
    registry.push(
        "runtime",
        new ContainerImage(
            "/var/runtime/bootstrap", "of ruby", "{\"Env\":[\"GREETING=r\"]}", Map.of()));
    Script.Ended imported = lambic.importRuntime("ruby3.4", registry.uri(":runtime"));
    assertThat(imported.code()).as(imported.output()).isZero();
    TestFunction function =
        TestFunction.create(
            lambda,
            "imported",
            "ruby3.4",
            "app.handler",
            Zip.of("code.txt", "of the package"),
            r -> {});
    JsonNode told = function.invoke("{}").success();
    assertThat(told.path("version").asText()).isEqualTo("of ruby");
    assertThat(told.path("task").asText()).isEqualTo("of the package");
    assertThat(told.path("_HANDLER").asText()).isEqualTo("app.handler");
    assertThat(told.path("GREETING").asText()).isEqualTo("r");
    assertThat(told.path("cwd").asText()).isEqualTo("/var/task");
    assertThat(told.path("AWS_EXECUTION_ENV").asText()).isEqualTo("AWS_Lambda_ruby3.4");
    assertThat(lambic.runtimes()).containsPattern("ruby3.4 +imported +127.0.0.1:[0-9]+/team/app@");
    Script.Ended refused = lambic.importRuntime("ruby3.3", registry.uri(":1"));
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.output()).contains("/var/runtime/bootstrap").contains("awslambdaric");
  }

  @Test
  void importedRuntimeMayBeARuntimeClient() {
    registry.push(
        "client",
        new ContainerImage(
            "/app/run",
            "of python",
            "{\"Entrypoint\":[\"run\",\"-m\",\"awslambdaric\"],\"Env\":[\"PATH=/app\"]}",
            Map.of()));
    Script.Ended imported = lambic.importRuntime("python3.15", registry.uri(":client"));
    assertThat(imported.code()).as(imported.output()).isZero();
    TestFunction function =
        TestFunction.create(
            lambda,
            "by-client",
            "python3.15",
            "app.handler",
            Zip.of("code.txt", "of the package"),
            r -> {});
    JsonNode told = function.invoke("{}").success();
    assertThat(told.path("argv").asText()).isEqualTo("/app/run -m awslambdaric app.handler");
    assertThat(told.path("task").asText()).isEqualTo("of the package");
    assertThat(told.path("cwd").asText()).isEqualTo("/var/task");
  }
}
