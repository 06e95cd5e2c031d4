package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lambic.wire.Caller;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionRequest;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionByArnResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.LayerVersionsListItem;
import software.amazon.awssdk.services.lambda.model.LayersListItem;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsRequest;
import software.amazon.awssdk.services.lambda.model.ListLayersRequest;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionResponse;

/** Layers by themselves: their versions, lists and policies. */
class LayersTest {
  static final String ARN = "arn:aws:lambda:us-east-1:111111111111:layer:";
  private static final Caller STRANGER = Caller.ofAccount("222222222222", "us-east-1");
  private static final String GONE =
      "404 ResourceNotFoundException: The resource you requested does not exist.";

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

  static PublishLayerVersionResponse publish(World world, String name, String content) {
    return publish(world, name, content, more -> {});
  }

  static PublishLayerVersionResponse publish(
      World world, String name, String content, Consumer<PublishLayerVersionRequest.Builder> more) {
    SdkBytes zip = SdkBytes.fromByteArray(Zips.of(name + ".txt", content));
    return world.call(l ->
        l.publishLayerVersion(r -> {
          r.layerName(name).content(c -> c.zipFile(zip));
          more.accept(r);
        }));
  }

  private void delete(String name, long version) {
    world.call(l -> l.deleteLayerVersion(r -> r.layerName(name).versionNumber(version)));
  }

  private GetLayerVersionResponse get(String name, long version) {
    return world.call(l -> l.getLayerVersion(r -> r.layerName(name).versionNumber(version)));
  }

  private List<Long> versions(Consumer<ListLayerVersionsRequest.Builder> request) {
    return world.call(l -> l.listLayerVersions(request)).layerVersions().stream()
        .map(LayerVersionsListItem::version)
        .toList();
  }

  private List<String> names(Consumer<ListLayersRequest.Builder> request) {
    return world.call(l -> l.listLayers(request)).layers().stream()
        .map(LayersListItem::layerName)
        .toList();
  }

  @Test
  void whatWasPublishedIsShown() {
    PublishLayerVersionResponse made =
        publish(
            world,
            "l",
            "1",
            r ->
                r.description("said")
                    .licenseInfo("MIT")
                    .compatibleRuntimesWithStrings("python3.12", "nodejs8.10")
                    .compatibleArchitecturesWithStrings("x86_64", "arm64"));
    assertThat(made.layerArn()).isEqualTo(ARN + "l");
    assertThat(made.layerVersionArn()).isEqualTo(ARN + "l:1");
    assertThat(made.version()).isEqualTo(1);
    assertThat(made.description()).isEqualTo("said");
    assertThat(made.licenseInfo()).isEqualTo("MIT");
    assertThat(made.compatibleRuntimesAsStrings()).containsExactly("python3.12", "nodejs8.10");
    assertThat(made.compatibleArchitecturesAsStrings()).containsExactly("x86_64", "arm64");
    assertThat(made.createdDate()).matches("....-..-..T..:..:..\\.\\d{3}\\+0000");
    assertThat(made.content().codeSize()).isPositive();
    assertThat(made.content().codeSha256()).hasSize(44);
    GetLayerVersionResponse shown = get("l", 1);
    assertThat(Shown.in(PublishLayerVersionResponse.builder(), shown)).isEqualTo(made);
    GetLayerVersionByArnResponse byArn =
        world.call(l -> l.getLayerVersionByArn(r -> r.arn(ARN + "l:1")));
    assertThat(Shown.in(PublishLayerVersionResponse.builder(), byArn)).isEqualTo(made);
    assertThat(get(ARN + "l", 1)).isEqualTo(shown);
    world.restart();
    assertThat(get("l", 1)).isEqualTo(shown);
  }

  @Test
  void whatWasNotGivenIsAbsent() {
    PublishLayerVersionResponse made = publish(world, "l", "1");
    assertThat(made.description()).isEmpty();
    assertThat(made.licenseInfo()).isNull();
    assertThat(made.hasCompatibleRuntimes()).isFalse();
    assertThat(made.hasCompatibleArchitectures()).isFalse();
  }

  @Test
  void theLinkLeadsToThePackage() throws Exception {
    URI link = URI.create(publish(world, "l", "1").content().location());
    Path file = world.service().downloads().open(link.getPath(), link.getQuery());
    assertThat(Files.readAllBytes(file)).isEqualTo(Zips.of("l.txt", "1"));
  }

  @Test
  void aNumberIsNeverGivenTwice() {
    publish(world, "l", "1");
    publish(world, "l", "2");
    delete("l", 2);
    delete("l", 2);
    delete("never", 1);
    world.restart();
    assertThat(publish(world, "l", "2").version()).isEqualTo(3);
    delete("l", 3);
    delete("l", 1);
    assertThat(names(r -> {})).isEmpty();
    world.restart();
    assertThat(publish(world, "l", "3").version()).isEqualTo(4);
    assertThat(world.error(l -> l.getLayerVersion(r -> r.layerName("l").versionNumber(2L))))
        .isEqualTo(GONE);
  }

  @Test
  void listsShowTheNewestFirstAndWhatMatches() {
    publish(world, "b", "1", r -> r.compatibleRuntimesWithStrings("python3.12"));
    publish(world, "b", "2", r -> r.compatibleArchitecturesWithStrings("arm64"));
    publish(world, "a", "1");
    assertThat(names(r -> {})).containsExactly("a", "b");
    assertThat(names(r -> r.compatibleRuntime("python3.12"))).containsExactly("b");
    assertThat(versions(r -> r.layerName("b"))).containsExactly(2L, 1L);
    assertThat(versions(r -> r.layerName("b").compatibleRuntime("python3.12"))).containsExactly(1L);
    assertThat(versions(r -> r.layerName("b").compatibleArchitecture("arm64"))).containsExactly(2L);
    assertThat(versions(r -> r.layerName(ARN + "b"))).containsExactly(2L, 1L);
    assertThat(versions(r -> r.layerName("none"))).isEmpty();
    LayersListItem item =
        world.call(l -> l.listLayers(r -> r.compatibleRuntime("python3.12"))).layers().getFirst();
    assertThat(item.layerArn()).isEqualTo(ARN + "b");
    assertThat(item.latestMatchingVersion().layerVersionArn()).isEqualTo(ARN + "b:1");
    assertThat(world.call(STRANGER, l -> l.listLayers(r -> {})).layers()).isEmpty();
  }

  @Test
  void listsComeInPages() {
    for (String name : List.of("a", "b", "c")) {
      publish(world, name, "1");
      publish(world, "many", name);
    }
    var first = world.call(l -> l.listLayers(r -> r.maxItems(2)));
    assertThat(first.layers()).hasSize(2);
    assertThat(names(r -> r.maxItems(2).marker(first.nextMarker()))).containsExactly("c", "many");
    var newest = world.call(l -> l.listLayerVersions(r -> r.layerName("many").maxItems(2)));
    assertThat(newest.layerVersions()).hasSize(2);
    delete("many", 2);
    assertThat(versions(r -> r.layerName("many").marker(newest.nextMarker()))).containsExactly(1L);
    assertThat(world.error(l -> l.listLayers(r -> r.marker("=")))).contains("Invalid marker");
    assertThat(world.error(l -> l.listLayerVersions(r -> r.layerName("a").marker("YQ"))))
        .contains("Invalid marker");
  }

  @ParameterizedTest
  @CsvSource({"0", "-1"})
  void aVersionIsOneOrMore(long version) {
    String error = "400 InvalidParameterValueException: Layer Version Cannot be less than 1";
    assertThat(world.error(l -> l.getLayerVersion(r -> r.layerName("l").versionNumber(version))))
        .isEqualTo(error);
    assertThat(world.error(l -> l.deleteLayerVersion(r -> r.layerName("l").versionNumber(version))))
        .isEqualTo(error);
  }

  @Test
  void whatIsNotThereIsNotFound() {
    assertThat(world.error(l -> l.getLayerVersion(r -> r.layerName("l").versionNumber(1L))))
        .isEqualTo(GONE);
    assertThat(world.error(l -> l.getLayerVersionByArn(r -> r.arn(ARN + "l:1")))).isEqualTo(GONE);
    assertThat(
            world.error(l ->
                l.getLayerVersion(r ->
                    r.layerName("arn:aws:lambda:eu-west-1:111111111111:layer:l")
                        .versionNumber(1L))))
        .isEqualTo(
            "404 ResourceNotFoundException: Layers from 'eu-west-1' are not reachable in this"
                + " region ('us-east-1')");
    assertThat(world.error(l -> l.getLayerVersionByArn(r -> r.arn(ARN + "l"))))
        .startsWith("400 ValidationException: 1 validation error detected: Value '" + ARN + "l'");
  }

  @Test
  void unknownRuntimesAndArchitecturesAreRefused() {
    assertThat(
            world.error(l ->
                l.publishLayerVersion(r ->
                    r.layerName("l")
                        .content(c -> c.zipFile(Zips.handler("x")))
                        .compatibleRuntimesWithStrings("python3.12", "cobol")
                        .compatibleArchitecturesWithStrings("mips"))))
        .startsWith(
            "400 ValidationException: 2 validation errors detected: Value '[python3.12, cobol]' at"
                + " 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy enum"
                + " value set: [")
        .endsWith(
            "; Value '[mips]' at 'compatibleArchitectures' failed to satisfy constraint: Member must"
                + " satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]");
    assertThat(world.error(l -> l.listLayers(r -> r.compatibleRuntime("cobol"))))
        .startsWith(
            "400 ValidationException: 1 validation error detected: Value 'cobol' at"
                + " 'compatibleRuntime' failed to satisfy constraint: Member must satisfy enum value"
                + " set: [");
    assertThat(world.call(l -> l.listLayers(r -> {})).layers()).isEmpty();
  }

  @Test
  void badPackagesAreRefused() {
    assertThat(
            world.error(l ->
                l.publishLayerVersion(r ->
                    r.layerName("l").content(c -> c.zipFile(SdkBytes.fromUtf8String("no zip"))))))
        .isEqualTo(
            "400 InvalidParameterValueException: Could not unzip uploaded file. Please check your"
                + " file, then try to upload again.");
    assertThat(publish(world, "l", "1").version()).isEqualTo(1);
  }

  @Test
  void aPolicyGrowsAndShrinks() {
    publish(world, "l", "1");
    String none = "404 ResourceNotFoundException: No policy is associated with the given resource.";
    assertThat(policyError()).isEqualTo(none);
    var all = permit("all", "*", null);
    assertThat(all.statement())
        .isEqualTo(
            "{\"Sid\":\"all\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"
                + "\"lambda:GetLayerVersion\",\"Resource\":\""
                + ARN
                + "l:1\"}");
    var one = permit("one", "222222222222", all.revisionId());
    assertThat(one.statement())
        .contains("\"Principal\":{\"AWS\":\"arn:aws:iam::222222222222:root\"}");
    assertThat(one.revisionId()).isNotEqualTo(all.revisionId());
    world.restart();
    var policy = world.call(l -> l.getLayerVersionPolicy(r -> r.layerName("l").versionNumber(1L)));
    assertThat(policy.revisionId()).isEqualTo(one.revisionId());
    assertThat(policy.policy())
        .isEqualTo(
            "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":["
                + all.statement()
                + ","
                + one.statement()
                + "]}");
    forbid("all");
    forbid("one");
    assertThat(policyError()).isEqualTo(none);
  }

  @Test
  void badChangesOfAPolicyAreRefused() {
    assertThat(policyError())
        .isEqualTo("404 ResourceNotFoundException: Layer version " + ARN + "l:1 does not exist.");
    publish(world, "l", "1");
    permit("all", "*", null);
    assertThat(world.error(l -> l.addLayerVersionPermission(permission("all", "*", null))))
        .isEqualTo(
            "409 ResourceConflictException: The statement id (all) provided already exists. Please"
                + " provide a new statement id, or remove the existing statement.");
    assertThat(world.error(l -> l.addLayerVersionPermission(permission("b", "*", "other"))))
        .isEqualTo(
            "412 PreconditionFailedException: The Revision Id provided does not match the latest"
                + " Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id");
    assertThat(
            world.error(l ->
                l.removeLayerVersionPermission(
                    r -> r.layerName("l").versionNumber(1L).statementId("b"))))
        .isEqualTo("404 ResourceNotFoundException: Statement b is not found in resource policy.");
  }

  @Test
  void anotherAccountSeesWhatThePolicyAllows() {
    publish(world, "l", "1");
    String denied =
        "User: arn:aws:iam::222222222222:root is not authorized to perform: lambda:GetLayerVersion"
            + " on resource: "
            + ARN
            + "l:1 because no resource-based policy allows the lambda:GetLayerVersion action";
    assertThat(strangersError()).isEqualTo(denied);
    world.call(l ->
        l.addLayerVersionPermission(
            permission("org", "*", null).andThen(r -> r.organizationId("o-abcdefghij"))));
    assertThat(strangersError()).isEqualTo(denied);
    permit("one", "222222222222", null);
    assertThat(
            world
                .call(STRANGER, l -> l.getLayerVersionByArn(r -> r.arn(ARN + "l:1")))
                .layerVersionArn())
        .isEqualTo(ARN + "l:1");
    delete("l", 1);
    assertThat(strangersError()).isEqualTo(denied);
  }

  private String strangersError() {
    return String.valueOf(
        Objects.requireNonNull(
                catchThrowableOfType(
                    LambdaException.class,
                    () ->
                        world.call(STRANGER, l -> l.getLayerVersionByArn(r -> r.arn(ARN + "l:1")))))
            .awsErrorDetails()
            .errorMessage());
  }

  private String policyError() {
    return world.error(l -> l.getLayerVersionPolicy(r -> r.layerName("l").versionNumber(1L)));
  }

  private static Consumer<AddLayerVersionPermissionRequest.Builder> permission(
      String id, String principal, @Nullable String revision) {
    return r ->
        r.layerName("l")
            .versionNumber(1L)
            .statementId(id)
            .action("lambda:GetLayerVersion")
            .principal(principal)
            .revisionId(revision);
  }

  private AddLayerVersionPermissionResponse permit(
      String id, String principal, @Nullable String revision) {
    return world.call(l -> l.addLayerVersionPermission(permission(id, principal, revision)));
  }

  private void forbid(String id) {
    world.call(l ->
        l.removeLayerVersionPermission(r -> r.layerName("l").versionNumber(1L).statementId(id)));
  }

  @Test
  void packagesOfVersionsStayAndThoseOfDeletedOnesGo() {
    String kept = codeId(publish(world, "l", "1"));
    String doomed = codeId(publish(world, "l", "2"));
    delete("l", 2);
    assertThat(Set.of(kept, doomed)).hasSize(2);
    world.service().collectCode();
    world.clock.advance(Duration.ofMinutes(2));
    world.service().collectCode();
    assertThat(world.service().code().isReady(kept)).isTrue();
    assertThat(world.service().code().isReady(doomed)).isFalse();
  }

  private static String codeId(PublishLayerVersionResponse made) {
    return HexFormat.of().formatHex(Base64.getDecoder().decode(made.content().codeSha256()));
  }
}
