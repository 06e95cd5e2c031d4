package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with what AWS's python3.12 and provided.al2023 show a function of themselves. */
final class VariablesTest {
  private static final RuntimeTarget PYTHON =
      new RuntimeTarget(
          "python3.12",
          true,
          List.of(),
          List.of("/var/lang/bin/python3.12"),
          Map.of("PYTHONPATH", "/var/runtime", "LC_CTYPE", "C.UTF-8", "PWD", "/var/task"),
          Optional.empty());
  private static final RuntimeTarget CUSTOM =
      new RuntimeTarget("provided.al2023", false, List.of(), List.of(), Map.of(), Optional.empty());

  static RuntimeTarget container(Path root, List<String> argv) {
    return RuntimeTarget.container(
        new ContainerRoot(
            root, Map.of("PATH", "/app/bin:/bin", "A", "image", "AWS_REGION", "x"), "/app", true),
        argv);
  }

  static EnvironmentSpec spec(RuntimeTarget target, Map<String, String> own, Path code) {
    return spec(target, own, code, null);
  }

  static EnvironmentSpec spec(
      RuntimeTarget target, Map<String, String> own, Path code, @Nullable Path opt) {
    return spec("e1", target, own, code, opt);
  }

  static EnvironmentSpec withFileSystems(
      RuntimeTarget target, Map<String, String> own, Path code, List<FileSystemMount> mounts) {
    return spec("e1", target, own, code, null, mounts);
  }

  static EnvironmentSpec spec(
      String name, RuntimeTarget target, Map<String, String> own, Path code, @Nullable Path opt) {
    return spec(name, target, own, code, opt, List.of());
  }

  private static EnvironmentSpec spec(
      String name,
      RuntimeTarget target,
      Map<String, String> own,
      Path code,
      @Nullable Path opt,
      List<FileSystemMount> mounts) {
    return new EnvironmentSpec(
        name,
        target,
        "shop",
        "$LATEST",
        "000000000000",
        "eu-west-1",
        "handler.handler",
        1024,
        512,
        own,
        code,
        opt,
        "/aws/lambda/shop",
        "2026/01/01/[$LATEST]0123",
        LogSettings.TEXT,
        new SessionCredentials("ASIA1", "secret", "token"),
        Initialization.ON_DEMAND,
        "arn:aws:iam::000000000000:role/shop",
        mounts);
  }

  private static Map<String, String> of(RuntimeTarget target, Map<String, String> own) {
    Map<String, String> all = new HashMap<>();
    EnvironmentSpec spec = spec(target, own, Path.of("/code"));
    for (String pair : Variables.of(spec, "127.0.0.1:9001", "http://127.0.0.1:4566")) {
      int equals = pair.indexOf('=');
      assertThat(all.put(pair.substring(0, equals), pair.substring(equals + 1))).isNull();
    }
    return all;
  }

  private static Map<String, String> expected() {
    Map<String, String> all = new HashMap<>();
    all.put("AWS_ACCESS_KEY_ID", "ASIA1");
    all.put("AWS_DEFAULT_REGION", "eu-west-1");
    all.put("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024");
    all.put("AWS_LAMBDA_FUNCTION_NAME", "shop");
    all.put("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    all.put("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    all.put("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/shop");
    all.put("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0123");
    all.put("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
    all.put("AWS_REGION", "eu-west-1");
    all.put("AWS_SECRET_ACCESS_KEY", "secret");
    all.put("AWS_SESSION_TOKEN", "token");
    all.put("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    all.put("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000");
    all.put("LAMBDA_RUNTIME_DIR", "/var/runtime");
    all.put("LAMBDA_TASK_ROOT", "/var/task");
    all.put("LANG", "en_US.UTF-8");
    all.put(
        "LD_LIBRARY_PATH",
        "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib");
    all.put("PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin");
    all.put("TZ", ":UTC");
    all.put("_AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1");
    all.put("_AWS_XRAY_DAEMON_PORT", "2000");
    all.put("_HANDLER", "handler.handler");
    // The one that AWS has no need of.
    all.put("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
    return all;
  }

  @Test
  void showsPythonWhatAwsShows() {
    Map<String, String> all = expected();
    all.put("TEST_KEY", "TEST_VAL");
    all.put("AWS_EXECUTION_ENV", "AWS_Lambda_python3.12");
    all.put("PYTHONPATH", "/var/runtime");
    all.put("LC_CTYPE", "C.UTF-8");
    all.put("PWD", "/var/task");
    assertThat(of(PYTHON, Map.of("TEST_KEY", "TEST_VAL"))).isEqualTo(all);
  }

  @Test
  void showsCustomRuntimesWhatAwsShows() {
    assertThat(of(CUSTOM, Map.of())).isEqualTo(expected());
  }

  @ParameterizedTest
  @ValueSource(strings = {"java8.al2", "java11", "java8.al2023", "java17", "java25"})
  void showsJavaWhatAwsShows(String identifier) {
    RuntimeTarget java =
        new RuntimeTarget(identifier, true, List.of(), List.of(), Map.of(), Optional.empty());
    Map<String, String> all = expected();
    all.put("AWS_EXECUTION_ENV", "AWS_Lambda_" + identifier);
    if (!identifier.matches("java(17|25)")) {
      all.put("AWS_ACCESS_KEY", "ASIA1");
      all.put("AWS_SECRET_KEY", "secret");
    }
    assertThat(of(java, Map.of("AWS_ACCESS_KEY", "mine"))).isEqualTo(all);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
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
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT"
      })
  void keepsTheFunctionFromReplacingWhatIsReserved(String name) {
    for (RuntimeTarget target : List.of(PYTHON, CUSTOM)) {
      assertThat(of(target, Map.of(name, "mine")).get(name)).isNotEqualTo("mine");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "LANG",
        "PATH",
        "LD_LIBRARY_PATH",
        "PYTHONPATH",
        "TZ",
        "AWS_XRAY_DAEMON_ADDRESS",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_ENDPOINT_URL"
      })
  void letsTheFunctionReplaceTheRest(String name) {
    assertThat(of(PYTHON, Map.of(name, "mine"))).containsEntry(name, "mine");
  }

  @Test
  void keepsSecretsOutOfItsText() {
    assertThat(spec(PYTHON, Map.of(), Path.of("/code")).toString())
        .doesNotContain("secret,", "token");
  }

  @Test
  void containerImagesBringTheirOwnAndGetWhatIsReserved() {
    Map<String, String> expected = expected();
    expected
        .keySet()
        .removeAll(
            List.of(
                "LAMBDA_RUNTIME_DIR",
                "LAMBDA_TASK_ROOT",
                "LANG",
                "LD_LIBRARY_PATH",
                "TZ",
                "_HANDLER"));
    expected.put("PATH", "/app/bin:/bin");
    expected.put("A", "function");
    expected.put("AWS_EXECUTION_ENV", "AWS_Lambda_Image");
    RuntimeTarget image = container(Path.of("/image"), List.of("/run"));
    assertThat(of(image, Map.of("A", "function"))).isEqualTo(expected);
  }

  @Test
  void importedRuntimesHaveTheVariablesOfTheirImage() {
    RuntimeTarget imported =
        new RuntimeTarget(
            "ruby3.4",
            true,
            List.of(),
            List.of("/var/runtime/bootstrap"),
            Map.of(),
            Optional.empty(),
            Optional.of(new ContainerRoot(Path.of("/image"), Map.of("LANG", "C"), "/", false)));
    assertThat(of(imported, Map.of()))
        .containsEntry("LANG", "C")
        .containsEntry("TZ", ":UTC")
        .containsEntry("_HANDLER", "handler.handler")
        .containsEntry("AWS_EXECUTION_ENV", "AWS_Lambda_ruby3.4");
  }

  @Test
  void tellsExtensionsWhatConcernsThem() {
    EnvironmentSpec spec =
        spec(PYTHON, Map.of("COLOUR", "blue", "LC_CTYPE", "own"), Path.of("/code"));
    assertThat(Variables.ofExtensions(spec, "127.0.0.1:9001", "http://127.0.0.1:4566"))
        .contains(
            "COLOUR=blue",
            "LC_CTYPE=own",
            "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
            "AWS_LAMBDA_FUNCTION_NAME=shop",
            "AWS_ACCESS_KEY_ID=ASIA1",
            "AWS_REGION=eu-west-1",
            "AWS_ENDPOINT_URL=http://127.0.0.1:4566")
        .noneMatch(pair -> pair.startsWith("_"))
        .noneMatch(pair -> pair.startsWith("PYTHONPATH="))
        .noneMatch(pair -> pair.startsWith("AWS_EXECUTION_ENV="))
        .noneMatch(pair -> pair.startsWith("AWS_LAMBDA_LOG_GROUP_NAME="))
        .noneMatch(pair -> pair.startsWith("LAMBDA_TASK_ROOT="));
  }
}
