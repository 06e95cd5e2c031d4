package dev.lambic.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Somebody else's program that runs functions of Lambda on one machine, as its ordinary package
 * brings it. It is started as a process of this machine and called by the same client.
 */
enum Peer {
  /** Runs functions in plain processes of the host unless it is given a container engine. */
  MINISTACK("ministack") {
    @Override
    List<String> command(Setup setup) {
      return List.of(python(), "-m", "ministack");
    }

    @Override
    Map<String, String> environment(Setup setup) {
      return Map.of(
          "PYTHONPATH",
          setup.home().toString(),
          "PYTHONDONTWRITEBYTECODE",
          "1",
          "GATEWAY_PORT",
          Integer.toString(setup.port()),
          "BIND_HOST",
          "127.0.0.1",
          "IOT_MTLS_ENABLED",
          "0");
    }

    @Override
    String health() {
      return "/_ministack/health";
    }
  },
  /** Runs functions of Node.js in worker threads and those of Python in plain processes. */
  SERVERLESS_OFFLINE("serverless-offline") {
    @Override
    List<String> command(Setup setup) throws IOException {
      Files.writeString(
          setup.code().resolve("serverless.yml"),
          """
          service: bench
          frameworkVersion: '3'
          provider: {name: aws, runtime: %1$s, region: us-east-1, timeout: 60, memorySize: 1769}
          plugins: [serverless-offline]
          functions: {hello: {handler: hello.handler}}
          """
              .formatted(setup.runtime()));
      Files.createSymbolicLink(
          setup.code().resolve("node_modules"), setup.home().resolve("node_modules"));
      return List.of(
          "node",
          setup.home().resolve("node_modules/serverless/bin/serverless.js").toString(),
          "offline",
          "--host",
          "127.0.0.1",
          "--httpPort",
          Integer.toString(setup.otherPorts().get(0)),
          "--albPort",
          Integer.toString(setup.otherPorts().get(1)),
          "--lambdaPort",
          Integer.toString(setup.port()),
          "--terminateIdleLambdaTime",
          "1");
    }

    @Override
    Map<String, String> environment(Setup setup) {
      return Map.of(
          "HOME",
          setup.code().toString(),
          "SLS_TELEMETRY_DISABLED",
          "1",
          "SLS_NOTIFICATIONS_MODE",
          "off");
    }

    @Override
    String function() {
      return "bench-dev-hello";
    }

    @Override
    boolean hasApi() {
      return false;
    }
  },
  /** Runs one environment of one function, with AWS's own runtime client; no isolation. */
  RIE("AWS's RIE") {
    @Override
    List<String> command(Setup setup) throws IOException {
      Language language = setup.language();
      String property = "lambic.client." + language.name().toLowerCase(Locale.ROOT);
      Path client = Path.of(System.getProperty(property, "/nowhere"));
      if (!Files.isDirectory(client)) {
        throw new IOException(
            "AWS's runtime client for "
                + language.title()
                + " is not there (./lambic bench clients)");
      }
      List<String> start =
          language == Language.PYTHON
              ? List.of(setup.program().toString(), "-m", "awslambdaric")
              : List.of(
                  setup.program().toString(),
                  client.resolve("aws-lambda-ric/index.mjs").toString());
      List<String> command =
          new ArrayList<>(
              List.of(
                  setup.home().resolve("aws-lambda-rie").toString(),
                  "--runtime-interface-emulator-address",
                  "127.0.0.1:" + setup.port(),
                  "--runtime-api-address",
                  "127.0.0.1:" + setup.otherPorts().get(0)));
      command.addAll(start);
      command.add("hello.handler");
      return command;
    }

    @Override
    Map<String, String> environment(Setup setup) {
      String property = "lambic.client." + setup.language().name().toLowerCase(Locale.ROOT);
      return Map.of(
          "PYTHONPATH",
          System.getProperty(property, "") + ":" + setup.code(),
          "PYTHONDONTWRITEBYTECODE",
          "1",
          "LAMBDA_TASK_ROOT",
          setup.code().toString(),
          "AWS_LAMBDA_FUNCTION_TIMEOUT",
          "60");
    }

    @Override
    String function() {
      return "function";
    }

    @Override
    boolean hasApi() {
      return false;
    }

    @Override
    boolean startsForEachCold() {
      return true;
    }

    @Override
    String health() {
      return "";
    }
  },
  /** Answers for all of AWS, and runs functions by a container engine. */
  MOTO("moto") {
    @Override
    List<String> command(Setup setup) {
      return List.of(
          python(), "-m", "moto.server", "-H", "127.0.0.1", "-p", Integer.toString(setup.port()));
    }

    @Override
    Map<String, String> environment(Setup setup) {
      return Map.of("PYTHONPATH", setup.home().toString(), "PYTHONDONTWRITEBYTECODE", "1");
    }

    @Override
    String account() {
      return "123456789012";
    }

    @Override
    String health() {
      return "/moto-api/";
    }
  };

  private final String title;

  Peer(String title) {
    this.title = title;
  }

  /**
   * What it needs to start.
   *
   * @param language of the function
   * @param program the interpreter that Lambic runs the function on
   * @param runtime AWS's name of that
   * @param home directory that it is installed in
   * @param code directory with the function's code
   * @param port on which it shall listen
   * @param otherPorts for what else it listens on
   */
  record Setup(
      Language language,
      Path program,
      String runtime,
      Path home,
      Path code,
      int port,
      List<Integer> otherPorts) {}

  String title() {
    return title;
  }

  /** Where it is installed, or why it is not. */
  Path home() throws IOException {
    String property = "lambic.peer." + name().toLowerCase(Locale.ROOT).replace('_', '-');
    String found = System.getProperty(property, "");
    if (!found.startsWith("/")) {
      throw new IOException(found.isEmpty() ? "not installed; use ./lambic bench peers" : found);
    }
    return Path.of(found);
  }

  /** The system's Python, for which the packages were chosen. */
  private static String python() {
    return System.getProperty("lambic.python", "/usr/bin/python3");
  }

  /** What starts it. */
  abstract List<String> command(Setup setup) throws IOException;

  /** Variables that it gets besides those of this process. */
  abstract Map<String, String> environment(Setup setup);

  /** The name of the function there. */
  String function() {
    return "hello";
  }

  /** Whether functions are made by Lambda's operations. */
  boolean hasApi() {
    return true;
  }

  /** Whether each cold call needs a new process of the peer, which has then started already. */
  boolean startsForEachCold() {
    return false;
  }

  /** The account in which it expects roles. */
  String account() {
    return "000000000000";
  }

  /** A path that it answers as soon as it is ready; empty if a connection is enough. */
  String health() {
    return "/";
  }

  /** Languages in which it is asked to run functions. */
  static Set<Language> languages() {
    return EnumSet.of(Language.PYTHON, Language.NODE);
  }
}
