package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.sandbox.ReadOnlyMount;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which functions need a process of their own, as a table. */
final class StartVariablesTest {
  private static RuntimeTarget target(String language) {
    StartVariables variables =
        switch (language) {
          case "python" -> StartVariables.PYTHON;
          case "node" -> StartVariables.NODE;
          case "ruby" -> StartVariables.RUBY;
          default -> StartVariables.JAVA;
        };
    return new RuntimeTarget(
            language,
            true,
            List.of(new ReadOnlyMount(Path.of("/boot"), "/var/rapid")),
            List.of("/usr/bin/" + language, "boot"),
            Map.of("LC_CTYPE", "C.UTF-8"),
            Optional.empty())
        .withUnbound(variables, 1);
  }

  private static boolean isBound(String language, Map<String, String> own) {
    return Recipe.of(target(language), 512, 512, own).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_NUMERIC",
        "MALLOC_ARENA_MAX",
        "GLIBC_TUNABLES",
        "GCONV_PATH",
        "OPENSSL_CONF",
        "SSL_CERT_FILE",
        "AWS_LAMBDA_EXEC_WRAPPER",
        "LAMBIC_BINDING"
      })
  void someActOnlyAtTheStartOfEveryProcess(String name) {
    for (String language : List.of("python", "node", "ruby", "java")) {
      assertThat(isBound(language, Map.of(name, "own"))).as(language).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "python, PYTHONPATH, true",
    "python, PYTHONHASHSEED, true",
    "python, PYTHONDONTWRITEBYTECODE, true",
    "python, NODE_OPTIONS, true",
    "python, TZ, true",
    "node, NODE_OPTIONS, false",
    "node, NODE_EXTRA_CA_CERTS, false",
    "node, NODE_DEBUG, false",
    "node, NODE_COMPILE_CACHE, false",
    "node, NODE_UNHEARD_OF, false",
    "node, UV_THREADPOOL_SIZE, false",
    "node, NODE_PATH, true",
    "node, NODE_ENV, true",
    "node, NODE_TLS_REJECT_UNAUTHORIZED, true",
    "node, JAVA_TOOL_OPTIONS, true",
    "node, TZ, true",
    "ruby, RUBYOPT, false",
    "ruby, RUBYLIB, false",
    "ruby, RUBY_GC_HEAP_INIT_SLOTS, false",
    "ruby, DEBIAN_RUBY_STANDALONE, false",
    "ruby, GEM_SKIP, false",
    "ruby, GEM_PATH, true",
    "ruby, GEM_HOME, true",
    "ruby, RAILS_ENV, true",
    "java, JAVA_TOOL_OPTIONS, false",
    "java, JDK_JAVA_OPTIONS, false",
    "java, _JAVA_OPTIONS, false",
    "java, CLASSPATH, false",
    "java, TZ, false",
    "java, PATH, false",
    "java, POWERTOOLS_SERVICE_NAME, true",
  })
  void othersDependOnTheLanguage(String language, String name, boolean bound) {
    assertThat(isBound(language, Map.of(name, "own"))).isEqualTo(bound);
  }

  @ParameterizedTest
  @CsvSource({"LC_CTYPE, C.UTF-8, true", "LC_CTYPE, C, false", "LANG, en_US.UTF-8, true"})
  void whatIsTheSameAnywayIsNobodysOwn(String name, String value, boolean bound) {
    assertThat(isBound("python", Map.of(name, value))).isEqualTo(bound);
  }

  @ParameterizedTest
  @CsvSource({"512, true", "513, false", "10240, false"})
  void anotherSizeOfTmpNeedsAnotherSandbox(int megabytes, boolean bound) {
    assertThat(Recipe.of(target("node"), 512, megabytes, Map.of()).isPresent()).isEqualTo(bound);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void imagesAndProgramsOfFunctionsAreStartedForThem(boolean image) {
    RuntimeTarget own =
        image
            ? VariablesTest.container(Path.of("/image"), List.of("/run"))
            : new RuntimeTarget(
                "provided.al2023", false, List.of(), List.of(), Map.of(), Optional.empty());
    assertThat(Recipe.of(own, 512, 512, Map.of())).isEmpty();
  }
}
