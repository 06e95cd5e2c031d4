package dev.lambic.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The environment variables that a runtime process starts with.
 *
 * <p>Follows "Defined runtime environment variables" of the Lambda Developer Guide. The one
 * addition is {@code AWS_ENDPOINT_URL}, without which the SDKs would leave this host.
 */
final class Variables {
  static final String PATH = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin";
  static final String LIBRARY_PATH =
      "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib";

  private static final String XRAY_HOST = "127.0.0.1";
  private static final String XRAY_PORT = "2000";

  /** Reserved, but given to the runtime by other ways or not at all. */
  private static final List<String> NEVER_SET =
      List.of(
          "_X_AMZN_TRACE_ID",
          "AWS_ACCESS_KEY",
          "AWS_EXECUTION_ENV",
          "AWS_LAMBDA_LOG_FORMAT",
          "AWS_LAMBDA_LOG_LEVEL");

  private static final Pattern OLD_JAVA = Pattern.compile("java(?:8|11)(?:\\..*)?");

  private static final List<String> NOT_FOR_EXTENSIONS =
      List.of(
          "AWS_EXECUTION_ENV",
          "AWS_LAMBDA_LOG_GROUP_NAME",
          "AWS_LAMBDA_LOG_STREAM_NAME",
          "AWS_XRAY_CONTEXT_MISSING",
          "AWS_XRAY_DAEMON_ADDRESS",
          "LAMBDA_RUNTIME_DIR",
          "LAMBDA_TASK_ROOT");

  private static final List<String> OF_ONE_ENVIRONMENT =
      List.of(
          "AWS_ACCESS_KEY",
          "AWS_ACCESS_KEY_ID",
          "AWS_SECRET_KEY",
          "AWS_SECRET_ACCESS_KEY",
          "AWS_SESSION_TOKEN",
          "AWS_LAMBDA_LOG_GROUP_NAME",
          "AWS_LAMBDA_LOG_STREAM_NAME");

  private Variables() {}

  static List<String> of(EnvironmentSpec spec, String runtimeApi, String awsEndpoint) {
    return pairs(map(spec, runtimeApi, awsEndpoint));
  }

  /**
   * The same for external extensions, which are not told what only concerns the runtime.
   *
   * <p>Follows "Environment variables" in "Using the Lambda Extensions API to create extensions".
   */
  static List<String> ofExtensions(EnvironmentSpec spec, String runtimeApi, String awsEndpoint) {
    Map<String, String> all = map(spec, runtimeApi, awsEndpoint);
    spec.target().variables().keySet().stream()
        .filter(name -> !spec.variables().containsKey(name))
        .forEach(all::remove);
    NOT_FOR_EXTENSIONS.forEach(all::remove);
    all.keySet().removeIf(name -> name.startsWith("_"));
    return pairs(all);
  }

  /**
   * The same for the runtime of a version with snapshots: what differs between environments is not
   * among them. Follows "Defined runtime environment variables" and "Activating and managing Lambda
   * SnapStart".
   *
   * @param token what credentials are given for
   */
  static List<String> ofSnapshot(
      EnvironmentSpec spec, String runtimeApi, String awsEndpoint, String token) {
    Map<String, String> all = map(spec, runtimeApi, awsEndpoint);
    all.keySet().removeAll(OF_ONE_ENVIRONMENT);
    all.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://" + runtimeApi + SnapStart.CREDENTIALS);
    all.put("AWS_CONTAINER_AUTHORIZATION_TOKEN", token);
    return pairs(all);
  }

  /**
   * What a process starts with that is bound to a function later: only what acts at its start, and
   * what makes it ask for the rest.
   */
  static Map<String, String> unbound(RuntimeTarget target) {
    Map<String, String> all = new LinkedHashMap<>();
    managed(all);
    target.root().ifPresent(root -> all.putAll(root.variables()));
    all.putAll(target.variables());
    all.put("AWS_LAMBDA_RUNTIME_API", Cells.RUNTIME_API);
    all.put(Binding.VARIABLE, Binding.filling());
    return all;
  }

  static List<String> pairs(Map<String, String> all) {
    List<String> pairs = new ArrayList<>(all.size());
    all.forEach((name, value) -> pairs.add(name + "=" + value));
    return pairs;
  }

  private static Map<String, String> map(
      EnvironmentSpec spec, String runtimeApi, String awsEndpoint) {
    Map<String, String> all = new LinkedHashMap<>();
    boolean container = spec.target().isContainer();
    if (container) {
      // What managed runtimes are given of these is up to the image.
      all.put("PATH", ContainerProgram.DEFAULT_PATH);
    } else {
      managed(all);
    }
    spec.target().root().ifPresent(root -> all.putAll(root.variables()));
    all.put("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    all.put("AWS_XRAY_DAEMON_ADDRESS", XRAY_HOST + ":" + XRAY_PORT);
    all.put("_AWS_XRAY_DAEMON_ADDRESS", XRAY_HOST);
    all.put("_AWS_XRAY_DAEMON_PORT", XRAY_PORT);
    all.put("AWS_ENDPOINT_URL", awsEndpoint);
    all.putAll(spec.target().variables());
    // The function's own come before what Lambda reserves, so they can never replace it.
    all.putAll(spec.variables());
    NEVER_SET.forEach(all::remove);
    spec.target().executionEnvironment().ifPresent(name -> all.put("AWS_EXECUTION_ENV", name));
    if (!container) {
      all.put("_HANDLER", spec.handler());
      all.put("LAMBDA_TASK_ROOT", "/var/task");
      all.put("LAMBDA_RUNTIME_DIR", "/var/runtime");
    }
    all.put("AWS_REGION", spec.region());
    all.put("AWS_DEFAULT_REGION", spec.region());
    all.put("AWS_ACCESS_KEY_ID", spec.credentials().accessKeyId());
    all.put("AWS_SECRET_ACCESS_KEY", spec.credentials().secretAccessKey());
    if (OLD_JAVA.matcher(spec.target().identifier()).matches()) {
      // The names by which the first SDK for Java knew them.
      all.put("AWS_ACCESS_KEY", spec.credentials().accessKeyId());
      all.put("AWS_SECRET_KEY", spec.credentials().secretAccessKey());
    }
    all.put("AWS_SESSION_TOKEN", spec.credentials().sessionToken());
    all.put("AWS_LAMBDA_FUNCTION_NAME", spec.functionName());
    all.put("AWS_LAMBDA_FUNCTION_VERSION", spec.version());
    all.put("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", String.valueOf(spec.memoryMb()));
    all.put("AWS_LAMBDA_LOG_GROUP_NAME", spec.logGroup());
    all.put("AWS_LAMBDA_LOG_STREAM_NAME", spec.logStream());
    if (spec.logSettings().json()) {
      all.put("AWS_LAMBDA_LOG_FORMAT", "JSON");
      all.put("AWS_LAMBDA_LOG_LEVEL", spec.logSettings().applicationLevel());
    }
    all.put("AWS_LAMBDA_INITIALIZATION_TYPE", spec.initialization().awsName());
    all.put("AWS_LAMBDA_RUNTIME_API", runtimeApi);
    return all;
  }

  private static void managed(Map<String, String> all) {
    all.put("PATH", PATH);
    all.put("LD_LIBRARY_PATH", LIBRARY_PATH);
    all.put("LANG", "en_US.UTF-8");
    all.put("TZ", ":UTC");
  }

  /** The PATH of a container image function. */
  static String path(EnvironmentSpec spec, ContainerRoot root) {
    String images = root.variables().getOrDefault("PATH", ContainerProgram.DEFAULT_PATH);
    return spec.variables().getOrDefault("PATH", images);
  }
}
