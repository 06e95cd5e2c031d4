package dev.lambic.runtime;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.util.ArrayList;
import java.util.List;

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
    String name = argv.getFirst();
    resolved.set(
        0,
        root.program(name, path)
            .orElseThrow(
                () -> invalid("exec: \"" + name + "\": executable file not found in $PATH")));
    return resolved;
  }

  private static LambicException invalid(String message) {
    return new LambicException("Runtime.InvalidEntrypoint", Blame.FUNCTION, message);
  }
}
