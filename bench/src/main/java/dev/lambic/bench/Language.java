package dev.lambic.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A language with a hello function and a bare loop, and the host's interpreters of it. */
enum Language {
  PYTHON("Python", "hello.handler", "python3", "hello.py", "bare_loop.py") {
    @Override
    List<String> options() {
      // As Lambic runs it: without the host's site packages.
      return List.of("-I", "-S");
    }

    @Override
    List<String> askVersion() {
      return List.of("-c", "import sys; sys.stdout.write(sys.version)");
    }

    @Override
    String identifier(String version) {
      return "python" + version.substring(0, version.indexOf('.', 2));
    }

    @Override
    String client() {
      return "/usr/bin/python3 -m awslambdaric";
    }
  },
  NODE("Node.js", "hello.handler", "node", "hello.js", "bare_loop.js") {
    @Override
    List<String> options() {
      return List.of();
    }

    @Override
    List<String> askVersion() {
      return List.of("-e", "process.stdout.write(process.version)");
    }

    @Override
    String identifier(String version) {
      return "nodejs" + version.substring(1, version.indexOf('.')) + ".x";
    }

    @Override
    String client() {
      return "node /var/task/aws-lambda-ric/index.mjs";
    }
  },
  JAVA(
      "Java",
      "dev.lambic.bench.HelloFunction::handle",
      "java",
      "HelloFunction.class",
      "BareJava.class") {
    @Override
    List<String> options() {
      // As Lambic runs it in a function of Functions.MEMORY_MB.
      return List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:MaxHeapSize=" + Functions.MEMORY_MB * 85 / 100 + "m",
          "-XX:ActiveProcessorCount=2",
          "-XX:-UsePerfData",
          "-Djava.net.preferIPv4Stack=true");
    }

    @Override
    List<String> askVersion() {
      return List.of("-XshowSettings:properties", "-version");
    }

    @Override
    String version(String said) {
      String name = "java.runtime.version = ";
      int at = said.indexOf(name) + name.length();
      return said.substring(at, said.indexOf('\n', at)).strip();
    }

    @Override
    String identifier(String version) {
      // What this module's classes are made for; Lambic takes a newer one where there is none.
      return "java25";
    }

    @Override
    Set<Path> prefixes() throws IOException {
      Set<Path> homes = new LinkedHashSet<>(Set.of(Path.of(System.getProperty("java.home"))));
      addChildren(Path.of("/usr/lib/jvm"), homes);
      return homes;
    }

    @Override
    String place(String file) {
      return "dev/lambic/bench/" + file;
    }

    @Override
    List<String> run(Path directory, String loop) {
      return List.of("-cp", directory.toString(), "dev.lambic.bench.BareJava");
    }
  },
  RUBY("Ruby", "hello.handler", "ruby", "hello.rb", "bare_loop.rb") {
    @Override
    List<String> options() {
      return List.of("-EUTF-8");
    }

    @Override
    List<String> askVersion() {
      return List.of("-e", "print RUBY_DESCRIPTION");
    }

    @Override
    String identifier(String version) {
      // Lambda has no older one; Lambic takes the nearest.
      return version.compareTo("ruby 3.4") < 0 ? "ruby3.3" : "ruby3.4";
    }
  };

  /** There is no interpreter of the language here, or none that a plain process could have. */
  static final class Missing extends IOException {
    private static final long serialVersionUID = 1L;

    Missing(String message) {
      super(message);
    }
  }

  private final String title;
  private final String handler;
  private final String program;
  private final String function;
  private final String loop;

  Language(String title, String handler, String program, String function, String loop) {
    this.title = title;
    this.handler = handler;
    this.program = program;
    this.function = function;
    this.loop = loop;
  }

  String title() {
    return title;
  }

  /** The function's handler as Lambda names it. */
  String handler() {
    return handler;
  }

  /** What the interpreter is run with besides its program. */
  abstract List<String> options();

  /** What makes the interpreter say its version. */
  abstract List<String> askVersion();

  /** The version in what it said then. */
  String version(String said) {
    return said;
  }

  /** AWS's identifier of the runtime of that version. */
  abstract String identifier(String version);

  /** Directories with interpreters in their {@code bin}; the system's own come first. */
  Set<Path> prefixes() throws IOException {
    Path home = Path.of(System.getProperty("user.home"));
    Set<Path> prefixes = new LinkedHashSet<>(List.of(Path.of("/usr"), Path.of("/usr/local")));
    for (Path collection :
        List.of(
            Path.of("/opt"), home.resolve(".pyenv/versions"), home.resolve(".nvm/versions/node"))) {
      addChildren(collection, prefixes);
    }
    return prefixes;
  }

  private static void addChildren(Path directory, Set<Path> to) throws IOException {
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
        children.forEach(to::add);
      }
    }
  }

  /** Whether the client that Lambic runs it by asks for an event only after it has answered. */
  boolean asksLate() {
    return this == JAVA;
  }

  /** Where a file of this module is in a package of this language. */
  String place(String file) {
    return file;
  }

  /** What runs the loop that was laid out, but for the interpreter and its options. */
  List<String> run(Path directory, String loop) {
    return List.of(directory.resolve(loop).toString());
  }

  /** The host's interpreters, wherever Lambic looks for them. */
  private List<Path> programs() throws IOException {
    return prefixes().stream()
        .map(prefix -> prefix.resolve("bin").resolve(program))
        .filter(Files::isExecutable)
        .toList();
  }

  /**
   * AWS's identifier of the runtime that is nearest to the host's first interpreter.
   *
   * @throws Missing if the host has none
   */
  String runtime() throws IOException, InterruptedException {
    return identifier(version());
  }

  /** The version of the host's first interpreter, as that calls it. */
  String version() throws IOException, InterruptedException {
    List<Path> programs = programs();
    if (programs.isEmpty()) {
      throw new Missing(title + " is not installed");
    }
    return version(programs.getFirst());
  }

  /**
   * The interpreter that calls its own version exactly so.
   *
   * @throws Missing if the host has none
   */
  Path program(String version) throws IOException, InterruptedException {
    for (Path program : programs()) {
      if (version(program).equals(version)) {
        return program;
      }
    }
    throw new Missing("no " + title + " of this host is " + version);
  }

  private String version(Path program) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(askVersion());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(program + " does not tell its version");
      }
      return version(said);
    } finally {
      process.destroyForcibly();
    }
  }

  /** The function's code as Lambda takes it. */
  byte[] zip() throws IOException {
    return zip(function);
  }

  /** The same beside AWS's runtime client, with a bootstrap that starts that. */
  byte[] zipWithClient(Path client) throws IOException {
    try (Scratch scratch = Scratch.create();
        Stream<Path> files = Files.walk(client)) {
      Path zip = scratch.path().resolve("function.zip");
      Map<String, Boolean> settings = Map.of("create", true, "enablePosixFileAttributes", true);
      try (FileSystem inside = FileSystems.newFileSystem(zip, settings)) {
        Path root = inside.getPath("/");
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Path to = root.resolve(client.relativize(file).toString());
          Files.createDirectories(to.resolveSibling(""));
          Files.copy(file, to);
        }
        Files.write(root.resolve(function), resource(function));
        Path bootstrap = root.resolve("bootstrap");
        Files.writeString(
            bootstrap,
            "#!/bin/sh\ncd \"$LAMBDA_TASK_ROOT\"\nexec " + client() + " \"$_HANDLER\"\n");
        Files.setPosixFilePermissions(bootstrap, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
      return Files.readAllBytes(zip);
    }
  }

  /** What starts AWS's runtime client from the function's directory. */
  String client() {
    throw new UnsupportedOperationException(title + " is run by AWS's client anyway");
  }

  /** A deployment package with one of this module's files. */
  byte[] zip(String file) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry(place(file)));
      zip.write(resource(file));
      zip.closeEntry();
    }
    return bytes.toByteArray();
  }

  /** Lays the bare loop out beside the function and returns what the interpreter runs it by. */
  List<String> layOutLoop(Path directory) throws IOException {
    for (String file : List.of(function, loop)) {
      Path place = directory.resolve(place(file));
      Files.createDirectories(directory.resolve(place("")));
      Files.write(place, resource(file));
    }
    return run(directory, loop);
  }

  /** The hello function. */
  byte[] function() throws IOException {
    return resource(function);
  }

  /** Lays only the function out. */
  void layOutFunction(Path directory) throws IOException {
    Files.write(directory.resolve(function), resource(function));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = Language.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + " is missing in this build");
      }
      return in.readAllBytes();
    }
  }
}
