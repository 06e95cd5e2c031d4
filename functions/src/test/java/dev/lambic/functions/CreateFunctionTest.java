package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.wire.Caller;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.CreateFunctionResponse;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;

/** CreateFunction answers as recorded from Lambda, member by member. */
class CreateFunctionTest {
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
  void aNewFunctionIsPendingWithAllDefaults() throws Exception {
    SdkBytes zip = Zips.handler("hello");
    CreateFunctionResponse answer = world.call(lambda -> lambda.createFunction(World.usual("fn")));
    String sha256 =
        Base64.getEncoder()
            .encodeToString(MessageDigest.getInstance("SHA-256").digest(zip.asByteArray()));
    CreateFunctionResponse expected =
        CreateFunctionResponse.builder()
            .architecturesWithStrings("x86_64")
            .codeSha256(sha256)
            .codeSize((long) zip.asByteArray().length)
            .description("")
            .ephemeralStorage(e -> e.size(512))
            .functionArn(World.ARN + "fn")
            .functionName("fn")
            .handler("index.handler")
            .lastModified("2026-03-04T05:06:07.089+0000")
            .loggingConfig(l -> l.logFormat("Text").logGroup("/aws/lambda/fn"))
            .memorySize(128)
            .packageType("Zip")
            .revisionId(answer.revisionId())
            .role(World.ROLE)
            .runtime("python3.12")
            .runtimeVersionConfig(answer.runtimeVersionConfig())
            .snapStart(s -> s.applyOn("None").optimizationStatus("Off"))
            .state("Pending")
            .stateReason("The function is being created.")
            .stateReasonCode("Creating")
            .timeout(3)
            .tracingConfig(t -> t.mode("PassThrough"))
            .version("$LATEST")
            .build();
    assertThat(answer).isEqualTo(expected);
    assertThat(answer.revisionId()).hasSize(36);
    assertThat(answer.runtimeVersionConfig().runtimeVersionArn())
        .matches("arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}");
  }

  @Test
  void itBecomesActiveWithAnotherRevision() {
    CreateFunctionResponse answer = world.call(lambda -> lambda.createFunction(World.usual("fn")));
    assertThat(world.configuration("fn").stateAsString()).isEqualTo("Pending");
    assertThat(world.configuration("fn").lastUpdateStatus()).isNull();
    world.settle();
    FunctionConfiguration active = world.configuration("fn");
    assertThat(active.stateAsString()).isEqualTo("Active");
    assertThat(active.stateReason()).isNull();
    assertThat(active.stateReasonCode()).isNull();
    assertThat(active.lastUpdateStatusAsString()).isEqualTo("Successful");
    assertThat(active.lastUpdateStatusReason()).isNull();
    assertThat(active.revisionId()).isNotEqualTo(answer.revisionId());
    assertThat(active.lastModified()).isEqualTo(answer.lastModified());
  }

  @Test
  void settingsAreKept() {
    world.call(lambda ->
        lambda.createFunction(
            World.usual("fn")
                .andThen(r ->
                    r.description("What it does")
                        .timeout(900)
                        .memorySize(10_240)
                        .ephemeralStorage(e -> e.size(10_240))
                        .architecturesWithStrings("x86_64")
                        .loggingConfig(l -> l.logFormat("Text").logGroup("/my/group"))
                        .tracingConfig(t -> t.mode("PassThrough"))
                        .snapStart(s -> s.applyOn("None"))
                        .packageType("Zip")
                        .environment(e -> e.variables(Map.of("KEY", "value"))))));
    world.settle();
    FunctionConfiguration kept = world.configuration("fn");
    assertThat(kept.description()).isEqualTo("What it does");
    assertThat(kept.timeout()).isEqualTo(900);
    assertThat(kept.memorySize()).isEqualTo(10_240);
    assertThat(kept.ephemeralStorage().size()).isEqualTo(10_240);
    assertThat(kept.loggingConfig().logGroup()).isEqualTo("/my/group");
    assertThat(kept.loggingConfig().logFormatAsString()).isEqualTo("Text");
    assertThat(kept.environment().variables()).containsExactly(Map.entry("KEY", "value"));
    FunctionVersion ready = resolve("fn").function();
    assertThat(ready.memoryMb()).isEqualTo(10_240);
    assertThat(ready.timeoutSeconds()).isEqualTo(900);
    assertThat(ready.ephemeralMb()).isEqualTo(10_240);
    assertThat(ready.variables()).containsExactly(Map.entry("KEY", "value"));
    assertThat(ready.logGroup()).isEqualTo("/my/group");
  }

  @Test
  void anEmptyEnvironmentIsShownAsEmpty() {
    world.call(lambda ->
        lambda.createFunction(
            World.usual("fn").andThen(r -> r.environment(e -> e.variables(Map.of())))));
    FunctionConfiguration shown = world.configuration("fn");
    assertThat(shown.environment().hasVariables()).isTrue();
    assertThat(shown.environment().variables()).isEmpty();
  }

  @Test
  void emptyNetworkSettingsAreShownAsLambdaShowsThem() {
    world.call(lambda ->
        lambda.createFunction(
            World.usual("fn")
                .andThen(
                    r -> r.vpcConfig(v -> v.subnetIds(List.of()).securityGroupIds(List.of())))));
    FunctionConfiguration shown = world.configuration("fn");
    assertThat(shown.vpcConfig().vpcId()).isEmpty();
    assertThat(shown.vpcConfig().hasSubnetIds()).isTrue();
    assertThat(shown.vpcConfig().hasSecurityGroupIds()).isTrue();
    assertThat(shown.vpcConfig().ipv6AllowedForDualStack()).isFalse();
  }

  @Test
  void namesComeInEveryForm() {
    for (String name :
        List.of("plain", "function:short", "111111111111:function:partial", World.ARN + "full")) {
      String plain = name.substring(name.lastIndexOf(':') + 1);
      CreateFunctionResponse answer =
          world.call(lambda -> lambda.createFunction(World.usual(name)));
      assertThat(answer.functionName()).isEqualTo(plain);
      assertThat(answer.functionArn()).isEqualTo(World.ARN + plain);
    }
  }

  @Test
  void aNameThatIsTakenIsRefused() {
    world.create("fn");
    FunctionConfiguration before = world.configuration("fn");
    assertThat(
            world.error(lambda ->
                lambda.createFunction(World.usual("fn").andThen(r -> r.description("another")))))
        .isEqualTo("409 ResourceConflictException: Function already exist: fn");
    assertThat(world.configuration("fn")).isEqualTo(before);
  }

  @Test
  void accountsAndRegionsAreApart() {
    world.create("fn");
    Caller other = Caller.ofAccount("222222222222", "us-east-1");
    Caller elsewhere = Caller.ofAccount("111111111111", "cn-north-1");
    assertThat(world.call(other, lambda -> lambda.createFunction(World.usual("fn"))).functionArn())
        .isEqualTo("arn:aws:lambda:us-east-1:222222222222:function:fn");
    assertThat(
            world.call(elsewhere, lambda -> lambda.createFunction(World.usual("fn"))).functionArn())
        .isEqualTo("arn:aws-cn:lambda:cn-north-1:111111111111:function:fn");
  }

  @Test
  void publishingAtOnceMakesVersionOne() {
    CreateFunctionResponse answer =
        world.call(
            lambda -> lambda.createFunction(World.usual("fn").andThen(r -> r.publish(true))));
    assertThat(answer.version()).isEqualTo("1");
    assertThat(answer.functionArn()).isEqualTo(World.ARN + "fn");
    assertThat(answer.stateAsString()).isEqualTo("Pending");
    world.settle();
    FunctionConfiguration latest = get("fn", null).configuration();
    FunctionConfiguration qualified = get("fn", "$LATEST").configuration();
    FunctionConfiguration first = get("fn", "1").configuration();
    assertThat(latest.version()).isEqualTo("$LATEST");
    assertThat(latest.functionArn()).isEqualTo(World.ARN + "fn");
    assertThat(qualified.functionArn()).isEqualTo(World.ARN + "fn:$LATEST");
    assertThat(qualified.revisionId()).isEqualTo(latest.revisionId());
    assertThat(first.version()).isEqualTo("1");
    assertThat(first.functionArn()).isEqualTo(World.ARN + "fn:1");
    assertThat(first.stateAsString()).isEqualTo("Active");
    assertThat(first.lastUpdateStatusAsString()).isEqualTo("Successful");
    assertThat(first.revisionId()).isNotIn(latest.revisionId(), answer.revisionId());
  }

  @Test
  void tagsAreShownByGetFunctionOnly() {
    world.call(lambda ->
        lambda.createFunction(World.usual("fn").andThen(r -> r.tags(Map.of("team", "blue")))));
    assertThat(get("fn", null).tags()).containsExactly(Map.entry("team", "blue"));
    world.create("bare");
    assertThat(get("bare", null).hasTags()).isFalse();
  }

  private GetFunctionResponse get(String name, @Nullable String qualifier) {
    return world.call(lambda -> lambda.getFunction(r -> r.functionName(name).qualifier(qualifier)));
  }

  private Resolved resolve(String name) {
    return world.service().directory().resolve("111111111111", "us-east-1", name, null);
  }
}
