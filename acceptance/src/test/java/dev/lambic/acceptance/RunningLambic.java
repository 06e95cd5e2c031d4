package dev.lambic.acceptance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The real server as a child process, on a free port and with a data directory of its own.
 *
 * <p>It can be ended in every way and started again on the same data. Whatever it reports as a
 * fault fails the test that closes it, for those are bugs.
 */
final class RunningLambic implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration STOP = Duration.ofSeconds(60);
  private static final Pattern READY = Pattern.compile("Lambic is ready at (http://[^ ]+)");
  private static final Set<String> DOCUMENTED =
      Set.of(
          "lambic.db",
          "events.db",
          "functions",
          "filesystems",
          "images",
          "runtimes",
          "logs",
          "dynamodb",
          "dynamodb.log",
          "s3",
          "s3.log",
          "credentials",
          "sandbox",
          "snapshots",
          "byte-code",
          "bootstraps",
          "lock",
          "dev.socket");
  private static final int KEPT_LINES = 5000;

  private final Path data;
  private final Path cache;
  private final List<String> options;
  private final List<String> output = new ArrayList<>();
  private List<String> jvm = List.of();
  private @Nullable Pattern expectedFaults;
  private @Nullable Process process;
  private URI address = URI.create("http://127.0.0.1:0");

  private RunningLambic(Path data, Path cache, List<String> options) {
    this.data = data;
    this.cache = cache;
    this.options = options;
  }

  /** Starts a server with further options of the command line. */
  static RunningLambic start(String... options) {
    return startOn(Places.cache(), options);
  }

  /** Starts a server that finds in another place what {@code ./lambic} has fetched. */
  static RunningLambic startOn(Path cache, String... options) {
    try {
      RunningLambic lambic =
          new RunningLambic(
              Files.createTempDirectory("lambic-acceptance"), cache, List.of(options));
      lambic.launch();
      return lambic;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts the server, again if it ran before, and waits until it is ready. */
  void launch() {
    CompletableFuture<URI> ready = new CompletableFuture<>();
    try {
      Process started =
          new ProcessBuilder(withOptions(command(data, cache, arguments())))
              .redirectErrorStream(true)
              .directory(data.toFile())
              .start();
      process = started;
      Thread.ofPlatform().daemon().name("server-output").start(() -> read(started, ready));
      address = ready.get(START.toSeconds(), TimeUnit.SECONDS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError("the server did not start:\n" + output(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** The command with further options of the JVM, which come right after its program. */
  private List<String> withOptions(List<String> command) {
    command.addAll(1, jvm);
    return command;
  }

  private String[] arguments() {
    List<String> arguments = new ArrayList<>(List.of("--port", "0"));
    arguments.addAll(options);
    return arguments.toArray(String[]::new);
  }

  /** As {@code ./lambic} does it. */
  private static List<String> command(Path data, Path cache, String... more) {
    List<String> command = program(data, cache);
    command.addAll(List.of("start", "--data", data.toString()));
    Places.without().ifPresent(words -> command.addAll(List.of("--without", words)));
    command.addAll(List.of(more));
    return command;
  }

  /** A command of the server's program that ends by itself. */
  static Script command(String name) {
    List<String> command = program(Path.of(System.getProperty("java.io.tmpdir")));
    command.add(name);
    return Script.of(command);
  }

  /** Lets a server practise, so that its JVM fills a cache, as {@code ./lambic} does. */
  static Script.Ended train(Path data, Path cache) {
    List<String> command = program(data);
    command.add(1, "-XX:AOTCacheOutput=" + cache);
    command.addAll(List.of("train", "--port", "0", "--auth", "enforce", "--data", data.toString()));
    return Script.of(command).run(data);
  }

  /**
   * Starts a server from such a cache.
   *
   * @param mode {@code on} if it must not start without, {@code auto} if it may
   */
  static RunningLambic startFrom(Path cache, String mode) {
    try {
      RunningLambic lambic =
          new RunningLambic(
              Files.createTempDirectory("lambic-acceptance"), Places.cache(), List.of());
      lambic.jvm =
          List.of("-XX:AOTCache=" + cache, "-XX:AOTMode=" + mode, "-Xlog:aot=off", "-Xlog:cds=off");
      lambic.launch();
      return lambic;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> program(Path scratch) {
    return program(scratch, Places.cache());
  }

  private static List<String> program(Path scratch, Path cache) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx512m"));
    // Beside what belongs there, so that a temporary file that is left is noticed.
    command.add("-Djava.io.tmpdir=" + scratch);
    command.add("-Dlambic.home=" + Places.root());
    command.add("-Dlambic.boto3=" + Places.boto3());
    command.add("-Dlambic.java=" + Places.javaClient());
    command.add("-Dlambic.dynamodb=" + Places.dynamoDb());
    command.add("-Dlambic.s3=" + Places.s3());
    command.add("-Dlambic.cache=" + cache);
    command.addAll(List.of("-cp", Places.app() + "/*", "dev.lambic.server.Main"));
    return command;
  }

  /** Starts one more server on the same data, which must end by itself. */
  Script.Ended startAnother(String... more) {
    return startIn(data, more);
  }

  /** Starts a server that must end by itself. */
  static Script.Ended startIn(Path directory, String... more) {
    return Script.of(command(directory, Places.cache(), more)).run(directory);
  }

  /** What {@code ./lambic runtime list} prints. */
  String runtimes() {
    List<String> command = program(data, cache);
    command.addAll(List.of("runtimes", data.toString()));
    return Script.of(command).run(data).output();
  }

  /** Imports a runtime beside the running server, as {@code ./lambic runtime import} does. */
  Script.Ended importRuntime(String runtime, String image) {
    List<String> command = program(data);
    command.addAll(List.of("import-runtime", runtime, image, data.toString()));
    return Script.of(command).run(data);
  }

  private void read(Process from, CompletableFuture<URI> ready) {
    try (BufferedReader lines = from.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        synchronized (output) {
          if (output.size() < KEPT_LINES) {
            output.add(line);
          }
        }
        Matcher matcher = READY.matcher(line);
        if (matcher.find()) {
          ready.complete(URI.create(matcher.group(1)));
        }
      }
    } catch (IOException ended) {
      // The stream of a killed process may break instead of end.
      synchronized (output) {
        output.add("[output ended: " + ended.getMessage() + "]");
      }
    }
    ready.completeExceptionally(new IllegalStateException("the server ended"));
  }

  /** Where it listens. */
  URI address() {
    return address;
  }

  Path data() {
    return data;
  }

  long pid() {
    return running().pid();
  }

  /** What it has printed so far. */
  String output() {
    synchronized (output) {
      return String.join("\n", output);
    }
  }

  /** Ends it as a power cut would, as far as one process can. */
  void killHard() {
    running().destroyForcibly();
    awaitEnd();
  }

  /** Sends SIGTERM and returns at once. */
  void askToEnd() {
    running().destroy();
  }

  /** Waits until the process has ended. Returns its exit code. */
  int awaitEnd() {
    try {
      Process ended = running();
      if (!ended.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
        ended.destroyForcibly();
        throw new AssertionError("the server did not end:\n" + output());
      }
      return ended.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  boolean isAlive() {
    return running().isAlive();
  }

  private Process running() {
    Process current = process;
    if (current == null) {
      throw new IllegalStateException("not started");
    }
    return current;
  }

  /** From now on, faults in whose lines a pattern is found are what the test has brought about. */
  void expectFaults(String pattern) {
    expectedFaults = Pattern.compile(pattern);
  }

  /** Lines of its log that tell of bugs. */
  List<String> faults() {
    Pattern expected = expectedFaults;
    synchronized (output) {
      return output.stream()
          .filter(line -> line.contains(" fault: ") || line.contains("SEVERE"))
          .filter(line -> expected == null || !expected.matcher(line).find())
          .toList();
    }
  }

  @Override
  public void close() {
    if (isAlive()) {
      askToEnd();
      awaitEnd();
    }
    List<String> strange = new ArrayList<>(List.of(data.toFile().list()));
    strange.removeAll(DOCUMENTED);
    delete(data);
    if (!strange.isEmpty()) {
      throw new AssertionError("files are left that ARCHITECTURE.md does not list: " + strange);
    }
    if (!faults().isEmpty()) {
      throw new AssertionError("the server had faults:\n" + output());
    }
  }

  /** Deletes a directory with all that is in it. */
  static void delete(Path tree) {
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path path : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
