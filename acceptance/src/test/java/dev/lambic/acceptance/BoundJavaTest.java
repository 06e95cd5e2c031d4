package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A Java function sees of itself what it sees after a start when its virtual machine ran before.
 */
class BoundJavaTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** What differs between any two environments or events of a function. */
  private static final String OF_EACH =
      "(environ|shown|child|property) (AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN"
          + "|AWS_LAMBDA_LOG_STREAM_NAME|_X_AMZN_TRACE_ID|com\\.amazonaws\\.xray\\.traceHeader"
          + "|java\\.vm\\.compressedOopsMode|TURN)=.*"
          // The directory that is listed, and the jar of what waited.
          + "|descriptor (/proc/.*|/var/rapid/stem\\.jar)";

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  @RegisterExtension
  static final SharedLambic STARTING = new SharedLambic("--without", "stem-cells");

  private static TestFunction create(SharedLambic in) {
    return TestFunction.create(
        in.lambda(),
        "facts",
        "java21",
        "facts.Facts::handle",
        JavaCode.compile(8, "Facts.java").bytes(),
        settings -> settings.memorySize(512).timeout(60));
  }

  private static List<String> facts(TestFunction function) {
    List<String> facts = new ArrayList<>();
    JsonNode answer = function.invoke("{}").success();
    answer.forEach(fact -> facts.add(fact.asText()));
    return facts;
  }

  /** Those of an environment that no call had before. */
  private static List<String> next(TestFunction function, int turn) {
    LAMBIC
        .lambda()
        .updateFunctionConfiguration(request ->
            request
                .functionName("facts")
                .environment(own -> own.variables(Map.of("TURN", String.valueOf(turn)))));
    function.awaitReady();
    return facts(function);
  }

  private static List<String> common(List<String> facts) {
    // The first is the command line, which names what waited.
    return facts.subList(1, facts.size()).stream().filter(fact -> !fact.matches(OF_EACH)).toList();
  }

  @Test
  void aFunctionSeesOfItselfWhatItSeesAfterAStart() {
    List<String> started = facts(create(STARTING));
    assertThat(started.getFirst()).doesNotContain("Stem");
    boolean used = Places.without().stream().noneMatch(words -> words.contains("stem-cells"));
    TestFunction function = create(LAMBIC);
    List<List<String>> seen = new ArrayList<>();
    // The first calls may come before anything is ready.
    Await.until(
        LIMIT,
        () -> "a call finds a virtual machine that waited",
        () -> {
          seen.add(next(function, seen.size()));
          return !used || seen.getLast().getFirst().contains("dev.lambic.stem.Stem");
        });
    assertThat(common(seen.getLast())).hasSizeGreaterThan(80).isEqualTo(common(started));
  }
}
