package dev.lambic.runtime;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A language interpreter of the host.
 *
 * @param prefix the directory it is installed in, such as {@code /usr}; its program is in {@code
 *     bin} below
 * @param program file name of the program, such as {@code python3.12}
 * @param major first part of its version
 * @param minor second part of its version
 * @param root the root file system that it was made for, above the prefix; empty for the host's own
 */
record Interpreter(Path prefix, String program, int major, int minor, Optional<RootTree> root) {
  /** Where the prefix is seen inside an environment. */
  static final String INSIDE = "/var/lang";

  private static final Path SYSTEM = Path.of("/usr");

  /** One that runs with the host's libraries. */
  Interpreter(Path prefix, String program, int major, int minor) {
    this(prefix, program, major, minor, Optional.empty());
  }

  /** Nearest versions first, newer before older at the same distance. */
  static Comparator<Interpreter> nearestTo(int major, int minor) {
    int wanted = major * 1000 + minor;
    return Comparator.<Interpreter>comparingInt(i -> Math.abs(i.major * 1000 + i.minor - wanted))
        .thenComparing(Comparator.comparingInt(Interpreter::major).reversed())
        .thenComparing(Comparator.comparingInt(Interpreter::minor).reversed())
        // What was installed for functions beats what is there for other ends, and the host's comes
        // last, which brings other people's files along.
        .thenComparing(interpreter -> interpreter.root.isEmpty())
        .thenComparing(Interpreter::isSystem);
  }

  boolean is(int wantedMajor, int wantedMinor) {
    return major == wantedMajor && minor == wantedMinor;
  }

  /** Whether it lies in the part of the host that every environment sees anyway. */
  boolean isSystem() {
    return prefix.equals(SYSTEM);
  }

  /** Whether an environment finds it where it was made to lie, without a mount of its own. */
  boolean isInPlace() {
    return isSystem() || root.isPresent();
  }

  /** The program's path inside an environment. */
  String insidePath() {
    String inside =
        root.map(tree -> tree.inside(prefix)).orElse(isSystem() ? SYSTEM.toString() : INSIDE);
    return inside + "/bin/" + program;
  }

  /** What runs it outside of an environment, on this host. */
  List<String> command() {
    String path = prefix.resolve("bin").resolve(program).toString();
    return root.map(tree -> tree.command(path)).orElse(List.of(path));
  }

  String version() {
    return major + "." + minor;
  }
}
