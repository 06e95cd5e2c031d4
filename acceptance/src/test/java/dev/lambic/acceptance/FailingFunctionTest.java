package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;

/**
 * Functions that fail in every way get AWS's answer, and cost nobody else anything: after each the
 * next call of the same function works, and a bystander answers from its old environment.
 */
class FailingFunctionTest {
  private static final int MIB = 1 << 20;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction bystander;
  private static JsonNode bystandersEnvironment;
  private static TestFunction python;
  private static TestFunction quick;
  private static TestFunction node;
  private static TestFunction ruby;

  @BeforeAll
  static void deploy() {
    bystander = TestFunction.python(LAMBIC.lambda(), "bystander", "probe.py");
    bystandersEnvironment = bystander.act("identity").success().path("loaded");
    python = TestFunction.python(LAMBIC.lambda(), "python", "failing.py");
    quick =
        TestFunction.python(
            LAMBIC.lambda(), "quick", "failing.py", settings -> settings.timeout(2));
    node =
        TestFunction.node(LAMBIC.lambda(), "node", "failing.mjs", settings -> settings.timeout(8));
    byte[] zip = Zip.ofFunction("errors.rb");
    ruby =
        TestFunction.create(
            LAMBIC.lambda(),
            "ruby",
            TestFunction.RUBY,
            "errors.handler",
            zip,
            settings -> settings.timeout(8));
  }

  @AfterEach
  void theOthersLiveOn() {
    assertThat(bystander.act("identity").success().path("loaded")).isEqualTo(bystandersEnvironment);
    assertThat(python.act("nothing").success().asText()).isEqualTo("well");
    assertThat(LAMBIC.server().isAlive()).isTrue();
  }

  /** Whatever happened, only what idle environments need is left, and nothing after those. */
  @AfterAll
  static void nothingIsLeftBehind() {
    Residue used = Residue.of(LAMBIC.server());
    assertThat(used.cgroups()).as("no cgroup was found at all").isNotEmpty();
    LAMBIC
        .lambda()
        .listFunctions()
        .functions()
        .forEach(one ->
            LAMBIC.lambda().deleteFunction(request -> request.functionName(one.functionName())));
    RunningLambic fresh = RunningLambic.start();
    try (fresh) {
      Await.until(
          Duration.ofSeconds(20),
          () ->
              "a server that ran functions holds "
                  + Residue.of(LAMBIC.server()).counts()
                  + ", a fresh one "
                  + Residue.of(fresh).counts(),
          () -> Residue.of(LAMBIC.server()).counts().equals(Residue.of(fresh).counts()));
      assertThat(Residue.descriptors(LAMBIC.server().pid()))
          .as("open descriptors of the server")
          .isLessThan(Residue.descriptors(fresh.pid()) + 40);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "python, sys_exit, Runtime exited with error: exit status 3",
    "python, os_exit, Runtime exited with error: exit status 7",
    "python, exit_silently, Runtime exited without providing a reason",
    "python, segfault, Runtime exited with error: signal: segmentation fault",
    "python, abort, Runtime exited with error: signal: aborted",
    "python, kill_all, Runtime exited with error: signal: killed",
    "python, memory, Runtime exited with error: signal: killed",
    "node, exit, Runtime exited with error: exit status 5",
    "node, exitSilently, Runtime exited without providing a reason",
    "node, abort, Runtime exited with error: signal: aborted",
    "node, memory, Runtime exited with error: signal: killed",
    "ruby, exit_now, Runtime exited with error: exit status 3",
    "ruby, silent, Runtime exited without providing a reason",
    "ruby, kill, Runtime exited with error: signal: killed",
    "ruby, memory, Runtime exited with error: signal: killed",
  })
  void aRuntimeThatEndsIsAnExitError(String function, String what, String how) {
    Invoked answer =
        switch (function) {
          case "python" -> python.act(what);
          case "node" -> node.act(what);
          default -> ruby.act(what);
        };
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).isEqualTo("Runtime.ExitError");
    assertThat(answer.errorMessage())
        .isEqualTo("RequestId: " + answer.requestId() + " Error: " + how);
    assertThat(node.act("nothing").success().asText()).isEqualTo("well");
    assertThat(ruby.act("nothing").success().asText()).isEqualTo("well");
  }

  @Test
  void theLogTellsOfAnExit() {
    Invoked answer = python.invokeWithLog("{\"do\":\"os_exit\"}");
    String id = answer.requestId();
    assertThat(answer.log())
        .containsSubsequence(
            "START RequestId: " + id,
            "RequestId: "
                + id
                + " Error: Runtime exited with error: exit status 7\n"
                + "Runtime.ExitError\n",
            "END RequestId: " + id,
            "REPORT RequestId: " + id);
  }

  @ParameterizedTest
  @CsvSource({"sleep", "spin", "ignore_signals", "fork_bomb"})
  void whatTakesTooLongIsTimedOut(String what) {
    Invoked answer = quick.invokeWithLog("{\"do\":\"" + what + "\"}");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.errorType()).isEqualTo("Sandbox.Timedout");
    String message = "Task timed out after 2.00 seconds";
    assertThat(answer.errorMessage())
        .isEqualTo("RequestId: " + answer.requestId() + " Error: " + message);
    assertThat(answer.log()).contains(" " + answer.requestId() + " " + message + "\n");
    assertThat(quick.act("nothing").success().asText()).isEqualTo("well");
  }

  @ParameterizedTest
  @CsvSource({"spin", "never"})
  void nodeFunctionsAreTimedOutToo(String what) {
    Invoked answer = node.act(what);
    if (what.equals("spin")) {
      assertThat(answer.errorType()).isEqualTo("Sandbox.Timedout");
      assertThat(answer.errorMessage()).endsWith("Task timed out after 8.00 seconds");
    } else {
      // Nothing can ever settle the promise: Node.js runs out of work and ends.
      assertThat(answer.errorType()).isEqualTo("Runtime.NodeJsExit");
    }
  }

  @Test
  void rubyFunctionsAreTimedOutToo() {
    Invoked answer = ruby.act("spin");
    assertThat(answer.errorType()).isEqualTo("Sandbox.Timedout");
    assertThat(answer.errorMessage()).endsWith("Task timed out after 8.00 seconds");
    assertThat(ruby.act("nothing").success().asText()).isEqualTo("well");
  }

  @Test
  void uncaughtErrorsOfNodeAreTold() {
    Invoked uncaught = node.act("uncaught");
    assertThat(uncaught.error()).isEqualTo("Unhandled");
    assertThat(uncaught.errorType()).isEqualTo("TypeError");
    assertThat(uncaught.errorMessage()).isEqualTo("out of the loop");
    Invoked rejected = node.act("rejected");
    assertThat(rejected.error()).isEqualTo("Unhandled");
    assertThat(rejected.errorType()).isEqualTo("Runtime.UnhandledPromiseRejection");
    assertThat(rejected.errorMessage()).contains("nobody listens");
  }

  @Test
  void aChildThatTakesTooMuchMemoryIsKilledAlone() {
    Invoked answer = python.act("memory_of_child");
    if (answer.error() == null) {
      assertThat(answer.json().asInt()).isEqualTo(-9);
    } else {
      // The kernel may pick the parent instead.
      assertThat(answer.errorMessage()).endsWith("signal: killed");
    }
  }

  @Test
  void tmpIsFullAt512Megabytes() {
    TestFunction function = deploy("tmp", settings -> settings.timeout(60));
    JsonNode answer = function.act("fill_tmp").success();
    assertThat(answer.path("errno").asText()).isEqualTo("ENOSPC");
    assertThat(answer.path("written").asLong()).isBetween(500L * MIB, 540L * MIB);
    assertThat(function.act("fill_tmp").success().path("written").asLong())
        .as("what was deleted is free again")
        .isGreaterThan(500L * MIB);
  }

  @Test
  void filesInTmpAreLimitedToo() {
    TestFunction function = deploy("inodes", settings -> settings.timeout(60));
    JsonNode answer = function.act("inodes").success();
    assertThat(answer.path("errno").asText()).isEqualTo("ENOSPC");
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
  }

  @Test
  void aLargerTmpIsLarger() {
    TestFunction function =
        deploy(
            "large-tmp",
            settings -> settings.timeout(60).ephemeralStorage(storage -> storage.size(700)));
    assertThat(function.act("fill_tmp").success().path("written").asLong())
        .isBetween(690L * MIB, 735L * MIB);
  }

  @Test
  void processesAreLimitedAsOnAws() {
    TestFunction function = deploy("fork", settings -> settings.memorySize(1024));
    JsonNode answer = function.act("fork").success();
    assertThat(answer.path("errno").asText()).isEqualTo("EAGAIN");
    assertThat(answer.path("made").asInt()).isBetween(900, 1024);
  }

  @Test
  void openFilesAreLimitedAsOnAws() {
    JsonNode files = python.act("files").success();
    assertThat(files.path("errno").asText()).isEqualTo("EMFILE");
    assertThat(files.path("opened").asInt()).isBetween(900, 1024);
    JsonNode sockets = deploy("sockets", settings -> {}).act("sockets").success();
    assertThat(sockets.path("opened").asInt()).isLessThan(1024);
    assertThat(python.act("rlimits").success().toString()).contains("RLIMIT_NOFILE");
  }

  @Test
  void aHundredMegabytesOfOutputHarmNobody() throws Exception {
    TestFunction function = deploy("output", settings -> settings.timeout(60));
    try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Invoked> answer = other.submit(() -> function.act("output"));
      while (!answer.isDone()) {
        assertThat(bystander.act("identity").error()).isNull();
      }
      assertThat(answer.get(60, TimeUnit.SECONDS).success().asText()).isEqualTo("written");
    }
    assertThat(function.act("endless_line").success().asText()).isEqualTo("written");
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
    assertThat(size(LAMBIC.server().data().resolve("logs"))).isLessThan(400L * MIB);
    assertThat(node.act("output").success().asText()).isEqualTo("written");
  }

  private static long size(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @Test
  void aFunctionMayCloseItsOutput() {
    TestFunction function = deploy("closed-output", settings -> {});
    assertThat(function.act("close_output").success().asText()).isEqualTo("closed");
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
  }

  @Test
  void processOneOfTheEnvironmentIsNotTheFunctions() {
    assertThat(python.act("kill_init").success().asText()).isEqualTo("refused");
  }

  @Test
  void anExitAtInitIsTheErrorOfEachCall() {
    TestFunction function =
        deploy(
            "exits-at-init",
            settings -> settings.environment(own -> own.variables(Map.of("AT_INIT", "exit"))));
    for (int call = 0; call < 2; call++) {
      Invoked answer = function.act("nothing");
      assertThat(answer.errorType()).isEqualTo("Runtime.ExitError");
      assertThat(answer.errorMessage())
          .isEqualTo(
              "RequestId: "
                  + answer.requestId()
                  + " Error: Runtime exited with error: exit status 9");
    }
  }

  @Test
  void anInitWithoutEndIsTimedOut() {
    TestFunction function =
        deploy(
            "hangs-at-init",
            settings ->
                settings.timeout(2).environment(own -> own.variables(Map.of("AT_INIT", "hang"))));
    Invoked answer = function.act("nothing");
    assertThat(answer.errorType()).isEqualTo("Sandbox.Timedout");
    assertThat(answer.errorMessage()).endsWith("Task timed out after 2.00 seconds");
  }

  @Test
  void garbageForTheRuntimeApiIsRefused() {
    TestFunction function = deploy("garbage", settings -> {});
    JsonNode answer = function.act("garbage").success();
    for (JsonNode line : answer.path("said")) {
      assertThat(line.asText()).doesNotContain(" 20");
    }
    assertThat(answer.path("next").asText()).startsWith("HTTP/1.1 403");
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
    function.act("announce_too_much");
    // Its own answer is refused now, which may end this very environment.
    function.act("nothing");
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
    assertThat(function.act("init_error_while_running").status()).isEqualTo(200);
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
  }

  @Test
  void onlyTheFirstAnswerCounts() {
    TestFunction function = deploy("twice", settings -> {});
    for (int call = 0; call < 3; call++) {
      assertThat(function.act("answer_twice").payload()).isEqualTo("\"first\"");
      // The refused answers may end this very environment; no other is harmed.
      function.act("nothing");
      assertThat(function.act("nothing").success().asText()).isEqualTo("well");
    }
  }

  @Test
  void nobodyAnswersCallsOfOthers() throws Exception {
    TestFunction thief = deploy("thief", settings -> {});
    try (Announced victim = Announced.begin(LAMBIC.lambda(), 3)) {
      Invoked theft =
          thief.invoke("{\"do\":\"answer_for\",\"id\":" + Invoked.quote(victim.requestId()) + "}");
      assertThat(theft.success().asText()).startsWith("HTTP/1.1 4");
      Invoked answer = victim.await();
      assertThat(answer.requestId()).isEqualTo(victim.requestId());
      assertThat(answer.payload()).isEqualTo("\"slept\"");
    }
  }

  private static TestFunction deploy(String name, Consumer<CreateFunctionRequest.Builder> more) {
    return TestFunction.python(LAMBIC.lambda(), name, "failing.py", more);
  }

  @ParameterizedTest
  @CsvSource({
    "exits, '#!/bin/bash\nexit 4', Runtime.ExitError, Runtime exited with error: exit status 4",
    "dies, '#!/bin/bash\nkill -SEGV $$', Runtime.ExitError,"
        + " Runtime exited with error: signal: segmentation fault",
    "nothing, '', Runtime.InvalidEntrypoint, ''",
    "no-such-shell, '#!/no/shell\n', Runtime.InvalidEntrypoint, ''",
  })
  void customRuntimesFailAlike(String name, String program, String type, String message) {
    byte[] zip = Zip.empty().program("bootstrap", program.getBytes(StandardCharsets.UTF_8)).bytes();
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(), "custom-" + name, TestFunction.CUSTOM, "x", zip, settings -> {});
    Invoked answer = function.invoke("{}");
    assertThat(answer.errorType()).isEqualTo(type);
    assertThat(answer.errorMessage())
        .startsWith("RequestId: " + answer.requestId() + " Error: " + message);
  }

  @Test
  void aCustomRuntimeWithoutABootstrapIsAnInvalidEntrypoint() {
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(),
            "custom-missing",
            TestFunction.CUSTOM,
            "x",
            Zip.of("readme", "no program"),
            settings -> {});
    Invoked answer = function.invoke("{}");
    assertThat(answer.errorType()).isEqualTo("Runtime.InvalidEntrypoint");
    assertThat(answer.errorMessage())
        .isEqualTo(
            "RequestId: "
                + answer.requestId()
                + " Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
  }
}
