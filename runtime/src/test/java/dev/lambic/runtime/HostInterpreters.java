package dev.lambic.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The interpreters of the machine that runs the tests. */
final class HostInterpreters {
  private static final Path HOME = Path.of(System.getProperty("user.home"));
  private static final List<Path> PREFIXES = List.of(Path.of("/usr"), Path.of("/usr/local"));
  private static final List<Path> COLLECTIONS =
      List.of(
          HOME.resolve(".pyenv/versions"),
          HOME.resolve(".nvm/versions/node"),
          HOME.resolve(".rbenv/versions"));

  private HostInterpreters() {}

  /** Each version that the bootstrap is made for. */
  static List<Interpreter> pythons() {
    return new Interpreters(PREFIXES, COLLECTIONS)
        .pythons().stream().filter(python -> python.minor() >= 10).toList();
  }

  static List<Interpreter> nodes() {
    return new Interpreters(PREFIXES, COLLECTIONS)
        .nodes().stream().filter(node -> node.major() >= 18).toList();
  }

  static List<Interpreter> rubies() {
    return new Interpreters(PREFIXES, COLLECTIONS)
        .rubies().stream().filter(ruby -> ruby.major() >= 3).toList();
  }

  /** The command of the runtime, with its paths as they are outside of an environment. */
  static List<String> command(String runtime, Interpreter interpreter, Path bootstraps) {
    RuntimeTarget target =
        new RuntimeCatalog(
                Bootstraps.layOut(bootstraps), null, List.of(interpreter.prefix()), List.of())
            .find(runtime);
    List<String> argv = new ArrayList<>();
    for (String argument : target.argv()) {
      argv.add(
          argument
              .replace(Interpreter.INSIDE + "/", interpreter.prefix() + "/")
              .replace(Bootstraps.INSIDE, bootstraps.resolve(language(runtime)).toString()));
    }
    return argv;
  }

  private static String language(String runtime) {
    return runtime.startsWith("node") ? "node" : runtime.startsWith("ruby") ? "ruby" : "python";
  }
}
