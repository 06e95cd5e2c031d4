package dev.lambic.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program of a user, with the environment that Lambic's documentation tells to set. */
final class Script {
  /**
   * How a program ended.
   *
   * @param output both of its streams
   */
  record Ended(int code, String output) {}

  private static final int MINUTES = 3;

  private final URI endpoint;
  private final List<String> command = new ArrayList<>();
  private final Map<String, String> more;

  private Script(URI endpoint, List<String> command, Map<String, String> more) {
    this.endpoint = endpoint;
    this.command.addAll(command);
    this.more = more;
  }

  /** A Python program that finds boto3. */
  static Script python(URI endpoint, Path file, String... arguments) {
    List<String> command = new ArrayList<>(List.of(Places.python().toString(), file.toString()));
    command.addAll(List.of(arguments));
    return new Script(endpoint, command, Map.of("PYTHONPATH", Places.boto3().toString()));
  }

  /** A shell script that finds the AWS CLI as {@code aws}. */
  static Script withAwsCli(URI endpoint, Path file, String... arguments) {
    Path cli = Places.awsCli();
    List<String> command = new ArrayList<>(List.of("bash", file.toString()));
    command.addAll(List.of(arguments));
    return new Script(
        endpoint,
        command,
        Map.of(
            "PYTHONPATH",
            cli.toString(),
            "PATH",
            cli.resolve("bin") + ":" + Places.python().getParent() + ":/usr/bin:/bin"));
  }

  /** A program of the tests for Node.js that finds AWS's SDK for JavaScript. */
  static Script javaScript(URI endpoint, String file, Path... arguments) {
    List<String> command =
        new ArrayList<>(List.of(Places.node().toString(), Places.javaScript(file).toString()));
    for (Path argument : arguments) {
      command.add(argument.toString());
    }
    return new Script(
        endpoint,
        command,
        Map.of(
            "NODE_PATH",
            Places.javaScriptSdk().resolve("node_modules").toString(),
            "AWS_REGION",
            Clients.REGION));
  }

  /** Any program. */
  static Script of(List<String> command) {
    return new Script(URI.create("http://127.0.0.1:1"), command, Map.of());
  }

  /** Any program, with further variables of its environment. */
  static Script of(List<String> command, Map<String, String> more) {
    return new Script(URI.create("http://127.0.0.1:1"), command, more);
  }

  /** Runs it in a directory. */
  Ended run(Path directory) {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("AWS_"));
    environment.put("AWS_ENDPOINT_URL", endpoint.toString());
    environment.put("AWS_DEFAULT_REGION", Clients.REGION);
    environment.put("AWS_ACCESS_KEY_ID", "test");
    environment.put("AWS_SECRET_ACCESS_KEY", "test");
    environment.put("AWS_CONFIG_FILE", "/dev/null");
    environment.put("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    environment.put("PYTHONDONTWRITEBYTECODE", "1");
    environment.putAll(more);
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      Thread end = Thread.ofVirtual().start(() -> endLate(process));
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      end.interrupt();
      return new Ended(code, output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void endLate(Process process) {
    try {
      if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }
}
