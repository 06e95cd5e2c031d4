package dev.lambic.server;

import dev.lambic.images.RegistryLogins;
import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * The command line: {@code start [OPTIONS]}, {@code train [OPTIONS]}, {@code import-runtime NAME
 * IMAGE DATA [PASSWORDS]}, {@code doctor}, {@code runtimes}, {@code version}.
 */
public final class Main {
  private Main() {}

  /**
   * Runs a command.
   *
   * @param args the command and its options
   */
  public static void main(String[] args) throws InterruptedException {
    String command = args.length == 0 ? "" : args[0];
    switch (command) {
      case "start" -> start(args);
      case "train" -> train(args);
      case "import-runtime" -> importRuntime(args);
      case "doctor" -> System.exit(Doctor.print(System.out, directory("lambic.cache")) ? 0 : 1);
      case "runtimes" ->
          RuntimeList.print(
              System.out,
              directory("lambic.java"),
              directory("lambic.cache"),
              args.length > 1 ? Optional.of(Path.of(args[1])) : Optional.empty());
      case "version" -> System.out.println("lambic " + version());
      default ->
          fail(
              "unknown command '"
                  + command
                  + "'. Commands: start, train, import-runtime, doctor, runtimes, version",
              2);
    }
  }

  /** The version of this build. */
  static String version() {
    String built = Main.class.getPackage().getImplementationVersion();
    return built == null ? "development" : built;
  }

  private static void start(String[] args) throws InterruptedException {
    ServerConfig config;
    try {
      config = ServerConfig.parse(args, 1, properties());
    } catch (ServerConfig.Misuse e) {
      fail(String.valueOf(e.getMessage()), 2);
      return;
    }
    LambicServer server;
    try {
      server = LambicServer.start(config);
    } catch (IOException | RuntimeException e) {
      fail(e.getMessage() == null ? e.toString() : e.getMessage(), 1);
      return;
    }
    endOnSignal(server);
    System.out.println("Lambic is ready at " + server.address());
    new CountDownLatch(1).await();
  }

  private static void train(String[] args) throws InterruptedException {
    try {
      Training.run(ServerConfig.parse(args, 1, properties()));
    } catch (ServerConfig.Misuse | IOException | RuntimeException e) {
      fail(e.getMessage() == null ? e.toString() : e.getMessage(), 1);
    }
  }

  private static void importRuntime(String[] args) {
    if (args.length != 4 && args.length != 5) {
      fail("import-runtime needs a runtime, an image and the data directory", 2);
      return;
    }
    try {
      Path directory = Path.of(args[3]).resolve("runtimes");
      RegistryLogins logins =
          args.length == 5 ? RegistryLogins.in(Path.of(args[4])) : RegistryLogins.none();
      System.out.println(
          ImportedRuntimes.importImage(directory, args[1], args[2], logins, Ticker.system()));
    } catch (IOException | RuntimeException e) {
      fail(e.getMessage() == null ? e.toString() : e.getMessage(), 1);
    }
  }

  private static Optional<Path> directory(String property) {
    return Optional.ofNullable(System.getProperty(property)).map(Path::of);
  }

  private static Map<String, String> properties() {
    Map<String, String> found = new HashMap<>();
    for (String name : System.getProperties().stringPropertyNames()) {
      found.put(name, System.getProperty(name));
    }
    return found;
  }

  /** Ends by SIGTERM or SIGINT are ordinary ends: everything is closed and the exit code is 0. */
  private static void endOnSignal(LambicServer server) {
    PrintStream out = System.out;
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  out.println("Lambic ends: running invocations have 25 seconds to finish");
                  server.close();
                  out.flush();
                  Runtime.getRuntime().halt(0);
                },
                "shutdown"));
  }

  private static void fail(String message, int code) {
    System.err.println("lambic: " + message);
    System.exit(code);
  }
}
