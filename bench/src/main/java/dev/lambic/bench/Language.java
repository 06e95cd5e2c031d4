package dev.lambic.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A language with a hello function and a bare loop, and the system's own interpreter of it. */
enum Language {
  PYTHON("Python", "hello.py", "bare_loop.py", "/usr/bin/python3") {
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
  NODE("Node.js", "hello.js", "bare_loop.js", "/usr/bin/node") {
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
  private final Path program;

  Language(String title, String function, String loop, String program) {
    this.title = title;
    this.function = function;
    this.loop = loop;
    this.program = Path.of(program);
  }

  String title() {
    return title;
  }

  /** What the interpreter is run with besides its program. */
  abstract List<String> options();

  abstract String askVersion();

  /** AWS's identifier of the runtime of that version. */
  abstract String identifier(String version);

  Path program() {
    return program;
  }

  /** What the interpreter calls its own version. */
  String version() throws IOException, InterruptedException {
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
