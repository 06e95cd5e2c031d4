package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tags of functions. */
class TagsTest {
  private static final String NOT_HERE =
      "400 InvalidParameterValueException: Tags on function aliases and versions are not supported."
          + " Please specify a function ARN.";

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
  void tagsAreAddedReplacedAndRemoved() {
    world.create("fn");
    assertThat(tags()).isEmpty();
    tag(Map.of("A", "a", "B", "b"));
    tag(Map.of("B", "new", "C", "c"));
    assertThat(tags()).isEqualTo(Map.of("A", "a", "B", "new", "C", "c"));
    world.call(l -> l.untagResource(r -> r.resource(World.ARN + "fn").tagKeys("A", "none")));
    assertThat(tags()).isEqualTo(Map.of("B", "new", "C", "c"));
    world.restart();
    assertThat(tags()).isEqualTo(Map.of("B", "new", "C", "c"));
    world.call(l -> l.untagResource(r -> r.resource(World.ARN + "fn").tagKeys("B", "C")));
    assertThat(tags()).isEmpty();
    assertThat(world.call(l -> l.getFunction(r -> r.functionName("fn"))).hasTags()).isFalse();
  }

  @Test
  void taggingMakesAnotherRevision() {
    String before = world.create("fn").revisionId();
    tag(Map.of("A", "a"));
    assertThat(world.configuration("fn").revisionId()).isNotEqualTo(before);
  }

  @Test
  void fiftyTagsAreTheLimit() {
    world.create("fn");
    Map<String, String> fifty = new HashMap<>();
    for (int i = 0; i < 50; i++) {
      fifty.put(i + "_key", i + "_value");
    }
    tag(fifty);
    assertThat(tags()).isEqualTo(fifty);
    assertThat(error(World.ARN + "fn", Map.of("more", "x")))
        .isEqualTo(
            "400 InvalidParameterValueException: Number of tags exceeds resource tag limit.");
    assertThat(tags()).isEqualTo(fifty);
  }

  @Test
  void noTagsAtAllAreRefused() {
    world.create("fn");
    assertThat(error(World.ARN + "fn", Map.of()))
        .isEqualTo(
            "400 InvalidParameterValueException: An error occurred and the request cannot be"
                + " processed.");
  }

  @Test
  void versionsAndAliasesHaveNoTags() {
    world.create("fn");
    assertThat(error(World.ARN + "fn:1", Map.of("A", "a"))).isEqualTo(NOT_HERE);
    assertThat(error(World.ARN + "fn:$LATEST", Map.of("A", "a"))).isEqualTo(NOT_HERE);
    assertThat(error(World.ARN + "missing:alias", Map.of("A", "a"))).isEqualTo(NOT_HERE);
  }

  @Test
  void whatIsNotThereIsNamed() {
    String prefix = "arn:aws:lambda:us-east-1:111111111111:";
    assertThat(error(prefix + "function:missing", Map.of("A", "a")))
        .isEqualTo(
            "404 ResourceNotFoundException: Function not found: " + prefix + "function:missing");
    assertThat(world.error(l -> l.listTags(r -> r.resource(prefix + "function:missing"))))
        .isEqualTo(
            "404 ResourceNotFoundException: Function not found: " + prefix + "function:missing");
    assertThat(
            world.error(
                l -> l.untagResource(r -> r.resource(prefix + "function:missing").tagKeys("A"))))
        .isEqualTo(
            "404 ResourceNotFoundException: Function not found: " + prefix + "function:missing");
    assertThat(error(prefix + "event-source-mapping:1", Map.of("A", "a")))
        .isEqualTo(
            "404 ResourceNotFoundException: Event source mapping not found: "
                + prefix
                + "event-source-mapping:1");
    assertThat(error(prefix + "capacity-provider:p", Map.of("A", "a")))
        .isEqualTo(
            "404 ResourceNotFoundException: Capacity provider not found: "
                + prefix
                + "capacity-provider:p");
  }

  private Map<String, String> tags() {
    return world.call(l -> l.listTags(r -> r.resource(World.ARN + "fn"))).tags();
  }

  private void tag(Map<String, String> tags) {
    world.call(l -> l.tagResource(r -> r.resource(World.ARN + "fn").tags(tags)));
  }

  private String error(String resource, Map<String, String> tags) {
    return world.error(l -> l.tagResource(r -> r.resource(resource).tags(tags)));
  }
}
