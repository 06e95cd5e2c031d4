package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.InvokeRequest;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.LogType;
import software.amazon.awssdk.services.lambda.model.SnapStartOptimizationStatus;
import software.amazon.awssdk.services.lambda.model.State;

/**
 * Versions with SnapStart: restored from snapshots where {@code ./lambic doctor} says that this
 * host can, and else started as others are, with the same answers and an honest status.
 */
class SnapStartTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private static RunningLambic lambic;
  private static LambdaClient lambda;
  private static boolean snapshots;

  /** Whether Python versions are forked, too. */
  private static boolean forks;

  @BeforeAll
  static void start() {
    lambic = RunningLambic.start();
    lambda = Clients.lambda(lambic.address());
    snapshots = SnapshotSupport.isThere();
    forks = snapshots && !Places.without().orElse("").contains("live-templates");
  }

  @AfterAll
  static void stop() {
    lambda.close();
    lambic.close();
  }

  private static TestFunction function(String name, Map<String, String> variables) {
    return TestFunction.python(
        lambda,
        name,
        "snapshots.py",
        settings ->
            settings
                .memorySize(256)
                .snapStart(s -> s.applyOn("PublishedVersions"))
                .environment(e -> e.variables(variables)));
  }

  /** Publishes the next version and waits until it can be called, or never will. */
  private static FunctionConfiguration publish(String name) {
    String version = lambda.publishVersion(r -> r.functionName(name)).version();
    Await.until(
        LIMIT,
        () -> "still " + configuration(name, version),
        () -> configuration(name, version).state() != State.PENDING);
    return configuration(name, version);
  }

  private static FunctionConfiguration configuration(String name, String version) {
    return lambda.getFunction(r -> r.functionName(name).qualifier(version)).configuration();
  }

  private static Invoked invoke(String name, String version, String event) {
    return Invoked.of(
        lambda.invoke(
            InvokeRequest.builder()
                .functionName(name)
                .qualifier(version)
                .logType(LogType.TAIL)
                .payload(SdkBytes.fromUtf8String(event))
                .build()));
  }

  /** Calls that run at the same time, so each has an environment of its own. */
  private static List<Invoked> invokeTogether(String name, int count, String event) {
    List<Callable<Invoked>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      calls.add(() -> invoke(name, "1", event));
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Invoked> answers = new ArrayList<>();
      for (Future<Invoked> answer : threads.invokeAll(calls)) {
        answers.add(answer.get());
      }
      return answers;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void assertStatus(FunctionConfiguration version) {
    assertThat(version.state()).isEqualTo(State.ACTIVE);
    assertThat(version.snapStart().applyOnAsString()).isEqualTo("PublishedVersions");
    assertThat(version.snapStart().optimizationStatus())
        .isEqualTo(snapshots ? SnapStartOptimizationStatus.ON : SnapStartOptimizationStatus.OFF);
  }

  @Test
  void copiesOfAPythonFunctionShareItsInitialisationAndNothingElse() {
    function("copies", Map.of());
    assertStatus(publish("copies"));
    awaitTemplate("copies", 1);
    List<Invoked> answers = invokeTogether("copies", 3, "{\"seconds\":1.5}");
    Set<String> different = new HashSet<>();
    Set<String> inits = new HashSet<>();
    for (Invoked answer : answers) {
      JsonNode said = answer.success();
      inits.add(said.path("init").asText());
      assertThat(said.path("forked").asBoolean()).isEqualTo(forks);
      different.add(said.path("uuid").asText());
      different.add(said.path("random").asText());
      different.add(said.path("ssl").asText());
      assertThat(said.path("calls").asInt()).isEqualTo(1);
      assertThat(said.path("note")).isEqualTo(said.path("init"));
      assertThat(said.path("hooks").toString()).isEqualTo("[\"before 2\",\"before 1\",\"after\"]");
      assertThat(said.path("type").asText()).isEqualTo("snap-start");
      assertThat(said.path("slept").asDouble()).isBetween(1.4, 20.0);
      assertThat(said.path("remaining").asInt()).isBetween(1, 20_000);
      assertThat(said.path("arn").asText()).contains(":assumed-role/").endsWith("/copies");
      assertThat(said.path("stream").isNull()).isTrue();
      assertThat(said.path("names").toString())
          .contains("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
          .doesNotContain("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "LOG_STREAM");
      assertThat(answer.log())
          .containsPattern(
              snapshots
                  ? "REPORT .*\tRestore Duration: [0-9.]+ ms\tBilled Restore Duration: \\d+ ms"
                  : "REPORT .*\tInit Duration: [0-9.]+ ms");
    }
    assertThat(inits).hasSize(snapshots ? 1 : 3);
    assertThat(different).hasSize(9);
    try (FunctionLog log = FunctionLog.of(lambic.address(), "copies")) {
      String begun = snapshots ? "RESTORE_START Runtime Version: " : "INIT_START Runtime Version: ";
      Await.until(
          LIMIT,
          () -> "only " + log.texts(),
          () ->
              log.texts().stream().filter(line -> line.startsWith(begun)).count() == 3
                  && (!snapshots
                      || log.texts().stream()
                              .filter(line -> line.startsWith("RESTORE_REPORT Restore Duration: "))
                              .count()
                          == 3));
      if (snapshots) {
        // Of the initialisation that the snapshot was made of.
        assertThat(log.texts()).anyMatch(line -> line.startsWith("INIT_REPORT Init Duration: "));
      }
    }
    assertThat(lambda.publishVersion(r -> r.functionName("copies")).version()).isEqualTo("1");
  }

  @Test
  void aCopyMayDoNoMoreThanAnEnvironmentThatWasStarted() {
    function("attempts", Map.of());
    assertStatus(publish("attempts"));
    awaitTemplate("attempts", 1);
    JsonNode usual = invoke("attempts", "$LATEST", "{\"do\":\"attempts\"}").success();
    assertThat(invoke("attempts", "1", "{\"do\":\"attempts\"}").success()).isEqualTo(usual);
  }

  @Test
  void aProcessThatCannotBeForkedIsRestored() {
    function("threads", Map.of("THREAD_AT_INIT", "1"));
    assertStatus(publish("threads"));
    Set<String> inits = new HashSet<>();
    for (Invoked answer : invokeTogether("threads", 2, "{\"seconds\":1.5}")) {
      JsonNode said = answer.success();
      inits.add(said.path("init").asText());
      assertThat(said.path("forked").asBoolean()).isFalse();
      assertThat(answer.log()).contains(snapshots ? "Restore Duration" : "Init Duration");
    }
    assertThat(inits).hasSize(snapshots ? 1 : 2);
  }

  @Test
  void aTemplateThatDiesUnderLoadIsReplaced() {
    function("crowd", Map.of());
    assertStatus(publish("crowd"));
    for (int round = 1; round <= 3; round++) {
      awaitTemplate("crowd", round);
      templatesOf("crowd").forEach(ProcessHandle::destroyForcibly);
      // Two of them need another environment.
      for (Invoked answer : invokeTogether("crowd", 2 * round, "{\"seconds\":0.5}")) {
        assertThat(answer.success().path("hooks").toString()).contains("after");
        assertThat(answer.log()).doesNotContain(snapshots ? "Init Duration" : "Restore Duration");
      }
    }
    awaitTemplate("crowd", 4);
    lambda.deleteFunction(r -> r.functionName("crowd"));
    Await.until(LIMIT, () -> "a template is left", () -> templatesOf("crowd").isEmpty());
  }

  /**
   * Waits for a process out of which the version is forked.
   *
   * @param count how many there were, which each tell of their initialisation, as the snapshot's
   *     does
   */
  private static void awaitTemplate(String function, int count) {
    if (!forks) {
      return;
    }
    try (FunctionLog log = FunctionLog.of(lambic.address(), function)) {
      Await.until(
          LIMIT,
          () -> "only " + log.texts(),
          () ->
              log.texts().stream().filter(line -> line.startsWith("INIT_REPORT ")).count() > count);
    }
  }

  /** The processes out of which a function's versions are forked. */
  private static List<ProcessHandle> templatesOf(String function) {
    String name = "\0AWS_LAMBDA_FUNCTION_NAME=" + function + "\0";
    return ProcessHandle.allProcesses()
        .filter(process -> textOf(process, "uid_map").lines().count() > 2)
        .filter(process -> textOf(process, "environ").contains(name))
        .toList();
  }

  private static String textOf(ProcessHandle process, String file) {
    try {
      Path path = Path.of("/proc", String.valueOf(process.pid()), file);
      return Files.readString(path, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has ended
    }
  }

  @Test
  void aCopyThatCrashesIsStartedAnew() {
    function("crashes", Map.of());
    assertStatus(publish("crashes"));
    String init = invoke("crashes", "1", "{}").success().path("init").asText();
    assertThat(invoke("crashes", "1", "{\"do\":\"exit\"}").errorType())
        .isEqualTo("Runtime.ExitError");
    JsonNode again = invoke("crashes", "1", "{}").success();
    assertThat(again.path("init").asText()).isNotEqualTo(init);
    assertThat(again.path("hooks").toString()).contains("after");
  }

  @Test
  void failuresAreToldAsOnAws() {
    function("no-init", Map.of("FAIL_AT_INIT", "1"));
    FunctionConfiguration version = publish("no-init");
    if (snapshots) {
      assertThat(version.state()).isEqualTo(State.FAILED);
      assertThat(version.stateReasonCodeAsString()).isEqualTo("FunctionError.RuntimeInitError");
      assertThat(version.stateReason()).contains("not today");
    } else {
      assertStatus(version);
      assertThat(invoke("no-init", "1", "{}").errorMessage()).contains("not today");
    }
    function("no-restore", Map.of("FAIL_AFTER_RESTORE", "1"));
    assertStatus(publish("no-restore"));
    if (snapshots) {
      assertThatThrownBy(() -> invoke("no-restore", "1", "{}"))
          .isInstanceOfSatisfying(
              LambdaException.class,
              e -> {
                assertThat(e.awsErrorDetails().errorCode()).isEqualTo("SnapStartException");
                assertThat(e.statusCode()).isEqualTo(400);
              });
    } else {
      assertThat(invoke("no-restore", "1", "{}").errorMessage()).contains("not now");
    }
  }

  @Test
  void aBrokenSnapshotOnlyCostsTimeAndIsMadeAgain() {
    function("broken", Map.of());
    assertStatus(publish("broken"));
    if (!snapshots) {
      assertThat(snapshotsOf("broken")).isEmpty();
      return;
    }
    Path kept = snapshotsOf("broken").getFirst();
    try (FileChannel pages =
        FileChannel.open(kept.resolve("pages-1.img"), StandardOpenOption.WRITE)) {
      pages.truncate(pages.size() / 2);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Invoked answer = invoke("broken", "1", "{}");
    assertThat(answer.success().path("calls").asInt()).isEqualTo(1);
    assertThat(answer.log()).contains("Init Duration");
    Await.until(LIMIT, () -> "no snapshot", () -> isWhole("broken"));
    assertThat(lambic.output()).contains("[WARN] The snapshot of ");
    lambda.deleteFunction(r -> r.functionName("broken"));
    Await.until(LIMIT, () -> "a snapshot is left", () -> snapshotsOf("broken").isEmpty());
  }

  private static boolean isWhole(String function) {
    List<Path> all = snapshotsOf(function);
    return !all.isEmpty() && Files.exists(all.getFirst().resolve("pages-1.img"));
  }

  private static List<Path> snapshotsOf(String function) {
    Path all = lambic.data().resolve("snapshots");
    if (!Files.isDirectory(all)) {
      return List.of();
    }
    try (Stream<Path> names = Files.list(all)) {
      return names.filter(one -> isOf(one, function)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isOf(Path snapshot, String function) {
    try {
      String text = Files.readString(snapshot.resolve("snapshot.json"));
      return text.contains(":function:" + function + ":");
    } catch (IOException notWhole) {
      return false;
    }
  }

  /** AWS's own client, with the hooks of its CRaC classes. */
  @Test
  void copiesOfAJavaFunctionRunTheirHooksAndShareNothingElse() {
    java(lambda, "java-copies");
    assertStatus(publish("java-copies"));
    List<Invoked> answers = invokeTogether("java-copies", 2, "{\"millis\":3000}");
    Set<String> different = new HashSet<>();
    Set<String> inits = new HashSet<>();
    for (Invoked answer : answers) {
      JsonNode said = answer.success();
      inits.add(said.path("init").asText());
      different.add(said.path("uuid").asText());
      different.add(said.path("random").asText());
      assertThat(said.path("hooks").toString())
          .isEqualTo("[\"beforeCheckpoint\",\"afterRestore\"]");
      assertThat(said.path("type").asText()).isEqualTo("snap-start");
    }
    assertThat(inits).as(lambic.output()).hasSize(snapshots ? 1 : 2);
    assertThat(different).hasSize(4);
  }

  private static TestFunction java(LambdaClient client, String name) {
    return TestFunction.create(
        client,
        name,
        "java21",
        "snapshots.Snapshots",
        JavaCode.compile(11, "Snapshots.java").bytes(),
        settings ->
            settings.memorySize(512).timeout(60).snapStart(s -> s.applyOn("PublishedVersions")));
  }

  /** And what the server makes meanwhile so that functions start faster. */
  @Test
  void aSnapshotOutlivesTheServer() {
    try (RunningLambic own = RunningLambic.start()) {
      String name;
      JsonNode former;
      try (LambdaClient before = Clients.lambda(own.address())) {
        TestFunction version = java(before, "java-later").publish();
        assertStatus(version.configuration());
        name = version.name();
        former = version.invoke("{}").success().path("init");
      }
      own.askToEnd();
      assertThat(own.awaitEnd()).isZero();
      own.launch();
      try (LambdaClient after = Clients.lambda(own.address())) {
        // That is when snapshots can be used again.
        TestFunction other =
            TestFunction.python(
                after,
                "other",
                "snapshots.py",
                settings -> settings.snapStart(s -> s.applyOn("PublishedVersions")));
        assertStatus(other.publish().configuration());
        JsonNode again = Invoked.of(after.invoke(r -> r.functionName(name))).success();
        assertThat(again.path("hooks").toString()).contains("afterRestore");
        assertThat(again.path("init").equals(former)).as(own.output()).isEqualTo(snapshots);
      }
    }
  }
}
