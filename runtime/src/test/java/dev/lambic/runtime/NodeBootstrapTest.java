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
import org.junit.jupiter.params.provider.ValueSource;

/** Runs handlers in every Node.js of this machine. */
@ParameterizedClass
@MethodSource("dev.lambic.runtime.HostInterpreters#nodes")
final class NodeBootstrapTest {
  private static final String TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";

  private final Interpreter node;
  private final Path root;
  private final Path bootstraps;

  NodeBootstrapTest(Interpreter node, @TempDir Path root, @TempDir Path bootstraps) {
    this.node = node;
    this.root = root;
    this.bootstraps = bootstraps;
  }

  private BootstrapProcess start(String handler) {
    return start(handler, Map.of());
  }

  private BootstrapProcess start(String handler, Map<String, String> more) {
    String runtime = "nodejs" + node.major() + ".x";
    List<String> command = HostInterpreters.command(runtime, node, bootstraps);
    return BootstrapProcess.start(command, root, handler, more);
  }

  /** A function with the given module. */
  private BootstrapProcess module(String file, String text) {
    BootstrapProcess.write(root, file, text);
    return start("index.handler").ready();
  }

  /** A function whose handler is the given expression. */
  private BootstrapProcess handler(String expression) {
    return module("index.js", "exports.handler = " + expression + ";\n");
  }

  /** What a module that cannot be used fails with. */
  private Event initError(String handler, String file, String text) {
    BootstrapProcess.write(root, file, text);
    try (BootstrapProcess process = start(handler)) {
      Event failed = process.next("initFailed");
      assertThat(process.exitCode()).isEqualTo(129);
      assertThat(process.output())
          .matches("(?s)" + TIME + "\tundefined\tERROR\tUncaught Exception \t\\{\"errorType\":\".*")
          .contains("\"errorType\":\"" + failed.type() + "\"");
      return failed;
    }
  }

  @Test
  void givesBackEveryKindOfJson() {
    try (BootstrapProcess process = handler("async (event) => event")) {
      for (String json :
          List.of(
              "null",
              "true",
              "0",
              "-1.5e+300",
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
    try (BootstrapProcess process = handler("async (event) => event")) {
      String large = '"' + "x".repeat(6 * 1024 * 1024 - 2) + '"';
      assertThat(process.result(large)).isEqualTo(large);
      assertThat(process.result("1")).isEqualTo("1");
    }
  }

  @Test
  void doesNotSendWhatWouldBeRefused() {
    try (BootstrapProcess process = handler("async (n) => 'x'.repeat(n)")) {
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "async () => 'async'                                     | \"async\"",
        "async () => {}                                          | null",
        "async () => () => 1                                     | null",
        "() => Promise.resolve(1)                                | 1",
        "() => ({then: (f) => f('thenable')})                    | \"thenable\"",
        "() => 'sync'                                            | null",
        "() => { setTimeout(() => {}, 20); }                     | null",
        "(e, c, callback) => callback(null, 'callback')          | \"callback\"",
        "(e, c, callback) => setTimeout(callback, 5, null, 2)    | 2",
        "(e, c, callback) => { callback(null, 1); callback(null, 2) } | 1",
        "(e, c, callback) => callback()                          | null",
        "(e, c) => c.succeed({a: 1})                             | {\"a\":1}",
        "(e, c) => c.done(null, 'done')                          | \"done\"",
        "(e, c) => { c.succeed(1); c.fail('late'); }             | 1",
        "async (e, c) => { c.succeed(1); return 2; }             | 1",
        "async () => new Date(0)                                 | \"1970-01-01T00:00:00.000Z\""
      })
  void takesTheResultHoweverItIsGiven(String expression, String json) {
    try (BootstrapProcess process = handler(expression)) {
      assertThat(process.result("1")).isEqualTo(json);
      assertThat(process.result("2")).isEqualTo(json);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "async () => { throw new TypeError('bad') }         | TypeError | bad",
        "() => { throw new Error('sync') }                  | Error     | sync",
        "(e, c, callback) => callback(new RangeError('cb')) | RangeError | cb",
        "(e, c, callback) => callback('text')               | string    | text",
        "(e, c, callback) => callback(false)                | boolean   | false",
        "(e, c) => c.fail(new Error('failed'))              | Error     | failed",
        "(e, c) => c.fail()                                 | string    | handled",
        "(e, c) => c.done('done')                           | string    | done",
        "async () => { throw undefined }                    | string    | handled",
        "async () => { throw {name: 'N', message: 'm', stack: 's'} } | N | m",
        "async () => { throw {a: 1} }                       | object    | [object Object]",
        "async () => { const o = {}; o.o = o; return o }    | Error     | Unable to stringify response body",
        "async () => 10n                                    | Error     | Unable to stringify response body"
      })
  void tellsOfErrorsHoweverTheyAreGiven(String expression, String type, String message) {
    try (BootstrapProcess process = handler(expression)) {
      Event error = process.error("1");
      assertThat(error.type()).isEqualTo(type);
      assertThat(error.body())
          .startsWith(
              "{\"errorType\":\"" + type + "\",\"errorMessage\":\"" + message + "\",\"trace\":[");
      assertThat(process.error("2").id()).isEqualTo("id-2");
    }
  }

  @Test
  void logsAnErrorInOneLineWithAllThatItCarries() {
    try (BootstrapProcess process =
        handler(
            "async () => { throw Object.assign(new Error('a\\nb'), {code: 'E1', more: [1]}) }")) {
      Event error = process.error("1");
      assertThat(error.body())
          .startsWith(
              "{\"errorType\":\"Error\",\"errorMessage\":\"a\\nb\",\"trace\":[\"Error: a\",")
          .contains(root.resolve("index.js").toString());
      assertThat(process.outputWith("\n"))
          .matches(
              TIME
                  + "\tid-1\tERROR\tInvoke Error \t\\{\"errorType\":\"Error\",\"errorMessage\":"
                  + "\"a\\\\nb\",\"code\":\"E1\",\"more\":\\[1\\],\"stack\":\\[\"Error: a\",.*\\]\\}\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "async () => { const e = new Error('x'); e.self = e; throw e }",
        "async () => { throw Object.create(null) }",
        "async () => { throw {get name() { throw 1 }} }",
        "async () => { const e = new Error('x'); e.stack = null; throw e }",
        "async () => { const e = new Error('x'); e.name = 'a\\r\\nb'; throw e }"
      })
  void survivesStrangeErrors(String expression) {
    try (BootstrapProcess process = handler(expression)) {
      assertThat(process.error("1").id()).isEqualTo("id-1");
      assertThat(process.error("2").id()).isEqualTo("id-2");
    }
  }

  @Test
  void answersACallbackWhenTheLoopIsEmpty() {
    String timer = "setTimeout(() => { globalThis.ran = (globalThis.ran ?? 0) + 1 }, 50);";
    try (BootstrapProcess process =
        handler(
            "(e, c, callback) => { "
                + timer
                + " callback(null, {get n() { return globalThis.ran }}) }")) {
      assertThat(process.result("1")).isEqualTo("{\"n\":1}");
      assertThat(process.result("1")).isEqualTo("{\"n\":2}");
    }
  }

  @Test
  void answersACallbackAtOnceIfItIsTold() {
    String timer = "setTimeout(() => { globalThis.ran = true }, 60000);";
    try (BootstrapProcess process =
        handler(
            "(e, c, callback) => { c.callbackWaitsForEmptyEventLoop = false; "
                + timer
                + " callback(null, globalThis.ran ?? false) }")) {
      assertThat(process.result("1")).isEqualTo("false");
      assertThat(process.result("1")).isEqualTo("false");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(e, c, callback) => { setTimeout(() => {}, 60000); callback(new Error('now')) }",
        "(e, c) => { setTimeout(() => {}, 60000); c.fail(new Error('now')) }",
        "async () => { setTimeout(() => {}, 60000); throw new Error('now') }"
      })
  void tellsOfAnErrorAtOnce(String expression) {
    try (BootstrapProcess process = handler(expression)) {
      assertThat(process.error("1").body()).contains("now");
    }
  }

  @Test
  void answersWithASucceedAtOnce() {
    try (BootstrapProcess process =
        handler("(e, c) => { setTimeout(() => {}, 60000); c.succeed('now') }")) {
      assertThat(process.result("1")).isEqualTo("\"now\"");
    }
  }

  @Test
  void keepsWhatTheFunctionWantsToDoBeforeTheExit() {
    try (BootstrapProcess process =
        module(
            "index.js",
            "let n = 0; process.on('beforeExit', () => { n++ });\n"
                + "exports.handler = (e, c, callback) => callback(null, n);\n")) {
      process.result("1");
      assertThat(Integer.parseInt(process.result("1"))).isPositive();
    }
  }

  @Test
  void failsAnAsyncHandlerThatNeverSettles() {
    try (BootstrapProcess process = handler("async () => { await new Promise(() => {}) }")) {
      Event error = process.error("1");
      assertThat(error.type()).isEqualTo("Runtime.NodeJsExit");
      assertThat(error.body()).contains("most commonly caused by a Promise that was never settled");
      assertThat(process.error("2").type()).isEqualTo("Runtime.NodeJsExit");
    }
  }

  @Test
  void endsAfterAnErrorThatNobodyCaught() {
    try (BootstrapProcess process =
        handler("() => new Promise(() => setTimeout(() => { throw new TypeError('lost') }, 1))")) {
      Event error = process.invokeOnly("1", null, null);
      assertThat(error.kind()).isEqualTo("failed");
      assertThat(error.body())
          .startsWith(
              "{\"errorType\":\"TypeError\",\"errorMessage\":\"lost\",\"trace\":[\"TypeError: lost\"");
      assertThat(process.exitCode()).isEqualTo(129);
      assertThat(process.output()).contains("\tid-1\tERROR\tUncaught Exception \t{");
    }
  }

  @Test
  void endsAfterARejectionThatNobodyHandled() {
    try (BootstrapProcess process =
        handler("() => new Promise(() => { Promise.reject(new Error('lost')) })")) {
      Event error = process.invokeOnly("1", null, null);
      assertThat(error.type()).isEqualTo("Runtime.UnhandledPromiseRejection");
      assertThat(error.body())
          .startsWith(
              "{\"errorType\":\"Runtime.UnhandledPromiseRejection\",\"errorMessage\":\"Error: lost\","
                  + "\"trace\":[\"Runtime.UnhandledPromiseRejection: Error: lost\"");
      assertThat(process.exitCode()).isEqualTo(128);
      assertThat(process.output())
          .contains("\tERROR\tUnhandled Promise Rejection \t{")
          .contains("\"reason\":{\"errorType\":\"Error\",\"errorMessage\":\"lost\"");
    }
  }

  @Test
  void answersOnceThoughTheHandlerGoesOnAfterAnUncaughtError() {
    try (BootstrapProcess process =
        handler(
            "() => new Promise((resolve) => { setImmediate(() => resolve(1));"
                + " process.nextTick(() => { throw new Error('first') }) })")) {
      assertThat(process.invokeOnly("1", null, null).body()).contains("first");
      assertThat(process.exitCode()).isEqualTo(129);
    }
  }

  @Test
  void endsAtOnceOnAnErrorBetweenInvocations() {
    try (BootstrapProcess process =
        handler("async () => { setTimeout(() => { throw new Error('late') }, 20); return 1 }")) {
      assertThat(process.invokeOnly("1", null, null).body()).isEqualTo("1");
      process.next("ready");
      assertThat(process.exitCode()).isEqualTo(129);
      assertThat(process.output()).contains("Uncaught Exception", "late");
    }
  }

  @ParameterizedTest
  @CsvSource({"process.exit(3), 3", "process.exit(), 0", "'process.kill(process.pid, 9)', 137"})
  void endsWithTheFunction(String statement, String code) {
    try (BootstrapProcess process =
        handler("async () => { console.log('so far'); " + statement + " }")) {
      assertThat(process.invokeOnly("1", null, null)).isEqualTo(new Event("exited", "", "", code));
      assertThat(process.output()).endsWith("so far\n");
    }
  }

  @ParameterizedTest
  @CsvSource({"process.exit(3), 3", "await new Promise(() => {}), 13|0"})
  void endsWithTheFunctionAtImport(String statement, String codes) {
    BootstrapProcess.write(root, "index.mjs", statement + ";\nexport const handler = 1;\n");
    try (BootstrapProcess process = start("index.handler")) {
      assertThat(List.of(codes.split("\\|"))).contains(String.valueOf(process.exitCode()));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "index.mjs | export const handler = async () => typeof require",
        "index.cjs | exports.handler = async () => typeof require",
        "index.js  | exports.handler = async () => typeof require",
        "index     | exports.handler = async () => typeof require",
        "index/index.js | exports.handler = async () => typeof require",
        "node_modules/index/index.js | exports.handler = async () => typeof require"
      })
  void findsTheModule(String file, String text) {
    try (BootstrapProcess process = module(file, text)) {
      assertThat(process.result("1"))
          .isEqualTo(file.endsWith(".mjs") ? "\"undefined\"" : "\"function\"");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"type\":\"module\"}   | export const handler = async () => 1",
        "{\"type\":\"commonjs\"} | exports.handler = async () => 1",
        "{}                      | exports.handler = async () => 1"
      })
  void obeysThePackageDescription(String description, String text) {
    BootstrapProcess.write(root, "package.json", description);
    try (BootstrapProcess process = module("index.js", text)) {
      assertThat(process.result("1")).isEqualTo("1");
    }
  }

  @Test
  void findsHandlersInDirectoriesAndObjects() {
    BootstrapProcess.write(
        root, "src/shop/index.js", "exports.api = {orders: {get: async () => 'got'}};");
    try (BootstrapProcess process = start("src/shop/index.api.orders.get").ready()) {
      assertThat(process.result("1")).isEqualTo("\"got\"");
    }
  }

  @Test
  void importsModulesBesideTheHandler() {
    BootstrapProcess.write(root, "lib/helper.js", "exports.name = 'helped';");
    BootstrapProcess.write(root, "node_modules/pack/index.js", "exports.name = 'packed';");
    try (BootstrapProcess process =
        module(
            "index.js",
            "const h = require('./lib/helper'), p = require('pack');"
                + "exports.handler = async () => [h.name, p.name];")) {
      assertThat(process.result("1")).isEqualTo("[\"helped\",\"packed\"]");
    }
  }

  @Test
  void reportsAMissingModule() {
    Event error = initError("nowhere.handler", "index.js", "");
    assertThat(error.type()).isEqualTo("Runtime.ImportModuleError");
    assertThat(error.body())
        .startsWith(
            "{\"errorType\":\"Runtime.ImportModuleError\",\"errorMessage\":\"Error: Cannot find module"
                + " 'nowhere'\\nRequire stack:\\n- /var/runtime/index.mjs\",\"trace\":[");
  }

  @Test
  void reportsAModuleThatMissesAnother() {
    Event error = initError("index.handler", "index.js", "require('nobodys')");
    assertThat(error.type()).isEqualTo("Runtime.ImportModuleError");
    assertThat(error.body()).contains("\"Error: Cannot find module 'nobodys'\\nRequire stack:");
  }

  @Test
  void reportsAnEsModuleThatMissesAnother() {
    Event error = initError("index.handler", "index.mjs", "import 'nobodys';");
    assertThat(error.type()).isEqualTo("Error");
    assertThat(error.body()).contains("Cannot find package 'nobodys' imported from");
  }

  @ParameterizedTest
  @CsvSource({
    "index.missing, index.missing is undefined or not exported",
    "index.a.b.c, index.a.b.c is undefined or not exported",
    "index., index. is undefined or not exported",
    "index.text, index.text is not a function"
  })
  void reportsAMissingHandler(String name, String message) {
    Event error = initError(name, "index.js", "exports.text = 'x'; exports.a = {};");
    assertThat(error.type()).isEqualTo("Runtime.HandlerNotFound");
    assertThat(error.body()).contains("\"errorMessage\":\"" + message + "\"");
  }

  @ParameterizedTest
  @CsvSource({
    "index, Bad handler",
    "'', Bad handler",
    "../index.handler, '''../index.handler'' is not a valid handler name. Use absolute paths when"
        + " specifying root directories in handler names.'"
  })
  void reportsABadHandlerName(String name, String message) {
    Event error = initError(name, "index.js", "");
    assertThat(error.type()).isEqualTo("Runtime.MalformedHandlerName");
    assertThat(error.body()).contains("\"errorMessage\":\"" + message + "\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"index.js", "index.mjs"})
  void reportsASyntaxError(String file) {
    Event error = initError("index.handler", file, "const a = ;");
    assertThat(error.type()).isEqualTo("Runtime.UserCodeSyntaxError");
    assertThat(error.body()).contains("\"errorMessage\":\"SyntaxError: Unexpected token ';'\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"index.js", "index.mjs"})
  void reportsAnExceptionAtImport(String file) {
    Event error = initError("index.handler", file, "throw new RangeError('at import');");
    assertThat(error.body())
        .startsWith("{\"errorType\":\"RangeError\",\"errorMessage\":\"at import\"");
  }

  @Test
  void writesLogLinesAsTheManagedRuntime() {
    try (BootstrapProcess process =
        module(
            "index.js",
            "console.log('at init');\n"
                + "exports.handler = async () => { console.info('a %s', 'b', {c: 1});"
                + " console.warn('two\\nlines'); console.error('e'); console.debug('d');"
                + " console.trace('t'); process.stdout.write('raw\\n'); };\n")) {
      process.result("1");
      assertThat(process.outputWith("raw\n"))
          .matches(
              TIME
                  + "\tundefined\tINFO\tat init\n"
                  + TIME
                  + "\tid-1\tINFO\ta b \\{ c: 1 \\}\n"
                  + TIME
                  + "\tid-1\tWARN\ttwo\rlines\n"
                  + TIME
                  + "\tid-1\tERROR\te\n"
                  + TIME
                  + "\tid-1\tDEBUG\td\n"
                  + TIME
                  + "\tid-1\tTRACE\tt\n"
                  + "raw\n");
    }
  }

  @Test
  void logsJsonOfTheWantedLevelsIfItIsTold() {
    BootstrapProcess.write(
        root,
        "index.js",
        "console.log('at init');\n"
            + "exports.handler = async () => { console.info('a %s', 'b', {c: 1}); console.log({d: [1]});"
            + " console.debug('never'); console.warn(new TypeError('two\\nlines'));"
            + " console.error('failed', new RangeError('r')); console.fatal(10n);"
            + " throw Object.assign(new Error('told'), {code: 7}); };\n");
    Map<String, String> json =
        Map.of("AWS_LAMBDA_LOG_FORMAT", "JSON", "AWS_LAMBDA_LOG_LEVEL", "info");
    String time = "\\{\"timestamp\":\"" + TIME + "\",\"level\":\"";
    try (BootstrapProcess process = start("index.handler", json).ready()) {
      process.error("1");
      assertThat(process.outputWith("told"))
          .matches(
              time
                  + "INFO\",\"message\":\"at init\"\\}\n"
                  + time
                  + "INFO\",\"requestId\":\"id-1\",\"message\":\"a b \\{ c: 1 \\}\"\\}\n"
                  + time
                  + "INFO\",\"requestId\":\"id-1\",\"message\":\\{\"d\":\\[1\\]\\}\\}\n"
                  + time
                  + "WARN\",\"requestId\":\"id-1\",\"message\":\\{\"errorType\":\"TypeError\","
                  + "\"errorMessage\":\"two\\\\nlines\",\"stackTrace\":\\[\"TypeError: two\",.*\\]\\}\\}\n"
                  + time
                  + "ERROR\",\"requestId\":\"id-1\",\"message\":\"failed RangeError: r\\\\n.*\","
                  + "\"errorType\":\"RangeError\",\"errorMessage\":\"r\",\"stackTrace\":\\[.*\\]\\}\n"
                  + time
                  + "FATAL\",\"requestId\":\"id-1\",\"message\":\"10n\"\\}\n"
                  + time
                  + "ERROR\",\"requestId\":\"id-1\",\"message\":\\{\"errorType\":\"Error\","
                  + "\"errorMessage\":\"told\",\"stackTrace\":\\[.*\\],\"code\":7\\}\\}\n");
    }
  }

  @Test
  void logsJsonOfAModuleThatCannotBeUsed() {
    BootstrapProcess.write(root, "index.js", "");
    try (BootstrapProcess process =
        start("index.missing", Map.of("AWS_LAMBDA_LOG_FORMAT", "JSON"))) {
      assertThat(process.next("initFailed").type()).isEqualTo("Runtime.HandlerNotFound");
      assertThat(process.exitCode()).isEqualTo(129);
      assertThat(process.output())
          .contains(
              "\"level\":\"ERROR\",\"message\":{\"errorType\":\"HandlerNotFound\",\"errorMessage\":"
                  + "\"index.missing is undefined or not exported\",\"stackTrace\":[");
    }
  }

  @Test
  void tellsTheHandlerOfItsInvocation() {
    try (BootstrapProcess process =
        handler(
            "async (e, c) => [c.functionName, c.functionVersion, c.invokedFunctionArn,"
                + " c.memoryLimitInMB, c.awsRequestId, c.logGroupName, c.logStreamName,"
                + " c.callbackWaitsForEmptyEventLoop, c.clientContext, c.identity,"
                + " c.getRemainingTimeInMillis() > 25000 && c.getRemainingTimeInMillis() <= 30000]")) {
      assertThat(process.result("1"))
          .isEqualTo(
              "[\"shop\",\"$LATEST\",\"arn:aws:lambda:us-east-1:123456789012:function:shop\",\"512\","
                  + "\"id-1\",\"/aws/lambda/shop\",\"2026/01/01/[$LATEST]0123\",true,null,null,true]");
    }
  }

  @Test
  void tellsTheHandlerOfTheClient() {
    try (BootstrapProcess process = handler("async (e, c) => c.clientContext")) {
      String context = "{\"custom\":{\"k\":\"ü😀\"},\"client\":{\"app_title\":\"Shop\"}}";
      assertThat(process.invokeOnly("1", null, context).body()).isEqualTo(context);
      process.next("ready");
      assertThat(process.invokeOnly("1", null, "{oops").body())
          .contains("\"errorMessage\":\"Cannot parse ClientContext as json: SyntaxError");
    }
  }

  @Test
  void refusesAnEventThatIsNoJson() {
    try (BootstrapProcess process = handler("async (event) => event")) {
      assertThat(process.error("{nonsense").type()).isEqualTo("SyntaxError");
    }
  }

  @Test
  void passesTheTraceOnAndForgetsIt() {
    try (BootstrapProcess process = handler("async () => process.env._X_AMZN_TRACE_ID ?? null")) {
      assertThat(process.invokeOnly("1", "Root=1-a-b;Parent=c", null).body())
          .isEqualTo("\"Root=1-a-b;Parent=c\"");
      process.next("ready");
      assertThat(process.result("2")).isEqualTo("null");
    }
  }

  @Test
  void keepsStateBetweenInvocations() {
    try (BootstrapProcess process =
        module("index.js", "let n = 0; exports.handler = async () => ++n;")) {
      assertThat(process.result("1")).isEqualTo("1");
      assertThat(process.result("1")).isEqualTo("2");
    }
  }
}
