package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.FunctionVersionLatestPublished;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.ListVersionsByFunctionResponse;
import software.amazon.awssdk.services.lambda.model.PublishVersionResponse;

/** PublishVersion makes versions that never change; ListVersionsByFunction shows them. */
class VersionsTest {
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
  void aVersionIsWhatLatestWas() {
    FunctionConfiguration latest = world.create("fn");
    PublishVersionResponse first = world.publish("fn");
    assertThat(first.version()).isEqualTo("1");
    assertThat(first.functionArn()).isEqualTo(World.ARN + "fn:1");
    assertThat(first.stateAsString()).isEqualTo("Active");
    assertThat(first.lastUpdateStatusAsString()).isEqualTo("Successful");
    assertThat(first.revisionId()).isNotEqualTo(latest.revisionId());
    FunctionConfiguration shown = get("1").configuration();
    assertThat(shown)
        .isEqualTo(
            latest.toBuilder()
                .version("1")
                .functionArn(World.ARN + "fn:1")
                .revisionId(first.revisionId())
                .lastModified(first.lastModified())
                .build());
    assertThat(configuration("1")).isEqualTo(shown.toString().replaceFirst("^[A-Za-z]*", ""));
    assertThat(world.configuration("fn")).isEqualTo(latest);
    assertThat(world.resolve("fn:1").function().revision()).isEqualTo(first.revisionId());
  }

  @Test
  void aVersionStaysAsItIs() {
    world.create("fn");
    world.publish("fn");
    GetFunctionResponse before = get("1");
    String running = world.resolve("fn:1").function().codeId();
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("new"))));
    assertThat(get("1").configuration()).isEqualTo(before.configuration());
    world.settle();
    world.describe("fn", "other");
    assertThat(get("1").configuration()).isEqualTo(before.configuration());
    assertThat(codeId(get("1"))).isEqualTo(codeId(before)).isEqualTo(running);
    assertThat(codeId(get("$LATEST"))).isNotEqualTo(running);
    assertThat(world.resolve("fn:1").function().codeId()).isEqualTo(running);
    assertThat(world.resolve("fn").function().codeId()).isNotEqualTo(running);
    String functionsOnly =
        "400 InvalidParameterValueException: This operation is permitted on Lambda functions only."
            + " Aliases and versions do not support this operation. Please specify either a"
            + " function name or an unqualified function ARN.";
    assertThat(world.error(l -> l.updateFunctionConfiguration(r -> r.functionName("fn:1"))))
        .isEqualTo(functionsOnly);
    assertThat(
            world.error(
                l -> l.updateFunctionCode(r -> r.functionName("fn:1").zipFile(Zips.handler("x")))))
        .isEqualTo(functionsOnly);
    assertThat(world.error(l -> l.publishVersion(r -> r.functionName(World.ARN + "fn:1"))))
        .isEqualTo(functionsOnly);
  }

  @Test
  void nothingNewMakesNoVersion() {
    world.create("fn");
    PublishVersionResponse first =
        world.call(l -> l.publishVersion(r -> r.functionName("fn").description("a first one")));
    assertThat(first.description()).isEqualTo("a first one");
    assertThat(world.publish("fn")).isEqualTo(first);
    PublishVersionResponse again =
        world.call(l -> l.publishVersion(r -> r.functionName("fn").description("a second")));
    assertThat(again).isEqualTo(first);
    world.restart();
    assertThat(world.publish("fn")).isEqualTo(first);
    // Its own description is what $LATEST is compared by, not that of the version.
    world.describe("fn", "a first one");
    assertThat(world.publish("fn").version()).isEqualTo("2");
    assertThat(world.publish("fn").version()).isEqualTo("2");
    assertThat(world.configuration("fn").description()).isEqualTo("a first one");
  }

  @Test
  void whatCreateFunctionPublishedIsNotPublishedAgain() {
    world.call(l -> l.createFunction(World.usual("fn").andThen(r -> r.publish(true))));
    world.settle();
    assertThat(
            world
                .call(l -> l.publishVersion(r -> r.functionName("fn").description("another")))
                .version())
        .isEqualTo("1");
    assertThat(versions()).containsExactly("$LATEST", "1");
  }

  @Test
  void anUpdateThatChangesNothingPublishesNothing() {
    world.create("fn");
    world.call(l -> l.publishVersion(r -> r.functionName("fn").description("called so")));
    var again =
        world.call(l ->
            l.updateFunctionCode(
                r -> r.functionName("fn").zipFile(Zips.handler("hello")).publish(true)));
    assertThat(again.version()).isEqualTo("1");
    assertThat(again.description()).isEqualTo("called so");
    world.settle();
    assertThat(versions()).containsExactly("$LATEST", "1");
  }

  @Test
  void aVersionThatWasDeletedIsPublishedAgainUnderAnotherNumber() {
    world.create("fn");
    world.publish("fn");
    world.call(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("1")));
    assertThat(world.publish("fn").version()).isEqualTo("2");
    world.restart();
    assertThat(versions()).containsExactly("$LATEST", "2");
  }

  @Test
  void preconditionsAreChecked() {
    FunctionConfiguration latest = world.create("fn");
    assertThat(world.error(l -> l.publishVersion(r -> r.functionName("fn").revisionId("other"))))
        .isEqualTo(
            "412 PreconditionFailedException: The Revision Id provided does not match the latest"
                + " Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision"
                + " Id");
    assertThat(world.error(l -> l.publishVersion(r -> r.functionName("fn").codeSha256("other"))))
        .isEqualTo(
            "400 InvalidParameterValueException: CodeSHA256 (other) is different from current"
                + " CodeSHA256 in $LATEST ("
                + latest.codeSha256()
                + "). Please try again with the CodeSHA256 in $LATEST.");
    assertThat(versions()).containsExactly("$LATEST");
    world.call(l ->
        l.publishVersion(r ->
            r.functionName("fn").revisionId(latest.revisionId()).codeSha256(latest.codeSha256())));
    assertThat(versions()).containsExactly("$LATEST", "1");
  }

  @Test
  void whatIsOnItsWayIsNotPublished() {
    world.call(l -> l.createFunction(World.usual("fn")));
    assertThat(world.error(l -> l.publishVersion(r -> r.functionName("fn"))))
        .isEqualTo(
            "409 ResourceConflictException: The operation cannot be performed at this time. The"
                + " function is currently in the following state: Pending");
    world.settle();
    world.call(l -> l.updateFunctionConfiguration(r -> r.functionName("fn").timeout(9)));
    assertThat(world.error(l -> l.publishVersion(r -> r.functionName("fn"))))
        .isEqualTo(
            "409 ResourceConflictException: The operation cannot be performed at this time. An"
                + " update is in progress for resource: "
                + World.ARN
                + "fn");
    world.settle();
    assertThat(world.publish("fn").timeout()).isEqualTo(9);
  }

  @Test
  void codeThatCouldNotBePreparedBecomesNoActiveVersion() throws Exception {
    world.create("fn");
    var update =
        world.call(
            l -> l.updateFunctionCode(r -> r.functionName("fn").zipFile(Zips.handler("new"))));
    String codeId = HexFormat.of().formatHex(Base64.getDecoder().decode(update.codeSha256()));
    Path place = world.directory.resolve("functions/code/" + codeId);
    Files.createFile(place);
    world.settle();
    assertThat(world.configuration("fn").lastUpdateStatusAsString()).isEqualTo("Failed");
    world.faults.clear();
    assertThat(world.publish("fn").stateAsString()).isEqualTo("Pending");
    world.settle();
    assertThat(get("1").configuration().stateAsString()).isEqualTo("Failed");
    world.faults.clear();
    Files.delete(place);
    world.restart();
    assertThat(get("1").configuration().stateAsString()).isEqualTo("Active");
    assertThat(world.resolve("fn:1").function().codeId()).isEqualTo(codeId);
  }

  @Test
  void versionsOfContainerImagesKeepTheirImage() {
    String first = world.containers.push("repo/app:v", "one");
    world.call(l ->
        l.createFunction(r ->
            r.functionName("fn")
                .role(World.ROLE)
                .packageType("Image")
                .code(c -> c.imageUri("repo/app:v"))));
    world.settle();
    assertThat(world.publish("fn").codeSha256()).isEqualTo(first);
    String second = world.containers.push("repo/app:v", "two");
    world.call(l -> l.updateFunctionCode(r -> r.functionName("fn").imageUri("repo/app:v")));
    world.settle();
    assertThat(get("1").code().resolvedImageUri()).endsWith(first);
    assertThat(get("$LATEST").code().resolvedImageUri()).endsWith(second);
    assertThat(world.publish("fn").version()).isEqualTo("2");
    assertThat(world.resolve("fn:1").function().container().orElseThrow().digest())
        .isEqualTo(first);
    assertThat(world.resolve("fn:2").function().container().orElseThrow().digest())
        .isEqualTo(second);
  }

  @Test
  void versionsComeInPagesWithLatestFirst() {
    world.create("fn");
    for (int i = 1; i <= 12; i++) {
      world.describe("fn", "number " + i);
      world.publish("fn");
    }
    List<String> seen = new ArrayList<>();
    for (ListVersionsByFunctionResponse page :
        world.call(l ->
            l.listVersionsByFunctionPaginator(r -> r.functionName("fn").maxItems(5)).stream()
                .toList())) {
      assertThat(page.versions().size()).isLessThanOrEqualTo(5);
      page.versions().forEach(version -> seen.add(version.version()));
    }
    assertThat(seen)
        .containsExactly("$LATEST", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12");
    var one = world.call(l -> l.listVersionsByFunction(r -> r.functionName("fn").maxItems(2)));
    assertThat(one.versions().getFirst().functionArn()).isEqualTo(World.ARN + "fn:$LATEST");
    assertThat(one.versions().getLast().functionArn()).isEqualTo(World.ARN + "fn:1");
    assertThat(one.versions()).allMatch(v -> v.state() == null && v.lastUpdateStatus() == null);
    assertThat(
            world.error(
                l -> l.listVersionsByFunction(r -> r.functionName("fn").marker("nonsense!"))))
        .isEqualTo("400 InvalidParameterValueException: Invalid marker");
  }

  @Test
  void whatIsNotThereIsNamed() {
    String expected = "404 ResourceNotFoundException: Function not found: " + World.ARN + "missing";
    assertThat(world.error(l -> l.publishVersion(r -> r.functionName("missing"))))
        .isEqualTo(expected);
    assertThat(world.error(l -> l.listVersionsByFunction(r -> r.functionName("missing"))))
        .isEqualTo(expected);
  }

  @Test
  void whereToPublishIsNotChosenYet() {
    world.create("fn");
    assertThat(
            world.error(l ->
                l.publishVersion(r ->
                    r.functionName("fn")
                        .publishTo(FunctionVersionLatestPublished.LATEST_PUBLISHED))))
        .isEqualTo("400 InvalidParameterValueException: Lambic does not support PublishTo yet.");
  }

  @Test
  void variablesAndTagsStayWithTheirOwner() {
    world.call(l ->
        l.createFunction(
            World.usual("fn")
                .andThen(r -> r.environment(e -> e.variables(Map.of("WHERE", "one"))))));
    world.settle();
    world.publish("fn");
    world.call(l ->
        l.updateFunctionConfiguration(
            r -> r.functionName("fn").environment(e -> e.variables(Map.of("WHERE", "two")))));
    world.settle();
    world.publish("fn");
    assertThat(world.resolve("fn:1").function().variables()).isEqualTo(Map.of("WHERE", "one"));
    assertThat(world.resolve("fn:2").function().variables()).isEqualTo(Map.of("WHERE", "two"));
    world.restart();
    assertThat(world.resolve("fn:1").function().variables()).isEqualTo(Map.of("WHERE", "one"));
  }

  private GetFunctionResponse get(String qualifier) {
    return world.call(l -> l.getFunction(r -> r.functionName("fn").qualifier(qualifier)));
  }

  private String configuration(String qualifier) {
    return world
        .call(l -> l.getFunctionConfiguration(r -> r.functionName("fn").qualifier(qualifier)))
        .toString()
        .replaceFirst("^[A-Za-z]*", "");
  }

  private List<String> versions() {
    return world.call(l -> l.listVersionsByFunction(r -> r.functionName("fn"))).versions().stream()
        .map(FunctionConfiguration::version)
        .toList();
  }

  /** The package that the link leads to. */
  private static String codeId(GetFunctionResponse function) {
    String path = function.code().location().replaceFirst("[?].*", "");
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
