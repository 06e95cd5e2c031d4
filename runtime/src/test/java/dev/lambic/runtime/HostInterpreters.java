package dev.lambic.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The interpreters of the machine that runs the tests. */
final class HostInterpreters {
  private static final Path HOME = Path.of(System.getProperty("user.home"));
  private static final List<Path> PREFIXES = List.of(Path.of("/usr"), Path.of("/usr/local"));

  /** The runtimes that {@code ./lambic test runtimes} has installed; else the machine's own. */
  private static final List<Path> COLLECTIONS =
      Optional.ofNullable(System.getProperty("lambic.runtimes"))
          .map(installed -> List.of(Path.of(installed)))
          .orElse(
              List.of(
                  HOME.resolve(".pyenv/versions"),
                  HOME.resolve(".nvm/versions/node"),
                  HOME.resolve(".rbenv/versions")));

  private HostInterpreters() {}

  /**
   * Runtimes of a language that can be run for sure: those that {@code ./lambic test runtimes} has
   * installed, else the one that is named, by what the machine has.
   */
  static List<String> runtimes(String language, String otherwise) {
    return Optional.ofNullable(System.getProperty("lambic.runtimes"))
        .map(installed ->
            List.of(Objects.requireNonNull(Path.of(installed).toFile().list())).stream()
                .filter(name -> name.startsWith(language))
                .toList())
        .orElse(List.of(otherwise));
  }

  /** All that can be run here. */
  static RuntimeCatalog catalog(Path bootstraps) {
    return new RuntimeCatalog(Bootstraps.layOut(bootstraps), null, PREFIXES, COLLECTIONS);
  }

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
    List<Path> prefixes =
        interpreter.root().isPresent() ? List.of() : List.of(interpreter.prefix());
    RuntimeTarget target =
        new RuntimeCatalog(
                Bootstraps.layOut(bootstraps), null, prefixes, installations(interpreter))
            .find(runtime);
    List<String> argv = new ArrayList<>(interpreter.command());
    argv.addAll(libraries(interpreter));
    for (String argument : target.argv().subList(1, target.argv().size())) {
      argv.add(
          argument
              .replace(Interpreter.INSIDE + "/", interpreter.prefix() + "/")
              .replace(Bootstraps.INSIDE, bootstraps.resolve(language(runtime)).toString()));
    }
    return argv;
  }

  private static List<Path> installations(Interpreter interpreter) {
    return interpreter
        .root()
        .map(tree -> List.of(tree.directory().resolve("../..").normalize()))
        .orElse(List.of());
  }

  /** Where the library of a Ruby is that would look for it outside of its tree. */
  private static List<String> libraries(Interpreter interpreter) {
    if (interpreter.root().isEmpty() || !interpreter.program().startsWith("ruby")) {
      return List.of();
    }
    List<String> asked = new ArrayList<>(interpreter.command());
    asked.addAll(List.of("--disable=gems", "-e", "puts $:"));
    Path tree = interpreter.root().get().directory();
    return Interpreters.lines(asked).stream()
        .filter(line -> line.startsWith("/"))
        .map(line -> "-I" + tree + line)
        .toList();
  }

  private static String language(String runtime) {
    return runtime.startsWith("node") ? "node" : runtime.startsWith("ruby") ? "ruby" : "python";
  }
}
