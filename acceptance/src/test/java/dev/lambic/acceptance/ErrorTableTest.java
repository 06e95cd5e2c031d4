package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The ways in which functions fail, in each language: what the caller is told, and what the log
 * says, are what AWS's runtime of that language and AWS itself tell.
 */
class ErrorTableTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  /**
   * Much of a processor, for an initialisation that is tried again has only the function's share.
   */
  private static final int MEGABYTES = 1769;

  private static final Map<String, TestFunction> DEPLOYED = new HashMap<>();

  /** How each language is deployed, and the members of its errors. */
  enum Language {
    PYTHON(TestFunction.PYTHON, "py", "errorMessage,errorType,requestId,stackTrace"),
    NODE(TestFunction.NODE, "mjs", "errorType,errorMessage,trace"),
    RUBY(TestFunction.RUBY, "rb", "errorMessage,errorType,stackTrace");

    private final String runtime;
    private final String ending;
    private final String members;

    Language(String runtime, String ending, String members) {
      this.runtime = runtime;
      this.ending = ending;
      this.members = members;
    }

    private byte[] zip() {
      Zip zip = Zip.empty();
      zip.file("errors." + ending, Zip.read(Places.function("errors." + ending)));
      String raises =
          switch (this) {
            case PYTHON -> "def begin():\n    raise ValueError('at init')\n\n\nbegin()\n";
            case NODE -> "throw new RangeError('at init');\n";
            case RUBY -> "raise 'at init'\n";
          };
      String syntax =
          switch (this) {
            case PYTHON -> "def handler(event, context)\n    return 1\n";
            case NODE -> "export const handler = ;\n";
            case RUBY -> "def handler(event:, context:)\n  1 +\n";
          };
      String imports =
          switch (this) {
            case PYTHON -> "import of_nobody\n";
            case NODE -> "require('of_nobody');\n";
            case RUBY -> "require 'of_nobody'\n";
          };
      zip.file("raises." + ending, raises).file("syntax." + ending, syntax);
      return zip.file("imports." + (this == NODE ? "js" : ending), imports).bytes();
    }

    /** A function with the handler, deployed once. */
    private TestFunction function(String handler) {
      String name = name() + "-" + handler.replace('.', '-');
      return DEPLOYED.computeIfAbsent(
          name,
          key ->
              TestFunction.create(
                  LAMBIC.lambda(),
                  key,
                  runtime,
                  handler,
                  zip(),
                  settings -> settings.memorySize(MEGABYTES)));
    }

    private String trace() {
      return members.substring(members.lastIndexOf(',') + 1);
    }
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static void check(
      Language language, Invoked answer, String type, String message, String trace, String log) {
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(answer.version()).isEqualTo("$LATEST");
    JsonNode error = answer.failure();
    assertThat(String.join(",", names(error))).isEqualTo(language.members);
    assertThat(error.path("errorType").asText()).isEqualTo(type);
    assertThat(error.path("errorMessage").asText()).matches("(?s)" + message);
    assertThat(error.path(language.trace()).isArray()).isTrue();
    assertThat(error.path(language.trace()).toString()).containsPattern(trace);
    assertThat(answer.log()).containsPattern(log);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "PYTHON | throw   | ValueError | no luck"
            + " | /var/task/errors.py.., line 6, in handler.n    raise ValueError"
            + " | \\[ERROR\\] ValueError: no luck\\nTraceback \\(most recent call last\\):\\n\u00a0\u00a0File",
        "PYTHON | marshal | Runtime.MarshalError"
            + " | Unable to marshal response: Object of type set is not JSON serializable | ^\\[\\]$"
            + " | \\[ERROR\\] Runtime.MarshalError: Unable to marshal response: Object of type set",
        "NODE   | throw   | RangeError | no luck | RangeError: no luck\",\"    at .*/var/task/errors.mjs:4"
            + " | \\tERROR\\tInvoke Error \\t\\{\"errorType\":\"RangeError\",\"errorMessage\":\"no luck\",\"stack\":\\[",
        "NODE   | marshal | Error | Unable to stringify response body | Error: Unable to stringify"
            + " | \\tERROR\\tInvoke Error \\t\\{\"errorType\":\"Error\"",
        "RUBY   | throw   | Function<RuntimeError> | no luck | /var/task/errors.rb:5:in .*handler"
            + " | Error raised from handler method\\n\\{\\n  \"errorMessage\": \"no luck\",\\n",
        "RUBY   | name    | Function<NoMethodError> | undefined method .luck' for nil.*"
            + " | /var/task/errors.rb:6:in .*handler | Critical exception from handler\\n\\{\\n",
        "RUBY   | marshal | Function<JSON::GeneratorError> | .+ | ^\\[.*\\]$"
            + " | Error raised from handler method\\n\\{\\n",
        "RUBY   | exit    | Function<SystemExit> | exit | /var/task/errors.rb:\\d+:in .*handler"
            + " | Critical exception from handler\\n\\{\\n",
      })
  void anInvocationThatFails(
      Language language, String what, String type, String message, String trace, String log) {
    TestFunction function = language.function("errors.handler");
    Invoked answer = function.invokeWithLog("{\"do\":\"" + what + "\"}");
    check(language, answer, type, message, trace, log);
    if (language == Language.PYTHON) {
      assertThat(answer.failure().path("requestId").asText()).isEqualTo(answer.requestId());
    }
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "PYTHON | raises.handler | ValueError | at init"
            + " | /var/task/raises.py.., line 5, in <module>.*line 2, in begin",
        "PYTHON | syntax.handler | Runtime.UserCodeSyntaxError"
            + " | Syntax error in module 'syntax': .*\\(syntax.py, line 1\\) | /var/task/syntax.py.. Line 1",
        "PYTHON | imports.handler | Runtime.ImportModuleError"
            + " | Unable to import module 'imports': No module named 'of_nobody' | ^\\[\\]$",
        "PYTHON | nowhere.handler | Runtime.ImportModuleError"
            + " | Unable to import module 'nowhere': No module named 'nowhere' | ^\\[\\]$",
        "PYTHON | errors.missing | Runtime.HandlerNotFound"
            + " | Handler 'missing' missing on module 'errors' | ^\\[\\]$",
        "PYTHON | errors | Runtime.MalformedHandlerName"
            + " | Bad handler 'errors': not enough values to unpack \\(expected 2, got 1\\) | ^\\[\\]$",
        "NODE | raises.handler | RangeError | at init | file:///var/task/raises.mjs:1:",
        "NODE | syntax.handler | Runtime.UserCodeSyntaxError"
            + " | SyntaxError: Unexpected token ';' | Runtime.UserCodeSyntaxError: SyntaxError",
        "NODE | imports.handler | Runtime.ImportModuleError"
            + " | Error: Cannot find module 'of_nobody'\\nRequire stack:\\n- /var/task/imports.js.*"
            + " | Runtime.ImportModuleError: Error: Cannot find module",
        "NODE | nowhere.handler | Runtime.ImportModuleError"
            + " | Error: Cannot find module 'nowhere'\\nRequire stack:\\n- /var/runtime/index.mjs"
            + " | Runtime.ImportModuleError: Error: Cannot find module",
        "NODE | errors.missing | Runtime.HandlerNotFound"
            + " | errors.missing is undefined or not exported | Runtime.HandlerNotFound: errors.missing",
        "NODE | errors.text | Runtime.HandlerNotFound | errors.text is not a function"
            + " | Runtime.HandlerNotFound: errors.text",
        "NODE | errors | Runtime.MalformedHandlerName | Bad handler"
            + " | Runtime.MalformedHandlerName: Bad handler",
        "RUBY | raises.handler | Init<RuntimeError> | at init | /var/task/raises.rb:1:in",
        "RUBY | syntax.handler | Init<SyntaxError> | .*/var/task/syntax.rb:.* | ^\\[.*\\]$",
        "RUBY | imports.handler | Init<LoadError> | cannot load such file -- of_nobody"
            + " | /var/task/imports.rb:1:in",
        "RUBY | nowhere.handler | Init<LoadError> | cannot load such file -- nowhere | ^\\[.*\\]$",
        "RUBY | errors | Init<ArgumentError> | Invalid handler \\[\"errors\"\\], must be of form .*"
            + " | ^\\[\\]$",
      })
  void aFunctionThatCannotBeLoaded(
      Language language, String handler, String type, String message, String trace) {
    String log =
        switch (language) {
          case PYTHON ->
              "\\[WARNING\\]\\t\\S+Z\\t\\tLAMBDA_WARNING: Unhandled exception. (?s:.*)\\[ERROR\\] "
                  + type;
          case NODE -> "\\tundefined\\tERROR\\tUncaught Exception \\t\\{\"errorType\":\"" + type;
          case RUBY -> "Init error when loading handler \\n\\{\\n  \"errorMessage\": \"";
        };
    TestFunction function = language.function(handler);
    check(language, function.invokeWithLog("{}"), type, message, trace, log);
    assertThat(function.act("nothing").errorType()).as("the next call").isEqualTo(type);
  }

  /** In Ruby it is only the call that finds it out, and the process ends after it. */
  @Test
  void aRubyHandlerThatIsMissing() {
    TestFunction function = Language.RUBY.function("errors.missing");
    for (int call = 0; call < 2; call++) {
      check(
          Language.RUBY,
          function.invokeWithLog("{}"),
          "Function<NoMethodError>",
          "undefined method .missing' for .*LambdaHandler.*",
          "^\\[.*\\]$",
          "Critical exception from handler");
    }
  }

  @ParameterizedTest
  @EnumSource(Language.class)
  void anAnswerThatIsTooLarge(Language language) {
    TestFunction function = language.function("errors.handler");
    tooLarge(function.invoke("{\"do\":\"large\"}"));
    assertThat(function.act("nothing").success().asText()).isEqualTo("well");
  }

  private static void tooLarge(Invoked answer) {
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.error()).isEqualTo("Unhandled");
    assertThat(names(answer.failure())).containsExactly("errorType", "errorMessage");
    assertThat(answer.errorType()).isEqualTo("Function.ResponseSizeTooLarge");
    assertThat(answer.errorMessage())
        .matches(
            "Response payload size (\\(7340034 bytes\\) )?exceeded maximum allowed payload size"
                + " \\(6291556 bytes\\)\\.");
  }

  private static TestFunction custom(String handler) {
    byte[] program = Zip.read(Places.function("errors.sh")).getBytes(StandardCharsets.UTF_8);
    return TestFunction.create(
        LAMBIC.lambda(),
        "custom-" + handler,
        TestFunction.CUSTOM,
        handler,
        Zip.empty().program("bootstrap", program).bytes(),
        settings -> settings.memorySize(MEGABYTES));
  }

  /** What a custom runtime says is passed on as it is. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "throw         | Unhandled | {\"errorMessage\":\"no luck\",\"errorType\":\"Own.Error\"}",
        "init          | Unhandled | {\"errorMessage\":\"no luck\",\"errorType\":\"Own.Error\",\"own\":[1]}",
        "garbled_error | Unhandled | no luck {",
        "garbled       |           | no JSON {",
      })
  void whatACustomRuntimeSays(String handler, String error, String payload) {
    TestFunction function = custom(handler);
    for (int call = 0; call < 2; call++) {
      Invoked answer = function.invoke("{}");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.error()).isEqualTo(error);
      assertThat(answer.payload()).isEqualTo(payload);
    }
  }

  @Test
  void anAnswerOfACustomRuntimeThatIsTooLarge() {
    tooLarge(custom("large").invoke("{}"));
  }
}
