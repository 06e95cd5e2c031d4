package dev.lambic.runtime;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What an image's entry point and command mean: which program, by its path inside. */
final class ContainerProgram {
  /** What images without a PATH of their own are started with, as elsewhere. */
  static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private ContainerProgram() {}

  /**
   * The program and its arguments.
   *
   * @param path the PATH that the program will see
   * @throws LambicException with code {@code Runtime.InvalidEntrypoint} if there is no such program
   */
  static List<String> resolve(ContainerRoot root, List<String> argv, String path) {
    if (argv.isEmpty()) {
      throw invalid("the image has neither an entry point nor a command");
    }
    List<String> resolved = new ArrayList<>(argv);
    resolved.set(0, program(root, argv.getFirst(), path));
    return resolved;
  }

  private static String program(ContainerRoot root, String name, String path) {
    if (name.startsWith("/")) {
      return name;
    }
    if (name.contains("/")) {
      return root.workingDirectory().replaceFirst("/*$", "") + "/" + name;
    }
    for (String directory : path.split(":", -1)) {
      if (directory.startsWith("/") && !name.isEmpty()) {
        String candidate = directory.replaceFirst("/*$", "") + "/" + name;
        Optional<Path> found = root.find(candidate);
        if (found.isPresent()
            && Files.isRegularFile(found.get())
            && Files.isExecutable(found.get())) {
          return candidate;
        }
      }
    }
    throw invalid("exec: \"" + name + "\": executable file not found in $PATH");
  }

  private static LambicException invalid(String message) {
    return new LambicException("Runtime.InvalidEntrypoint", Blame.FUNCTION, message);
  }
}
