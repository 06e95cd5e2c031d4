package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.runtime.RecordingListener.Event;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs handlers in every Ruby of this machine. */
@ParameterizedClass
@MethodSource("dev.lambic.runtime.HostInterpreters#rubies")
final class RubyBootstrapTest {
  private final Interpreter ruby;
  private final Path root;
  private final Path bootstraps;

  RubyBootstrapTest(Interpreter ruby, @TempDir Path root, @TempDir Path bootstraps) {
    this.ruby = ruby;
    this.root = root;
    this.bootstraps = bootstraps;
  }

  private BootstrapProcess start(String handler, Map<String, String> more) {
    String runtime = "ruby" + ruby.version();
    List<String> command = HostInterpreters.command(runtime, ruby, bootstraps);
    return BootstrapProcess.start(command, root, handler, more);
  }

  /** A function whose handler has the given lines as its body. */
  private BootstrapProcess handler(String... lines) {
    BootstrapProcess.write(
        root,
        "app.rb",
        "def handler(event:, context:)\n  " + String.join("\n  ", lines) + "\nend\n");
    return start("app.handler", Map.of()).ready();
  }

  /** What a file that cannot be used fails with. */
  private Event initError(String handler, String file, String text) {
    BootstrapProcess.write(root, file, text);
    try (BootstrapProcess process = start(handler, Map.of())) {
      Event failed = process.next("initFailed");
      assertThat(process.exitCode()).isEqualTo(252);
      assertThat(process.outputWith("\"errorMess"))
          .startsWith("Init error when loading handler \r{\r  \"errorMess");
      return failed;
    }
  }

  @Test
  void givesBackEveryKindOfJson() {
    try (BootstrapProcess process = handler("event")) {
      for (String json :
          List.of(
              "null",
              "true",
              "0",
              "-1.5",
              "123456789012345678901234567890",
              "\"\"",
              "\"grüße, 世界 😀\"",
              "[]",
              "{}",
              "[1,[2,{\"a\":null}]]",
              "{\"key\":\"value\",\"list\":[1,2.5,\"x\"]}")) {
        assertThat(process.result(json)).isEqualTo(json);
      }
    }
  }

  @Test
  void takesAndGivesTheLargestEvents() {
    try (BootstrapProcess process = handler("event")) {
      String large = '"' + "x".repeat(6 * 1024 * 1024 - 2) + '"';
      assertThat(process.result(large)).isEqualTo(large);
      assertThat(process.result("1")).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{ a: :symbol, 1 => nil }                | {\"a\":\"symbol\",\"1\":null}",
        "event['key']                            | \"text\"",
        "event[:key]                             | null",
        "StringIO.new('raw text')                | raw text",
        "Time.at(0).utc                          | \"1970-01-01 00:00:00 UTC\"",
        "Struct.new(:a) { def to_json(*) = '{}' }.new(1) | {}"
      })
  void turnsObjectsIntoJson(String expression, String json) {
    try (BootstrapProcess process = handler(expression)) {
      assertThat(process.result("{\"key\":\"text\"}")).isEqualTo(json);
    }
  }

  @Test
  void doesNotSendWhatWouldBeRefused() {
    try (BootstrapProcess process = handler("'x' * event")) {
      Event error = process.error("20000000");
      assertThat(error.type()).isEqualTo("Function.ResponseSizeTooLarge");
      assertThat(error.body())
          .isEqualTo(
              "{\"errorType\":\"Function.ResponseSizeTooLarge\",\"errorMessage\":\"Response payload"
                  + " size (20000002 bytes) exceeded maximum allowed payload size (6291556"
                  + " bytes).\"}");
      assertThat(process.result("1")).isEqualTo("\"x\"");
    }
    try (BootstrapProcess process = handler("raise 'x' * 7_000_000")) {
      assertThat(process.error("1").type()).isEqualTo("Function.ResponseSizeTooLarge");
    }
  }

  @Test
  void tellsOfAnException() {
    try (BootstrapProcess process = handler("inner", "end", "def inner", "raise 'Failed: some'")) {
      Event error = process.error("{}");
      String file = root.resolve("app.rb").toString();
      assertThat(error.type()).isEqualTo("Function<UserException>");
      assertThat(error.body())
          .startsWith(
              "{\"errorMessage\":\"Failed: some\",\"errorType\":\"Function<RuntimeError>\","
                  + "\"stackTrace\":[\""
                  + file
                  + ":5:in ")
          .contains(file + ":2:in ")
          .endsWith("\"]}")
          .doesNotContain("bootstrap.rb");
      String log = process.outputWith("\n");
      assertThat(log)
          .startsWith(
              "Error raised from handler method\r{\r  \"errorMessage\": \"Failed: some\",\r"
                  + "  \"errorType\": \"Function<RuntimeError>\",\r  \"stackTrace\": [\r    \"")
          .endsWith("]\r}\n");
      assertThat(log.chars().filter(c -> c == '\n')).hasSize(1);
      assertThat(process.error("2").id()).isEqualTo("id-2");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "raise ArgumentError, 'bad'            | Function<ArgumentError>   | bad",
        "raise StandardError                   | Function<StandardError>   | StandardError",
        "raise Class.new(StandardError), 'odd' | Function<UserException>   | odd",
        "raise \"a\\nb\"                       | Function<UserException>   | a\\nb",
        "raise \"a\\xFFb\".b                   | Function<UserException>   | a",
        "1 / 0                                 | Function<UserException>   | divided by 0",
        "\"\\xFF\"                             | Function<UserException>   | ``",
        "a = []; a << a; a                     | Function<UserException>   | nesting of 10"
      })
  void goesOnAfterAnOrdinaryError(String statement, String type, String message) {
    try (BootstrapProcess process = handler(statement)) {
      Event error = process.error("1");
      assertThat(error.type()).isEqualTo(type);
      assertThat(error.body()).startsWith("{\"errorMessage\":\"" + message);
      assertThat(process.error("2").type()).isEqualTo(type);
      assertThat(process.outputWith("Error raised"))
          .startsWith("Error raised from handler method\r{");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "nil.nothing             | NoMethodError    | undefined method",
        "no_such_name            | NameError        | undefined local variable or method",
        "handler(event: 1, context: 2) | SystemStackError | stack level too deep",
        "raise Exception, 'all'  | Exception        | all",
        "exit(3)                 | SystemExit       | exit",
        "abort('why')            | SystemExit       | why",
        "require 'of_nobody'     | LoadError        | cannot load such file -- of_nobody"
      })
  void endsAfterACriticalError(String statement, String type, String message) {
    try (BootstrapProcess process = handler(statement)) {
      Event error = process.invokeOnly("1", null, null);
      assertThat(error.kind()).isEqualTo("failed");
      assertThat(error.type()).isEqualTo("Function<" + type + ">");
      assertThat(error.body()).contains("\"errorMessage\":\"" + message);
      assertThat(error.body()).contains("\"errorType\":\"Function<" + type + ">\"");
      assertThat(process.exitCode()).isEqualTo(255);
      assertThat(process.outputWith("Critical")).contains("Critical exception from handler\r{");
    }
  }

  @ParameterizedTest
  @CsvSource({"exit!(3), 3", "'Process.kill(:KILL, $$); sleep', 137"})
  void endsWithTheFunction(String statement, String code) {
    try (BootstrapProcess process = handler("puts 'so far'", statement)) {
      assertThat(process.invokeOnly("1", null, null)).isEqualTo(new Event("exited", "", "", code));
      assertThat(process.outputWith("so far\n")).startsWith("so far\n");
    }
  }

  @Test
  void findsHandlersInDirectoriesAndModules() {
    BootstrapProcess.write(root, "lib/extra.rb", "EXTRA = 'extra'\n");
    BootstrapProcess.write(
        root,
        "src/app.rb",
        "require_relative '../lib/extra'\nmodule Shop\n class App\n"
            + "  def self.run(event:, context:) = [EXTRA, context.function_name]\n end\nend\n"
            + "def run(event:, context:) = 'plain'\n");
    for (Map.Entry<String, String> each :
        Map.of("src/app.Shop::App.run", "[\"extra\",\"shop\"]", "src/app.run", "\"plain\"")
            .entrySet()) {
      try (BootstrapProcess process = start(each.getKey(), Map.of()).ready()) {
        assertThat(process.result("1")).isEqualTo(each.getValue());
      }
    }
  }

  @Test
  void findsFilesOfLayersAndGemsOfTheBundle() {
    BootstrapProcess.write(root, "layer/lib/layered.rb", "LAYERED = 'layered'\n");
    BootstrapProcess.write(root, "bundle/gems/own-1.0/lib/own.rb", "OWN = 'own'\n");
    BootstrapProcess.write(
        root,
        "bundle/specifications/own-1.0.gemspec",
        "Gem::Specification.new { |s| s.name = 'own'; s.version = '1.0'; s.summary = 'x';"
            + " s.authors = ['x']; s.files = ['lib/own.rb'] }\n");
    BootstrapProcess.write(
        root,
        "app.rb",
        "require 'layered'\nrequire 'own'\n"
            + "def handler(event:, context:) = [LAYERED, OWN, defined?(Net), defined?(Logger)]\n");
    Map<String, String> places =
        Map.of(
            "RUBYLIB", root.resolve("layer/lib").toString(),
            "GEM_PATH", root.resolve("bundle").toString());
    try (BootstrapProcess process = start("app.handler", places).ready()) {
      assertThat(process.result("1")).isEqualTo("[\"layered\",\"own\",\"constant\",\"constant\"]");
    }
  }

  @Test
  void reportsAMissingFile() {
    Event error = initError("nowhere.handler", "app.rb", "");
    assertThat(error.type()).isEqualTo("Init<LoadError>");
    assertThat(error.body())
        .startsWith(
            "{\"errorMessage\":\"cannot load such file -- nowhere\",\"errorType\":\"Init<LoadError>\","
                + "\"stackTrace\":[");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "require 'of_nobody'      | Init<LoadError>         | cannot load such file -- of_nobody",
        "raise 'at init'          | Init<RuntimeError>      | at init",
        "x = nil.y                | Init<NoMethodError>     | undefined method",
        "exit 9                   | Init<SystemExit>        | exit"
      })
  void reportsAnErrorOfTheFile(String text, String type, String message) {
    Event error = initError("app.handler", "app.rb", text + "\n");
    boolean named = !type.contains("RuntimeError");
    assertThat(error.type()).isEqualTo(named ? type : "Function<UserException>");
    assertThat(error.body())
        .startsWith("{\"errorMessage\":\"" + message)
        .contains("\"errorType\":\"" + type + "\"", root.resolve("app.rb") + ":1:in ")
        .doesNotContain("bootstrap.rb");
  }

  @Test
  void reportsASyntaxError() {
    Event error = initError("app.handler", "app.rb", "def handler(event:, context:)\n  1 +\n");
    assertThat(error.type()).isEqualTo("Function<UserException>");
    assertThat(error.body())
        .contains("\"errorType\":\"Init<SyntaxError>\"", root.resolve("app.rb") + ":");
  }

  @ParameterizedTest
  @CsvSource({"app, '[\\\"app\\\"]'", "a.b.c.d, '[\\\"a\\\", \\\"b\\\", \\\"c\\\", \\\"d\\\"]'"})
  void reportsABadHandlerName(String name, String parts) {
    Event error = initError(name, "app.rb", "");
    assertThat(error.type()).isEqualTo("Init<ArgumentError>");
    assertThat(error.body())
        .startsWith(
            "{\"errorMessage\":\"Invalid handler "
                + parts
                + ", must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME");
  }

  @Test
  void aMissingHandlerIsFoundOutByTheCall() {
    BootstrapProcess.write(root, "app.rb", "");
    try (BootstrapProcess process = start("app.handler", Map.of()).ready()) {
      Event error = process.invokeOnly("1", null, null);
      assertThat(error.type()).isEqualTo("Function<NoMethodError>");
      assertThat(error.body()).contains("undefined method", "LambdaHandler");
      assertThat(process.exitCode()).isEqualTo(255);
    }
  }

  @Test
  void endsAfterAnEventThatIsNoJson() {
    try (BootstrapProcess process = handler("event")) {
      assertThat(process.invokeOnly("{nonsense", null, null).body()).isEqualTo("252");
    }
  }

  @Test
  void writesEachPutsAsOneEvent() {
    try (BootstrapProcess process =
        handler("puts \"a\\nb\", ['c', nil, 1]", "$stdout.puts \"raw\\nlines\"", "print 'end'")) {
      process.result("1");
      assertThat(process.outputWith("end")).isEqualTo("a\rb\rc\r\r1\nraw\nlines\nend");
    }
  }

  @Test
  void writesLogLinesAsTheManagedRuntime() {
    BootstrapProcess.write(
        root,
        "app.rb",
        "LOG = Logger.new($stdout, progname: 'shop')\nFILE = StringIO.new\nLogger.new(FILE).info('own')\n"
            + "def handler(event:, context:)\n  LOG.info(\"two\\nlines\")\n  LOG.debug { 'block' }\n"
            + "  Logger.new($stderr, level: Logger::WARN).tap { |l| l.info('no'); l.warn(:yes) }\n"
            + "  FILE.string\nend\n");
    String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}";
    try (BootstrapProcess process = start("app.handler", Map.of()).ready()) {
      assertThat(process.result("1")).contains(" INFO -- : own\\n");
      assertThat(process.outputWith("yes\n"))
          .matches(
              "I, \\["
                  + time
                  + " #\\d+\\]  INFO id-1 -- shop: two\rlines\n"
                  + "D, \\["
                  + time
                  + " #\\d+\\] DEBUG id-1 -- shop: block\n"
                  + "W, \\["
                  + time
                  + " #\\d+\\]  WARN id-1 -- : :yes\n");
    }
  }

  @Test
  void answersThoughTheFunctionClosedItsOutput() {
    try (BootstrapProcess process = handler("$stdout.close", "raise 'told'")) {
      assertThat(process.error("1").body()).contains("told");
    }
  }

  @Test
  void tellsTheHandlerOfItsInvocation() {
    try (BootstrapProcess process =
        handler(
            "c = context",
            "[c.function_name, c.function_version, c.invoked_function_arn, c.memory_limit_in_mb,"
                + " c.aws_request_id, c.log_group_name, c.log_stream_name, c.identity, c.tenant_id,"
                + " c.client_context, c.deadline_ms.class, c.get_remaining_time_in_millis.between?(1, 30_000)]")) {
      assertThat(process.result("1"))
          .isEqualTo(
              "[\"shop\",\"$LATEST\",\"arn:aws:lambda:us-east-1:123456789012:function:shop\",\"512\","
                  + "\"id-1\",\"/aws/lambda/shop\",\"2026/01/01/[$LATEST]0123\",null,null,null,"
                  + "\"Integer\",true]");
    }
  }

  @Test
  void tellsTheHandlerOfTheClient() {
    try (BootstrapProcess process = handler("context.client_context")) {
      String context = "{\"custom\":{\"k\":\"ü😀\"},\"client\":{\"app_title\":\"Shop\"}}";
      assertThat(process.invokeOnly("1", null, context).body()).isEqualTo(context);
    }
  }

  @Test
  void passesTheTraceOnAndForgetsIt() {
    try (BootstrapProcess process = handler("ENV['_X_AMZN_TRACE_ID']")) {
      assertThat(process.invokeOnly("1", "Root=1-a-b;Parent=c", null).body())
          .isEqualTo("\"Root=1-a-b;Parent=c\"");
      process.next("ready");
      assertThat(process.result("2")).isEqualTo("null");
    }
  }

  @Test
  void keepsStateBetweenInvocations() {
    try (BootstrapProcess process = handler("$count = ($count || 0) + 1")) {
      assertThat(process.result("1")).isEqualTo("1");
      assertThat(process.result("1")).isEqualTo("2");
    }
  }

  @Test
  void letsTheFunctionReplaceTheMarshaller() {
    BootstrapProcess.write(
        root,
        "app.rb",
        "class AwsLambda::Marshaller\n"
            + "  def self.marshall_request(raw) = raw.body.upcase\n"
            + "  def self.marshall_response(result) = result + '!'\nend\n"
            + "def handler(event:, context:) = event\n");
    try (BootstrapProcess process = start("app.handler", Map.of()).ready()) {
      assertThat(process.result("\"text\"")).isEqualTo("\"TEXT\"!");
    }
  }
}
