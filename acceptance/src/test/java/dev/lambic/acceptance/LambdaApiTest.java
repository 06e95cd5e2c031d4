package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CreateFunctionResponse;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.LastUpdateStatus;
import software.amazon.awssdk.services.lambda.model.ListFunctionsResponse;
import software.amazon.awssdk.services.lambda.model.PreconditionFailedException;
import software.amazon.awssdk.services.lambda.model.ResourceConflictException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.State;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.waiters.LambdaWaiter;

/** The control plane by AWS's SDK, against what was recorded from AWS ("test_lambda_api"). */
class LambdaApiTest {
  private static final byte[] FIRST =
      Zip.of("app.py", "def handler(event, context): return 'first'");
  private static final byte[] SECOND =
      Zip.of("app.py", "def handler(event, context): return 'second'");

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static CreateFunctionResponse create(String name) {
    return LAMBIC
        .lambda()
        .createFunction(
            TestFunction.request(name, TestFunction.PYTHON, "app.handler", FIRST)
                .timeout(5)
                .memorySize(256)
                .build());
  }

  private static CreateFunctionResponse createActive(String name) {
    CreateFunctionResponse created = create(name);
    awaitUpdated(name);
    return created;
  }

  private static void awaitUpdated(String name) {
    Await.until(
        Duration.ofSeconds(30),
        "updated is " + name,
        () -> {
          FunctionConfiguration now =
              LAMBIC.lambda().getFunction(request -> request.functionName(name)).configuration();
          return now.state() == State.ACTIVE
              && now.lastUpdateStatus() == LastUpdateStatus.SUCCESSFUL;
        });
  }

  private static String answerOf(String name) {
    return LAMBIC.lambda().invoke(request -> request.functionName(name)).payload().asUtf8String();
  }

  @Test
  void aNewFunctionIsDescribedAsByAws() throws NoSuchAlgorithmException {
    CreateFunctionResponse created = create("described");
    assertThat(created.sdkHttpResponse().statusCode()).isEqualTo(201);
    assertThat(created.functionName()).isEqualTo("described");
    assertThat(created.functionArn()).isEqualTo(Clients.arn("described"));
    assertThat(created.stateAsString()).isEqualTo("Pending");
    assertThat(created.stateReason()).isEqualTo("The function is being created.");
    assertThat(created.stateReasonCodeAsString()).isEqualTo("Creating");
    assertThat(created.lastUpdateStatus()).isNull();
    assertThat(created.codeSize()).isEqualTo(FIRST.length);
    assertThat(created.codeSha256())
        .isEqualTo(
            Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(FIRST)));
    assertThat(created.description()).isEmpty();
    assertThat(created.ephemeralStorage().size()).isEqualTo(512);
    assertThat(created.architecturesAsStrings()).hasSize(1);
    assertThat(created.handler()).isEqualTo("app.handler");
    assertThat(created.runtimeAsString()).isEqualTo(TestFunction.PYTHON);
    assertThat(created.role()).isEqualTo(TestFunction.ROLE);
    assertThat(created.timeout()).isEqualTo(5);
    assertThat(created.memorySize()).isEqualTo(256);
    assertThat(created.packageTypeAsString()).isEqualTo("Zip");
    assertThat(created.loggingConfig().logFormatAsString()).isEqualTo("Text");
    assertThat(created.loggingConfig().logGroup()).isEqualTo("/aws/lambda/described");
    assertThat(created.snapStart().applyOnAsString()).isEqualTo("None");
    assertThat(created.snapStart().optimizationStatusAsString()).isEqualTo("Off");
    assertThat(created.tracingConfig().modeAsString()).isEqualTo("PassThrough");
    assertThat(created.version()).isEqualTo("$LATEST");
    assertThat(created.runtimeVersionConfig().runtimeVersionArn()).startsWith("arn:aws:lambda:");
    assertThat(created.lastModified())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\+0000");
    assertThat(created.revisionId()).matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");
    awaitUpdated("described");
    GetFunctionConfigurationResponse active =
        LAMBIC.lambda().getFunctionConfiguration(request -> request.functionName("described"));
    assertThat(active.stateReason()).isNull();
    assertThat(active.stateReasonCode()).isNull();
    assertThat(active.revisionId()).isNotEqualTo(created.revisionId());
    assertThat(active.codeSha256()).isEqualTo(created.codeSha256());
  }

  @Test
  void theSdksWaitersWork() {
    try (LambdaWaiter waiter = LAMBIC.lambda().waiter()) {
      create("waited");
      assertThat(
              waiter
                  .waitUntilFunctionExists(request -> request.functionName("waited"))
                  .matched()
                  .response())
          .isPresent();
      assertThat(
              waiter
                  .waitUntilFunctionActiveV2(request -> request.functionName("waited"))
                  .matched()
                  .response()
                  .orElseThrow()
                  .configuration()
                  .state())
          .isEqualTo(State.ACTIVE);
      LAMBIC
          .lambda()
          .updateFunctionConfiguration(
              request -> request.functionName("waited").description("changed"));
      assertThat(
              waiter
                  .waitUntilFunctionUpdatedV2(request -> request.functionName("waited"))
                  .matched()
                  .response()
                  .orElseThrow()
                  .configuration()
                  .description())
          .isEqualTo("changed");
    }
  }

  @Test
  void theCodesLocationGivesTheVeryPackage() throws IOException, InterruptedException {
    createActive("downloaded");
    GetFunctionResponse function =
        LAMBIC.lambda().getFunction(request -> request.functionName("downloaded"));
    assertThat(function.code().repositoryType()).isEqualTo("S3");
    String location = function.code().location();
    assertThat(download(location).body()).isEqualTo(FIRST);
    char last = location.charAt(location.length() - 1);
    String forged = location.substring(0, location.length() - 1) + (last == '0' ? '1' : '0');
    assertThat(download(forged).statusCode()).isEqualTo(403);
    String bare = location.substring(0, location.indexOf('?'));
    assertThat(download(bare).statusCode()).isEqualTo(403);
    String later = location.replaceFirst("expires=\\d", "expires=9");
    assertThat(download(later).statusCode()).isEqualTo(403);
  }

  private static HttpResponse<byte[]> download(String location)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create(location)).timeout(Duration.ofSeconds(30)).build(),
          HttpResponse.BodyHandlers.ofByteArray());
    }
  }

  @Test
  void updatedCodeIsWhatRuns() {
    CreateFunctionResponse created = createActive("code");
    assertThat(answerOf("code")).isEqualTo("\"first\"");
    UpdateFunctionCodeResponse updated =
        LAMBIC
            .lambda()
            .updateFunctionCode(
                request -> request.functionName("code").zipFile(SdkBytes.fromByteArray(SECOND)));
    assertThat(updated.stateAsString()).isEqualTo("Active");
    assertThat(updated.lastUpdateStatusAsString()).isEqualTo("InProgress");
    assertThat(updated.lastUpdateStatusReason()).isEqualTo("The function is being created.");
    assertThat(updated.lastUpdateStatusReasonCodeAsString()).isEqualTo("Creating");
    assertThat(updated.codeSha256()).isNotEqualTo(created.codeSha256());
    assertThat(updated.timeout()).isEqualTo(5);
    awaitUpdated("code");
    assertThat(answerOf("code")).isEqualTo("\"second\"");
  }

  @Test
  void aDryRunOfAnUpdateChangesNothing() {
    createActive("dry");
    FunctionConfiguration before = configuration("dry");
    UpdateFunctionCodeResponse tried =
        LAMBIC
            .lambda()
            .updateFunctionCode(request ->
                request.functionName("dry").dryRun(true).zipFile(SdkBytes.fromByteArray(SECOND)));
    assertThat(tried.codeSha256()).isNotEqualTo(before.codeSha256());
    assertThat(configuration("dry")).isEqualTo(before);
    assertThat(answerOf("dry")).isEqualTo("\"first\"");
  }

  private static FunctionConfiguration configuration(String name) {
    return LAMBIC.lambda().getFunction(request -> request.functionName(name)).configuration();
  }

  @Test
  void updatedSettingsAreWhatRuns() {
    TestFunction function =
        TestFunction.python(
            LAMBIC.lambda(),
            "settings",
            "probe.py",
            settings -> settings.environment(own -> own.variables(Map.of("WHICH", "old"))));
    assertThat(function.act("version").payload()).isEqualTo("\"old\"");
    UpdateFunctionConfigurationResponse updated =
        LAMBIC
            .lambda()
            .updateFunctionConfiguration(request ->
                request
                    .functionName("settings")
                    .description("Changed-Description")
                    .memorySize(512)
                    .timeout(10)
                    .environment(own -> own.variables(Map.of("WHICH", "new"))));
    assertThat(updated.lastUpdateStatusAsString()).isEqualTo("InProgress");
    assertThat(updated.description()).isEqualTo("Changed-Description");
    assertThat(updated.memorySize()).isEqualTo(512);
    assertThat(updated.timeout()).isEqualTo(10);
    assertThat(updated.environment().variables()).containsOnly(Map.entry("WHICH", "new"));
    function.awaitReady();
    assertThat(function.act("version").payload()).isEqualTo("\"new\"");
    assertThat(
            function
                .act("introspect")
                .success()
                .path("context")
                .path("memory_limit_in_mb")
                .asText())
        .isEqualTo("512");
  }

  @Test
  void aStaleRevisionIsRefused() {
    createActive("revision");
    FunctionConfiguration before = configuration("revision");
    assertThatThrownBy(() ->
            LAMBIC
                .lambda()
                .updateFunctionConfiguration(request ->
                    request
                        .functionName("revision")
                        .revisionId("00000000-0000-0000-0000-000000000000")
                        .timeout(9)))
        .isInstanceOfSatisfying(
            PreconditionFailedException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(412);
              assertThat(e.type()).isEqualTo("User");
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo(
                      "The Revision Id provided does not match the latest Revision Id. Call the"
                          + " GetFunction/GetAlias API to retrieve the latest Revision Id");
            });
    assertThat(configuration("revision")).isEqualTo(before);
    LAMBIC
        .lambda()
        .updateFunctionConfiguration(
            request -> request.functionName("revision").revisionId(before.revisionId()).timeout(9));
    assertThat(configuration("revision").timeout()).isEqualTo(9);
  }

  @Test
  void aNameThatIsTakenIsAConflict() {
    createActive("taken");
    FunctionConfiguration before = configuration("taken");
    assertThatThrownBy(() -> create("taken"))
        .isInstanceOfSatisfying(
            ResourceConflictException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(409);
              assertThat(e.type()).isEqualTo("User");
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo("Function already exist: taken");
            });
    assertThat(configuration("taken")).isEqualTo(before);
  }

  @Test
  void aDeletedFunctionIsGone() {
    createActive("deleted");
    assertThat(answerOf("deleted")).isEqualTo("\"first\"");
    LambdaClient lambda = LAMBIC.lambda();
    assertThat(
            lambda
                .deleteFunction(request -> request.functionName("deleted"))
                .sdkHttpResponse()
                .statusCode())
        .isEqualTo(204);
    notFound("", () -> lambda.getFunction(request -> request.functionName("deleted")));
    notFound("", () -> lambda.getFunctionConfiguration(request -> request.functionName("deleted")));
    notFound(":$LATEST", () -> lambda.invoke(request -> request.functionName("deleted")));
    notFound("", () -> lambda.deleteFunction(request -> request.functionName("deleted")));
    assertThat(names(lambda.listFunctions())).doesNotContain("deleted");
    createActive("deleted");
    assertThat(answerOf("deleted")).isEqualTo("\"first\"");
  }

  private static void notFound(String qualifier, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            ResourceNotFoundException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(404);
              assertThat(e.type()).isEqualTo("User");
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo("Function not found: " + Clients.arn("deleted") + qualifier);
            });
  }

  @Test
  void listsComeInPages() {
    List<String> wanted = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      String name = "page-" + i;
      create(name);
      wanted.add(name);
    }
    List<String> found = new ArrayList<>();
    int pages = 0;
    for (ListFunctionsResponse page :
        LAMBIC.lambda().listFunctionsPaginator(request -> request.maxItems(3))) {
      assertThat(page.functions()).hasSizeLessThanOrEqualTo(3);
      found.addAll(names(page));
      pages++;
    }
    assertThat(pages).isGreaterThanOrEqualTo(3);
    assertThat(found).doesNotHaveDuplicates().containsAll(wanted);
    assertThat(names(LAMBIC.lambda().listFunctions())).containsAll(wanted);
    for (FunctionConfiguration listed : LAMBIC.lambda().listFunctions().functions()) {
      assertThat(listed.state()).as("lists carry no state").isNull();
      assertThat(listed.lastUpdateStatus()).isNull();
      assertThat(listed.version()).isEqualTo("$LATEST");
    }
  }

  private static List<String> names(ListFunctionsResponse page) {
    return page.functions().stream().map(FunctionConfiguration::functionName).toList();
  }

  @Test
  void functionsOfOtherRegionsAreNotReachable() {
    createActive("here");
    String elsewhere = Clients.arn("here").replace(Clients.REGION, "eu-west-1");
    assertThatThrownBy(() -> LAMBIC.lambda().invoke(request -> request.functionName(elsewhere)))
        .isInstanceOfSatisfying(
            ResourceNotFoundException.class,
            e ->
                assertThat(e.awsErrorDetails().errorMessage())
                    .isEqualTo(
                        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"));
  }

  @Test
  void whatIsNotBuiltSaysSo() {
    assertThatThrownBy(() -> LAMBIC.lambda().listCapacityProviders(request -> {}))
        .isInstanceOfSatisfying(
            LambdaException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(501);
              assertThat(e.awsErrorDetails().errorMessage()).contains("ListCapacityProviders");
            });
    createActive("not-built");
    assertThatThrownBy(() ->
            LAMBIC
                .lambda()
                .updateFunctionConfiguration(
                    request -> request.functionName("not-built").layers(Clients.arn("x:1"))))
        .isInstanceOf(LambdaException.class);
    assertThatThrownBy(() ->
            LAMBIC
                .lambda()
                .updateFunctionConfiguration(request ->
                    request
                        .functionName("not-built")
                        .durableConfig(durable -> durable.executionTimeout(5))))
        .isInstanceOfSatisfying(
            LambdaException.class,
            e -> assertThat(e.awsErrorDetails().errorMessage()).contains("DurableConfig"));
  }
}
