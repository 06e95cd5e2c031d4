package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What runs the runtimes of AWS here, and how a version that is not the very one shows. */
class RuntimesTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction ruby;

  @BeforeAll
  static void deploy() {
    byte[] zip =
        Zip.empty()
            .file("probe.rb", Zip.read(Places.function("probe.rb")))
            .file(gem("specifications/vendored-1.0.gemspec"), GEM)
            .file(gem("gems/vendored-1.0/lib/vendored.rb"), "VENDORED = 'a gem of the bundle'\n")
            .bytes();
    ruby =
        TestFunction.create(
            LAMBIC.lambda(),
            "ruby",
            TestFunction.RUBY,
            "probe.Probe.handler",
            zip,
            settings ->
                settings
                    .memorySize(1024)
                    .environment(own -> own.variables(Map.of("TEST_KEY", "Grüße"))));
  }

  private static final String GEM =
      "Gem::Specification.new { |s| s.name = 'vendored'; s.version = '1.0'; s.summary = 'x';"
          + " s.authors = ['x']; s.files = ['lib/vendored.rb'] }\n";

  private static String gem(String file) {
    return "vendor/bundle/ruby/3.4.0/" + file;
  }

  @Test
  void rubyFunctionsSeeWhatAwsShowsThem() {
    Invoked answer = ruby.act("introspect");
    JsonNode seen = answer.success();
    JsonNode context = seen.path("context");
    assertThat(context.path("function_name").asText()).isEqualTo("ruby");
    assertThat(context.path("function_version").asText()).isEqualTo("$LATEST");
    assertThat(context.path("invoked_function_arn").asText()).isEqualTo(Clients.arn("ruby"));
    assertThat(context.path("memory_limit_in_mb").asText()).isEqualTo("1024");
    assertThat(context.path("aws_request_id").asText()).isEqualTo(answer.requestId());
    assertThat(context.path("remaining").asLong()).isBetween(1L, 20_000L);
    assertThat(seen.path("directory").asText()).isEqualTo("/var/task");
    assertThat(seen.path("vendored").asText()).isEqualTo("a gem of the bundle");
    assertThat(seen.path("user").asInt()).isNotZero();
    assertThat(seen.path("encoding").asText()).isEqualTo("UTF-8");
    Map<?, ?> environment = new ObjectMapper().convertValue(seen.path("environment"), Map.class);
    assertThat(environment.get("AWS_EXECUTION_ENV")).isEqualTo("AWS_Lambda_ruby3.4");
    assertThat(environment.get("GEM_HOME")).isEqualTo("/var/runtime");
    assertThat(environment.get("TEST_KEY")).isEqualTo("Grüße");
    assertThat(environment.get("_HANDLER")).isEqualTo("probe.Probe.handler");
    List<String> names = new ArrayList<>();
    environment.keySet().forEach(name -> names.add(name.toString()));
    assertThat(names)
        .containsExactlyInAnyOrder(
            "AWS_ACCESS_KEY_ID",
            "AWS_DEFAULT_REGION",
            // The one that AWS has no need of.
            "AWS_ENDPOINT_URL",
            "AWS_EXECUTION_ENV",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_LAMBDA_FUNCTION_VERSION",
            "AWS_LAMBDA_INITIALIZATION_TYPE",
            "AWS_LAMBDA_LOG_GROUP_NAME",
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "AWS_LAMBDA_RUNTIME_API",
            "AWS_REGION",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_XRAY_CONTEXT_MISSING",
            "AWS_XRAY_DAEMON_ADDRESS",
            "GEM_HOME",
            "GEM_PATH",
            "LAMBDA_RUNTIME_DIR",
            "LAMBDA_TASK_ROOT",
            "LANG",
            "LD_LIBRARY_PATH",
            "PATH",
            "PWD",
            "RUBYLIB",
            "SHLVL",
            "TEST_KEY",
            "TZ",
            "_AWS_XRAY_DAEMON_ADDRESS",
            "_AWS_XRAY_DAEMON_PORT",
            "_HANDLER",
            "_X_AMZN_TRACE_ID");
  }

  @Test
  void rubyFunctionsAreKeptWarmAndFindTheStandardLibrary() {
    JsonNode first = ruby.act("identity").success();
    assertThat(ruby.act("identity").success().path("loaded")).isEqualTo(first.path("loaded"));
    assertThat(ruby.act("libraries").success().toString())
        .isEqualTo("[\"2d711642\",\"---\\na:\\n- 1\\n\",\"SHA256\"]");
    assertThat(
            ruby.invoke("{\"do\":\"echo\",\"text\":\"Grüße 🦊\"}").success().path("text").asText())
        .isEqualTo("Grüße 🦊");
  }

  @Test
  void rubyFunctionsLog() {
    Invoked answer = ruby.invokeWithLog("{\"do\":\"log\"}");
    assertThat(answer.log())
        .contains("printed\nin two lines\n", "to stderr\n")
        .containsPattern("I, \\[\\S+ #\\d+]  INFO " + answer.requestId() + " -- : logged\\n");
    try (FunctionLog log = FunctionLog.of(LAMBIC.server().address(), "ruby")) {
      assertThat(log.await(text -> text.startsWith("printed")))
          .isEqualTo("printed\nin two lines\n");
    }
  }

  @Test
  void whatWasInstalledIsRunAsItself() {
    TestFunction node =
        TestFunction.node(LAMBIC.lambda(), "node", "probe.mjs", settings -> settings.timeout(20));
    JsonNode seen = node.act("introspect").success();
    assertThat(seen.path("version").asText()).startsWith("v22.");
    assertThat(LAMBIC.server().output()).doesNotContain("nodejs22.x is not installed");
  }

  /** Nobody has all of these, so one is run by another. */
  @Test
  void anotherVersionIsWarnedOf(@TempDir Path scratch) {
    String list = list(scratch);
    Matcher near =
        Pattern.compile("(?m)^(python3\\.1[0-5]|ruby3\\.[2-4]|ruby4\\.0) +near +\\S+$")
            .matcher(list);
    assertThat(near.find()).as(list).isTrue();
    String runtime = near.group(1);
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(),
            "near",
            runtime,
            "app.handler",
            Zip.empty()
                .file("app.py", "def handler(event, context):\n    return 'done'\n")
                .file("app.rb", "def handler(event:, context:)\n  'done'\nend\n")
                .bytes(),
            settings -> {});
    assertThat(function.act("nothing").success().asText()).isEqualTo("done");
    String warning = "The runtime " + runtime + " is not installed; " + runtime.substring(0, 4);
    try (FunctionLog log = FunctionLog.of(LAMBIC.server().address(), "near")) {
      assertThat(log.await(text -> text.startsWith("[WARN] "))).startsWith("[WARN] " + warning);
    }
    assertThat(LAMBIC.server().output())
        .containsOnlyOnce("[WARN] " + warning)
        .contains("./lambic runtime install " + runtime);
  }

  @Test
  void allRuntimesAreListedWithWhatRunsThem(@TempDir Path scratch) {
    String list = list(scratch);
    assertThat(list)
        .containsPattern("(?m)^nodejs22.x +exact +/.*/runtimes/nodejs22.x/bin/node$")
        .containsPattern("(?m)^ruby3.4 +(exact|near) +/\\S*/ruby[\\d.]*$")
        .containsPattern("(?m)^provided.al2023 +exact +the function's bootstrap$")
        .containsPattern("(?m)^dotnet8 +missing +\\S")
        .doesNotContain("go1.x");
  }

  private static String list(Path scratch) {
    Script.Ended ended = RunningLambic.command("runtimes").run(scratch);
    assertThat(ended.code()).as(ended.output()).isZero();
    assertThat(scratch).isEmptyDirectory();
    return ended.output();
  }
}
