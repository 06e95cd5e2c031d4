package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CodeSigningConfig;

/** Code signing configurations, and what they do to functions whose packages bear no signature. */
class SigningTest {
  private static final String PROFILE =
      "arn:aws:signer:us-east-1:111111111111:/signing-profiles/p/abcdef0123";
  private static final String NOWHERE =
      "arn:aws:lambda:us-east-1:111111111111:code-signing-config:csc-0123456789abcdef0";
  private static final String UNSIGNED =
      "400 CodeVerificationFailedException: Lambda cannot deploy the function. The function or layer"
          + " might be signed using a signature that the client is not configured to accept. Check"
          + " the provided signature for fn.";

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
  void configurationsAreMadeChangedListedAndDeleted() {
    CodeSigningConfig made = make("Enforce");
    assertThat(made.codeSigningConfigId()).matches("csc-[a-z0-9]{17}");
    assertThat(made.codeSigningConfigArn())
        .isEqualTo(
            "arn:aws:lambda:us-east-1:111111111111:code-signing-config:"
                + made.codeSigningConfigId());
    assertThat(made.allowedPublishers().signingProfileVersionArns()).containsExactly(PROFILE);
    assertThat(made.description()).isEmpty();
    String arn = made.codeSigningConfigArn();
    CodeSigningConfig changed =
        world
            .call(l ->
                l.updateCodeSigningConfig(r ->
                    r.codeSigningConfigArn(arn)
                        .description("new")
                        .codeSigningPolicies(p -> p.untrustedArtifactOnDeployment("Warn"))))
            .codeSigningConfig();
    assertThat(changed.description()).isEqualTo("new");
    assertThat(changed.codeSigningPolicies().untrustedArtifactOnDeploymentAsString())
        .isEqualTo("Warn");
    assertThat(changed.allowedPublishers()).isEqualTo(made.allowedPublishers());
    world.restart();
    assertThat(
            world
                .call(l -> l.getCodeSigningConfig(r -> r.codeSigningConfigArn(arn)))
                .codeSigningConfig())
        .isEqualTo(changed);
    make("Warn");
    assertThat(world.call(l -> l.listCodeSigningConfigs(r -> r.maxItems(1))).nextMarker())
        .isNotNull();
    assertThat(world.call(l -> l.listCodeSigningConfigs(r -> {})).codeSigningConfigs()).hasSize(2);
    world.call(l -> l.deleteCodeSigningConfig(r -> r.codeSigningConfigArn(arn)));
    assertThat(world.error(l -> l.getCodeSigningConfig(r -> r.codeSigningConfigArn(arn))))
        .isEqualTo(
            "404 ResourceNotFoundException: The Lambda code signing configuration "
                + arn
                + " can not be found.");
  }

  @Test
  void thePolicyIsToWarnUnlessSaidOtherwise() {
    CodeSigningConfig made =
        world
            .call(l ->
                l.createCodeSigningConfig(
                    r -> r.allowedPublishers(p -> p.signingProfileVersionArns(PROFILE))))
            .codeSigningConfig();
    assertThat(made.codeSigningPolicies().untrustedArtifactOnDeploymentAsString())
        .isEqualTo("Warn");
  }

  @Test
  void whatIsUnsignedIsRefusedWhereThatIsEnforced() {
    String strict = make("Enforce").codeSigningConfigArn();
    assertThat(
            world.error(l ->
                l.createFunction(World.usual("fn").andThen(r -> r.codeSigningConfigArn(strict)))))
        .isEqualTo(UNSIGNED);
    world.create("fn");
    world.call(l ->
        l.putFunctionCodeSigningConfig(r -> r.functionName("fn").codeSigningConfigArn(strict)));
    assertThat(update()).isEqualTo(UNSIGNED);
    assertThat(
            world
                .call(l -> l.getFunctionCodeSigningConfig(r -> r.functionName("fn")))
                .codeSigningConfigArn())
        .isEqualTo(strict);
    assertThat(
            world
                .call(l -> l.listFunctionsByCodeSigningConfig(r -> r.codeSigningConfigArn(strict)))
                .functionArns())
        .containsExactly(World.ARN + "fn");
    world.restart();
    assertThat(update()).isEqualTo(UNSIGNED);
    assertThat(world.error(l -> l.deleteCodeSigningConfig(r -> r.codeSigningConfigArn(strict))))
        .startsWith("409 ResourceConflictException: ");
    world.call(l -> l.deleteFunctionCodeSigningConfig(r -> r.functionName("fn")));
    assertThat(
            world
                .call(l -> l.getFunctionCodeSigningConfig(r -> r.functionName("fn")))
                .codeSigningConfigArn())
        .isNull();
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("x"))));
  }

  @Test
  void layersAreRefusedAsCodeIs() {
    String strict = make("Enforce").codeSigningConfigArn();
    String layer =
        world
            .call(l ->
                l.publishLayerVersion(
                    r -> r.layerName("layer").content(c -> c.zipFile(Zips.handler("layer")))))
            .layerVersionArn();
    world.create("fn");
    world.call(l ->
        l.putFunctionCodeSigningConfig(r -> r.functionName("fn").codeSigningConfigArn(strict)));
    assertThat(
            world.error(
                l -> l.updateFunctionConfiguration(r -> r.functionName("fn").layers(layer))))
        .startsWith("400 CodeVerificationFailedException: ")
        .endsWith(layer + ".");
    world.call(
        l -> l.updateFunctionConfiguration(r -> r.functionName("fn").layers(List.of()).timeout(5)));
  }

  @Test
  void whatIsUnsignedPassesWhereThatOnlyWarns() {
    String lenient = make("Warn").codeSigningConfigArn();
    world.call(
        l -> l.createFunction(World.usual("fn").andThen(r -> r.codeSigningConfigArn(lenient))));
    world.settle();
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("x"))));
    assertThat(
            world
                .call(l -> l.getFunctionCodeSigningConfig(r -> r.functionName("fn")))
                .codeSigningConfigArn())
        .isEqualTo(lenient);
  }

  @Test
  void whatIsNotThereIsNamed() {
    String unusable =
        "404 CodeSigningConfigNotFoundException: The code signing configuration cannot be found."
            + " Check that the provided configuration is not deleted: "
            + NOWHERE
            + ".";
    world.create("fn");
    assertThat(
            world.error(l ->
                l.putFunctionCodeSigningConfig(
                    r -> r.functionName("fn").codeSigningConfigArn(NOWHERE))))
        .isEqualTo(unusable);
    assertThat(
            world.error(l ->
                l.createFunction(World.usual("new").andThen(r -> r.codeSigningConfigArn(NOWHERE)))))
        .isEqualTo(unusable);
    assertThat(world.error(l -> l.getFunctionCodeSigningConfig(r -> r.functionName("missing"))))
        .isEqualTo("404 ResourceNotFoundException: Function not found: " + World.ARN + "missing");
    assertThat(
            world.error(
                l -> l.listFunctionsByCodeSigningConfig(r -> r.codeSigningConfigArn(NOWHERE))))
        .startsWith("404 ResourceNotFoundException: The Lambda code signing configuration ");
  }

  @Test
  void whatBecomesOfAConfigurationWhileCodeIsFetchedCounts() {
    String gone = make("Warn").codeSigningConfigArn();
    assertThat(createWhile(gone, l -> l.deleteCodeSigningConfig(r -> r.codeSigningConfigArn(gone))))
        .startsWith("404 CodeSigningConfigNotFoundException: ");
    String strict = make("Warn").codeSigningConfigArn();
    assertThat(
            createWhile(
                strict,
                l ->
                    l.updateCodeSigningConfig(r ->
                        r.codeSigningConfigArn(strict)
                            .codeSigningPolicies(p -> p.untrustedArtifactOnDeployment("Enforce")))))
        .isEqualTo(UNSIGNED);
    assertThat(world.call(l -> l.listFunctions()).functions()).isEmpty();
  }

  /** How a function is refused for whose code the other operation happens. */
  private String createWhile(String arn, Function<LambdaClient, ?> other) {
    world
        .service()
        .use(
            (bucket, key, version) -> {
              world.call(other);
              return Zips.handler("x").asInputStream();
            },
            role -> true);
    return world.error(l ->
        l.createFunction(
            World.usual("fn")
                .andThen(r ->
                    r.codeSigningConfigArn(arn).code(c -> c.s3Bucket("code").s3Key("x.zip")))));
  }

  @Test
  void configurationsHaveTags() {
    String arn = make("Warn").codeSigningConfigArn();
    world.call(l -> l.tagResource(r -> r.resource(arn).tags(Map.of("A", "a", "B", "b"))));
    world.call(l -> l.untagResource(r -> r.resource(arn).tagKeys("A")));
    world.restart();
    assertThat(world.call(l -> l.listTags(r -> r.resource(arn))).tags())
        .isEqualTo(Map.of("B", "b"));
  }

  private String update() {
    return world.error(
        l -> l.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("x"))));
  }

  private CodeSigningConfig make(String policy) {
    return world
        .call(l ->
            l.createCodeSigningConfig(r ->
                r.allowedPublishers(p -> p.signingProfileVersionArns(PROFILE))
                    .codeSigningPolicies(p -> p.untrustedArtifactOnDeployment(policy))))
        .codeSigningConfig();
  }
}
