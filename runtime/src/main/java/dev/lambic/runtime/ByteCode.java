package dev.lambic.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Python files compiled once per interpreter, for environments see them read-only and would compile
 * them at every start.
 */
final class ByteCode {
  private static final int SECONDS = 300;

  private ByteCode() {}

  /**
   * Compiles the bootstrap for the interpreter and returns the name of the file to start: the
   * compiled one, or the source if that did not work.
   */
  static String bootstrap(Interpreter python, Path directory) {
    String compiled = "bootstrap." + python.program() + ".pyc";
    String script =
        "import py_compile, sys\n"
            + "mode = py_compile.PycInvalidationMode.UNCHECKED_HASH\n"
            + "py_compile.compile(sys.argv[1], sys.argv[2], sys.argv[3], doraise=True,"
            + " invalidation_mode=mode)\n";
    boolean done =
        run(
            python,
            List.of(
                "-c",
                script,
                directory.resolve("bootstrap.py").toString(),
                directory.resolve(compiled).toString(),
                Bootstraps.INSIDE + "/bootstrap.py"));
    return done ? compiled : "bootstrap.py";
  }

  /** Compiles all of a directory, unless that was done before; takes seconds. */
  static void library(Interpreter python, Path directory) {
    Path mark = directory.resolve(".compiled-" + python.program());
    if (Files.exists(mark) || !Files.isWritable(directory)) {
      return;
    }
    run(python, List.of("-m", "compileall", "-q", "-x", "/tests?/", directory.toString()));
    try {
      Files.createFile(mark);
    } catch (IOException e) {
      // Without the mark it is compiled again at the next start, which is quick: nothing is stale.
      return;
    }
  }

  private static boolean run(Interpreter python, List<String> arguments) {
    List<String> command = new ArrayList<>(python.command());
    command.addAll(List.of("-I", "-S"));
    command.addAll(arguments);
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        return process.waitFor(SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
