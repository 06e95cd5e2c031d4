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

/** Runs handlers in every Python of this machine. */
@ParameterizedClass
@MethodSource("dev.lambic.runtime.HostInterpreters#pythons")
final class PythonBootstrapTest {
  private final Interpreter python;
  private final Path root;
  private final Path bootstraps;

  PythonBootstrapTest(Interpreter python, @TempDir Path root, @TempDir Path bootstraps) {
    this.python = python;
    this.root = root;
    this.bootstraps = bootstraps;
  }

  private BootstrapProcess start(String handler, Map<String, String> more) {
    String runtime = "python" + python.version();
    List<String> command = HostInterpreters.command(runtime, python, bootstraps);
    return BootstrapProcess.start(command, root, handler, more);
  }

  /** A function whose handler has the given lines as its body. */
  private BootstrapProcess handler(String... lines) {
    BootstrapProcess.write(
        root, "app.py", "def handler(event, context):\n    " + String.join("\n    ", lines) + "\n");
    return start("app.handler", Map.of()).ready();
  }

  /** What a module that cannot be used fails with. */
  private Event initError(String handler, String file, String text) {
    BootstrapProcess.write(root, file, text);
    try (BootstrapProcess process = start(handler, Map.of())) {
      Event failed = process.next("initFailed");
      assertThat(process.exitCode()).isEqualTo(1);
      assertThat(process.output())
          .matches(
              "(?s)\\[WARNING\\]\t\\S+Z\t\tLAMBDA_WARNING: Unhandled exception\\. [^\n]*"
                  + "/runtimes-update\\.html\r\n\\[ERROR\\] "
                  + failed.type()
                  + ".*");
      return failed;
    }
  }

  @Test
  void givesBackEveryKindOfJson() {
    try (BootstrapProcess process = handler("return event")) {
      for (String json :
          List.of(
              "null",
              "true",
              "false",
              "0",
              "-1.5e+300",
              "123456789012345678901234567890",
              "\"\"",
              "[]",
              "{}",
              "[1, [2, {\"a\": null}]]",
              "{\"key\": \"value\", \"list\": [1, 2.5, \"x\"]}")) {
        assertThat(process.result(json)).isEqualTo(json);
      }
    }
  }

  @Test
  void givesTextAsTheManagedRuntimeDoes() {
    try (BootstrapProcess process = handler("return event")) {
      String text = "\"grüße, 世界 😀\"";
      String escaped = "\"gr\\u00fc\\u00dfe, \\u4e16\\u754c \\ud83d\\ude00\"";
      assertThat(process.result(text)).isEqualTo(python.minor() >= 12 ? text : escaped);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "(1, 2)                                      | [1, 2]",
        "{1: True, None: 2}                          | {\"1\": true, \"null\": 2}",
        "float('nan')                                | NaN",
        "__import__('decimal').Decimal('1.10')       | 1.10",
        "[__import__('decimal').Decimal('1E+3'), 'x'] | [1E+3, \"x\"]",
        "__import__('decimal').Decimal('NaN')        | NaN",
        "{'a': b'bytes'}                             | {\"a\": \"bytes\"}",
        "b'{\"raw\":1}'                              | {\"raw\":1}",
        "None                                        | null"
      })
  void turnsObjectsIntoJson(String expression, String json) {
    try (BootstrapProcess process = handler("return " + expression)) {
      assertThat(process.result("1")).isEqualTo(json);
    }
  }

  @Test
  void takesAndGivesTheLargestEvents() {
    try (BootstrapProcess process = handler("return event")) {
      String large = '"' + "x".repeat(6 * 1024 * 1024 - 2) + '"';
      assertThat(process.result(large)).isEqualTo(large);
      assertThat(process.result("1")).isEqualTo("1");
    }
  }

  @Test
  void doesNotSendWhatWouldBeRefused() {
    try (BootstrapProcess process = handler("return 'x' * event")) {
      Event error = process.error("20000000");
      assertThat(error.type()).isEqualTo("Function.ResponseSizeTooLarge");
      assertThat(error.body())
          .isEqualTo(
              "{\"errorType\":\"Function.ResponseSizeTooLarge\",\"errorMessage\":\"Response payload"
                  + " size (20000002 bytes) exceeded maximum allowed payload size (6291556"
                  + " bytes).\"}");
      assertThat(process.result("1")).isEqualTo("\"x\"");
    }
  }

  @Test
  void doesNotSendAnErrorThatWouldBeRefused() {
    try (BootstrapProcess process = handler("raise Exception('x' * 7000000)")) {
      assertThat(process.error("1").type()).isEqualTo("Function.ResponseSizeTooLarge");
    }
  }

  @Test
  void tellsOfAnException() {
    try (BootstrapProcess process =
        handler("def inner():", "    raise KeyError('Failed: some_error_msg')", "inner()")) {
      Event error = process.error("{}");
      String at = "File \\\"" + root.resolve("app.py") + "\\\", line ";
      assertThat(error.type()).isEqualTo("KeyError");
      assertThat(error.body())
          .startsWith(
              "{\"errorMessage\": \"'Failed: some_error_msg'\", \"errorType\": \"KeyError\","
                  + " \"requestId\": \"id-1\", \"stackTrace\": [\"  "
                  + at
                  + "4, in handler\\n    inner()\\n")
          .contains("\"  " + at + "3, in inner\\n    raise KeyError(")
          .endsWith("\"]}")
          .doesNotContain("bootstrap.py");
      String log = process.outputWith("\n");
      assertThat(log)
          .startsWith(
              "[ERROR] KeyError: 'Failed: some_error_msg'\rTraceback (most recent call last):\r"
                  + "\u00a0\u00a0File \"")
          .endsWith("\n");
      assertThat(log.lines()).hasSizeGreaterThan(3);
      assertThat(log.chars().filter(c -> c == '\n')).hasSize(1);
      assertThat(process.error("2").id()).isEqualTo("id-2");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "raise type('A\\nB\\u00fc', (Exception,), {})('m')             | A?B?     | m",
        "raise Exception('two\\nlines')                               | Exception | two\\nlines",
        "raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})() | E | <ZeroDivisionError in __str__>",
        "return handler(event, context)                              | RecursionError | maximum recursion depth exceeded"
      })
  void survivesStrangeExceptions(String statement, String type, String message) {
    try (BootstrapProcess process = handler(statement)) {
      Event error = process.error("1");
      assertThat(error.type()).isEqualTo(type);
      assertThat(error.body()).startsWith("{\"errorMessage\": \"" + message);
      assertThat(process.error("1").type()).isEqualTo(type);
    }
  }

  @Test
  void survivesTextThatIsNoUnicode() {
    try (BootstrapProcess process = handler("raise Exception('\\ud800')")) {
      assertThat(process.error("1").type()).isEqualTo("Exception");
    }
    try (BootstrapProcess process = handler("return '\\ud800'")) {
      Event event = process.invoke("1");
      assertThat(event.kind()).isEqualTo(python.minor() >= 12 ? "failed" : "responded");
    }
  }

  @Test
  void refusesAResultThatIsNoJson() {
    try (BootstrapProcess process = handler("return {'a': {1, 2}}")) {
      assertThat(process.error("1").body())
          .isEqualTo(
              "{\"errorMessage\": \"Unable to marshal response: Object of type set is not JSON"
                  + " serializable\", \"errorType\": \"Runtime.MarshalError\", \"requestId\":"
                  + " \"id-1\", \"stackTrace\": []}");
    }
  }

  @Test
  void refusesAnEventThatIsNoJson() {
    try (BootstrapProcess process = handler("return event")) {
      Event error = process.error("{nonsense");
      assertThat(error.type()).isEqualTo("Runtime.UnmarshalError");
      assertThat(error.body()).contains("Unable to unmarshal input: Expecting property name");
    }
  }

  @Test
  void findsHandlersInDirectoriesAndPackages() {
    BootstrapProcess.write(root, "src/shop/app.py", "def handler(e, c): return __name__\n");
    BootstrapProcess.write(root, "package/__init__.py", "def handler(e, c): return __name__\n");
    for (Map.Entry<String, String> each :
        Map.of(
                "src/shop/app.handler", "\"src.shop.app\"",
                "src.shop.app.handler", "\"src.shop.app\"",
                "package.handler", "\"package\"")
            .entrySet()) {
      try (BootstrapProcess process = start(each.getKey(), Map.of()).ready()) {
        assertThat(process.result("1")).isEqualTo(each.getValue());
      }
    }
  }

  @Test
  void importsModulesOfTheFunctionAndOfThePath() {
    BootstrapProcess.write(root, "lib/helper.py", "NAME = 'helped'\n");
    BootstrapProcess.write(
        root,
        "app.py",
        "import lib.helper as h, extra\ndef handler(e, c): return [h.NAME, extra.NAME]\n");
    BootstrapProcess.write(root, "python-path/extra.py", "NAME = 'extra'\n");
    Map<String, String> path = Map.of("PYTHONPATH", root.resolve("python-path").toString());
    try (BootstrapProcess process = start("app.handler", path).ready()) {
      assertThat(process.result("1")).isEqualTo("[\"helped\", \"extra\"]");
    }
  }

  @Test
  void keepsItsOwnModulesFromTheFunctions() {
    BootstrapProcess.write(root, "json.py", "raise Exception('not me')\n");
    BootstrapProcess.write(root, "logging.py", "raise Exception('not me')\n");
    BootstrapProcess.write(root, "bootstrap.py", "NAME = 'mine'\n");
    BootstrapProcess.write(
        root,
        "app.py",
        "import bootstrap, json, logging\n"
            + "def handler(e, c):\n"
            + "    logging.error('said')\n"
            + "    return json.dumps(bootstrap.NAME)\n");
    try (BootstrapProcess process = start("app.handler", Map.of()).ready()) {
      assertThat(process.result("1")).isEqualTo("\"\\\"mine\\\"\"");
      assertThat(process.outputWith("said\n")).contains("\tid-1\tsaid\n");
    }
  }

  @Test
  void reportsAMissingModule() {
    Event error = initError("nowhere.handler", "app.py", "");
    assertThat(error.type()).isEqualTo("Runtime.ImportModuleError");
    assertThat(error.body())
        .isEqualTo(
            "{\"errorMessage\": \"Unable to import module 'nowhere': No module named 'nowhere'\","
                + " \"errorType\": \"Runtime.ImportModuleError\", \"requestId\": \"\","
                + " \"stackTrace\": []}");
  }

  @Test
  void reportsAModuleThatMissesAnother() {
    Event error = initError("app.handler", "app.py", "import requests_of_nobody\n");
    assertThat(error.body())
        .contains("Unable to import module 'app': No module named 'requests_of_nobody'");
  }

  @Test
  void reportsAMissingHandler() {
    Event error = initError("app.missing", "app.py", "");
    assertThat(error.type()).isEqualTo("Runtime.HandlerNotFound");
    assertThat(error.body()).contains("\"Handler 'missing' missing on module 'app'\"");
  }

  @ParameterizedTest
  @CsvSource({"handler", "''"})
  void reportsABadHandlerName(String name) {
    Event error = initError(name, "app.py", "");
    assertThat(error.type()).isEqualTo("Runtime.MalformedHandlerName");
    assertThat(error.body())
        .contains(
            "\"Bad handler '" + name + "': not enough values to unpack (expected 2, got 1)\"");
  }

  @Test
  void reportsAHandlerInABuiltInModule() {
    Event error = initError("sys.exit", "app.py", "");
    assertThat(error.type()).isEqualTo("Runtime.BuiltInModuleConflict");
    assertThat(error.body()).contains("Cannot use built-in module sys as a handler module");
  }

  @Test
  void reportsASyntaxError() {
    Event error = initError("app.handler", "app.py", "def handler(e, c)\n    return 1\n");
    assertThat(error.type()).isEqualTo("Runtime.UserCodeSyntaxError");
    assertThat(error.body())
        .contains("\"Syntax error in module 'app': ")
        .contains("(app.py, line 1)")
        .contains("\\\" Line 1\\n    def handler(e, c)\\n\"]");
  }

  @Test
  void reportsAnExceptionAtImport() {
    Event error = initError("app.handler", "app.py", "x = {}\ny = x['gone']\n");
    assertThat(error.type()).isEqualTo("KeyError");
    assertThat(error.body())
        .contains("\"'gone'\"", "app.py\\\", line 2, in <module>\\n    y = x['gone']")
        .doesNotContain("bootstrap.py", "importlib");
  }

  @ParameterizedTest
  @CsvSource({"import sys; sys.exit(3), 3", "import os; os._exit(4), 4", "raise SystemExit(), 0"})
  void endsWithTheFunctionAtImport(String statement, int code) {
    BootstrapProcess.write(root, "app.py", "print('so far', flush=True)\n" + statement + "\n");
    try (BootstrapProcess process = start("app.handler", Map.of())) {
      assertThat(process.exitCode()).isEqualTo(code);
      assertThat(process.output()).isEqualTo("so far\n");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "import sys; sys.exit(3)                 | 3",
        "import os; os._exit(4)                  | 4",
        "exit()                                  | 0",
        "raise KeyboardInterrupt                 | 130",
        "import os; os.kill(os.getpid(), 9)      | 137"
      })
  void endsWithTheFunctionInAnInvocation(String statement, String code) {
    try (BootstrapProcess process = handler("print('so far')", statement)) {
      assertThat(process.invokeOnly("1", null, null)).isEqualTo(new Event("exited", "", "", code));
      assertThat(process.output()).startsWith("so far\n");
    }
  }

  @Test
  void writesWhatWasPrintedBeforeItAnswers() {
    try (BootstrapProcess process =
        handler(
            "import sys",
            "print('grüße 😀')",
            "print('half', end='')",
            "sys.stderr.write('err')")) {
      process.result("1");
      assertThat(process.outputWith("err")).contains("grüße 😀\n", "half");
    }
  }

  @Test
  void answersThoughTheFunctionClosedItsOutput() {
    try (BootstrapProcess process = handler("import sys", "sys.stdout.close()", "return 1")) {
      assertThat(process.result("1")).isEqualTo("1");
    }
    try (BootstrapProcess process = handler("import sys", "sys.stdout.close()", "raise KeyError")) {
      assertThat(process.error("1").type()).isEqualTo("KeyError");
    }
  }

  @Test
  void logsInTheFormatOfTheManagedRuntime() {
    BootstrapProcess.write(
        root,
        "app.py",
        "import logging\n"
            + "logging.getLogger().setLevel('INFO')\n"
            + "logging.warning('at init')\n"
            + "def handler(e, c):\n"
            + "    logging.info('hello %s', 'you')\n"
            + "    logging.getLogger('named').error('bad')\n"
            + "    logging.debug('silent')\n");
    try (BootstrapProcess process = start("app.handler", Map.of()).ready()) {
      process.result("1");
      process.result("2");
      String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
      assertThat(process.outputWith("\tid-2\tbad\n"))
          .matches(
              "\\[WARNING\\]\t"
                  + time
                  + "\t\tat init\n"
                  + "\\[INFO\\]\t"
                  + time
                  + "\tid-1\thello you\n"
                  + "\\[ERROR\\]\t"
                  + time
                  + "\tid-1\tbad\n"
                  + "\\[INFO\\]\t"
                  + time
                  + "\tid-2\thello you\n"
                  + "\\[ERROR\\]\t"
                  + time
                  + "\tid-2\tbad\n");
    }
  }

  @Test
  void logsJsonOfTheWantedLevelsIfItIsTold() {
    BootstrapProcess.write(
        root,
        "app.py",
        "import logging\n"
            + "def handler(e, c):\n"
            + "    logging.debug('never')\n"
            + "    logging.getLogger('shop').info('hello %s', 'you', extra={'order': 7})\n"
            + "    try:\n        1 / 0\n"
            + "    except ZeroDivisionError:\n        logging.exception('two\\nlines')\n"
            + "    print('plain')\n"
            + "    raise KeyError('grüße')\n");
    Map<String, String> json =
        Map.of("AWS_LAMBDA_LOG_FORMAT", "JSON", "AWS_LAMBDA_LOG_LEVEL", "INFO");
    String time = "\\{\"timestamp\": \"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\", ";
    try (BootstrapProcess process = start("app.handler", json).ready()) {
      assertThat(process.error("1").type()).isEqualTo("KeyError");
      String file = root.resolve("app.py").toString();
      assertThat(process.outputWith("log_level"))
          .matches(
              time
                  + "\"level\": \"INFO\", \"message\": \"hello you\", \"logger\": \"shop\","
                  + " \"requestId\": \"id-1\", \"order\": 7\\}\n"
                  + time
                  + "\"level\": \"ERROR\", \"message\": \"two\\\\nlines\", \"logger\": \"root\","
                  + " \"stackTrace\": \\[\"  File \\\\\""
                  + file
                  + "\\\\\", line 6, in handler\\\\n.*\"\\], \"errorType\": \"ZeroDivisionError\","
                  + " \"errorMessage\": \"division by zero\", \"requestId\": \"id-1\","
                  + " \"location\": \""
                  + file
                  + ":handler:8\"\\}\n"
                  + "plain\n"
                  + time
                  + "\"log_level\": \"ERROR\", \"errorMessage\": \"'gr.+e'\", \"errorType\":"
                  + " \"KeyError\", \"requestId\": \"id-1\", \"stackTrace\": \\[\".*\"\\]\\}\n");
    }
  }

  @Test
  void logsOfTheLevelsThatItIsToldOf() {
    BootstrapProcess.write(
        root,
        "app.py",
        "import logging\n"
            + "def handler(e, c):\n"
            + "    logging.debug('debug')\n    logging.error('error')\n    logging.critical('end')\n");
    for (Map.Entry<String, Boolean> each : Map.of("TRACE", true, "FATAL", false).entrySet()) {
      try (BootstrapProcess process =
          start("app.handler", Map.of("AWS_LAMBDA_LOG_LEVEL", each.getKey())).ready()) {
        process.result("1");
        String log = process.outputWith("end\n");
        assertThat(log.contains("debug")).isEqualTo(each.getValue());
        assertThat(log.contains("error")).isEqualTo(each.getValue());
      }
    }
  }

  @Test
  void logsOnceThoughTheFunctionConfiguresLoggingToo() {
    BootstrapProcess.write(
        root,
        "app.py",
        "import logging\nlogging.basicConfig(level='INFO')\n"
            + "def handler(e, c): logging.warning('once')\n");
    try (BootstrapProcess process = start("app.handler", Map.of()).ready()) {
      process.result("1");
      assertThat(process.outputWith("once\n")).containsOnlyOnce("once");
    }
  }

  @Test
  void tellsTheHandlerOfItsInvocation() {
    String names =
        "function_name function_version invoked_function_arn memory_limit_in_mb aws_request_id"
            + " log_group_name log_stream_name tenant_id client_context";
    try (BootstrapProcess process =
        handler(
            "return [getattr(context, n) for n in '"
                + names
                + "'.split()]"
                + " + [context.identity.cognito_identity_id,"
                + " 25000 < context.get_remaining_time_in_millis() <= 30000]")) {
      assertThat(process.result("1"))
          .isEqualTo(
              "[\"shop\", \"$LATEST\", \"arn:aws:lambda:us-east-1:123456789012:function:shop\","
                  + " \"512\", \"id-1\", \"/aws/lambda/shop\", \"2026/01/01/[$LATEST]0123\", null,"
                  + " null, null, true]");
    }
  }

  @Test
  void tellsTheHandlerOfTheClient() {
    try (BootstrapProcess process =
        handler(
            "c = context.client_context",
            "return [c.custom, c.env, c.client.app_title, c.client.app_version_name, repr(c.client)]")) {
      Event event =
          process.invokeOnly(
              "1",
              null,
              "{\"custom\":{\"k\":\"ü\"},\"env\":{},\"client\":{\"app_title\":\"Shop\"}}");
      assertThat(event.body())
          .startsWith(
              "[{\"k\": \"" + (python.minor() >= 12 ? "ü" : "\\u00fc") + "\"}, {}, \"Shop\", null")
          .contains("Client([installation_id=None,app_title=Shop,");
    }
  }

  @Test
  void refusesAClientContextThatIsNoJson() {
    try (BootstrapProcess process = handler("return 1")) {
      Event error = process.invokeOnly("1", null, "{oops");
      assertThat(error.type()).isEqualTo("Runtime.LambdaContextUnmarshalError");
      assertThat(error.body()).contains("Unable to parse Client Context JSON: ");
    }
  }

  @Test
  void passesTheTraceOnAndForgetsIt() {
    try (BootstrapProcess process =
        handler("import os", "return os.environ.get('_X_AMZN_TRACE_ID')")) {
      assertThat(process.invokeOnly("1", "Root=1-a-b;Parent=c", null).body())
          .isEqualTo("\"Root=1-a-b;Parent=c\"");
      process.next("ready");
      assertThat(process.result("2")).isEqualTo("null");
    }
  }

  @Test
  void keepsStateBetweenInvocations() {
    try (BootstrapProcess process =
        handler("global count", "count = globals().get('count', 0) + 1", "return count")) {
      assertThat(process.result("1")).isEqualTo("1");
      assertThat(process.result("1")).isEqualTo("2");
    }
  }

  @Test
  void keepsTheHostsPackagesOut() {
    try (BootstrapProcess process =
        handler("import sys", "return [p for p in sys.path if 'packages' in p]")) {
      assertThat(process.result("1")).isEqualTo("[]");
    }
  }
}
