package dev.lambic.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A language with a hello function and a bare loop, and the host's interpreters of it. */
enum Language {
  PYTHON("Python", "hello.py", "bare_loop.py", "python3") {
    @Override
    List<String> options() {
      // As Lambic runs it: without the host's site packages.
      return List.of("-I", "-S");
    }

    @Override
    String askVersion() {
      return "import sys; sys.stdout.write(sys.version)";
    }

    @Override
    String identifier(String version) {
      return "python" + version.substring(0, version.indexOf('.', 2));
    }
  },
  NODE("Node.js", "hello.js", "bare_loop.js", "node") {
    @Override
    List<String> options() {
      return List.of();
    }

    @Override
    String askVersion() {
      return "process.stdout.write(process.version)";
    }

    @Override
    String identifier(String version) {
      return "nodejs" + version.substring(1, version.indexOf('.')) + ".x";
    }
  };

  private final String title;
  private final String function;
  private final String loop;
  private final String program;

  Language(String title, String function, String loop, String program) {
    this.title = title;
    this.function = function;
    this.loop = loop;
    this.program = program;
  }

  String title() {
    return title;
  }

  /** What the interpreter is run with besides its program. */
  abstract List<String> options();

  abstract String askVersion();

  /** AWS's identifier of the runtime of that version. */
  abstract String identifier(String version);

  /** The host's interpreters, wherever Lambic looks for them; the system's own come first. */
  private List<Path> programs() throws IOException {
    Path home = Path.of(System.getProperty("user.home"));
    List<Path> prefixes = new ArrayList<>(List.of(Path.of("/usr"), Path.of("/usr/local")));
    for (Path collection :
        List.of(
            Path.of("/opt"), home.resolve(".pyenv/versions"), home.resolve(".nvm/versions/node"))) {
      if (Files.isDirectory(collection)) {
        try (DirectoryStream<Path> children = Files.newDirectoryStream(collection)) {
          children.forEach(prefixes::add);
        }
      }
    }
    return prefixes.stream()
        .map(prefix -> prefix.resolve("bin").resolve(program))
        .filter(Files::isExecutable)
        .toList();
  }

  /**
   * AWS's identifier of the runtime that is nearest to the host's first interpreter.
   *
   * @throws IOException if the host has none
   */
  String runtime() throws IOException, InterruptedException {
    return identifier(version());
  }

  /** The version of the host's first interpreter, as that calls it. */
  String version() throws IOException, InterruptedException {
    List<Path> programs = programs();
    if (programs.isEmpty()) {
      throw new IOException(title + " is not installed");
    }
    return version(programs.getFirst());
  }

  /**
   * The interpreter that calls its own version exactly so.
   *
   * @throws IOException if the host has none
   */
  Path program(String version) throws IOException, InterruptedException {
    for (Path program : programs()) {
      if (version(program).equals(version)) {
        return program;
      }
    }
    throw new IOException("no " + title + " of this host is " + version);
  }

  private String version(Path program) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(program.toString(), this == PYTHON ? "-c" : "-e", askVersion()).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(program + " does not tell its version");
      }
      return said;
    } finally {
      process.destroyForcibly();
    }
  }

  /** The function's code as Lambda takes it. */
  byte[] zip() throws IOException {
    return zip(function);
  }

  /** A deployment package with one of this module's files. */
  static byte[] zip(String function) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry(function));
      zip.write(resource(function));
      zip.closeEntry();
    }
    return bytes.toByteArray();
  }

  /** Lays the bare loop out beside the function and returns its path. */
  Path layOutLoop(Path directory) throws IOException {
    Files.write(directory.resolve(function), resource(function));
    return Files.write(directory.resolve(loop), resource(loop));
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
