package dev.lambic.runtime;

import java.nio.file.Path;
import java.util.Comparator;

/**
 * A language interpreter of the host.
 *
 * @param prefix the directory it is installed in, such as {@code /usr}; its program is in {@code
 *     bin} below
 * @param program file name of the program, such as {@code python3.12}
 * @param major first part of its version
 * @param minor second part of its version
 */
record Interpreter(Path prefix, String program, int major, int minor) {
  /** Where the prefix is seen inside an environment. */
  static final String INSIDE = "/var/lang";

  private static final Path SYSTEM = Path.of("/usr");

  /** Nearest versions first, newer before older at the same distance. */
  static Comparator<Interpreter> nearestTo(int major, int minor) {
    int wanted = major * 1000 + minor;
    return Comparator.<Interpreter>comparingInt(i -> Math.abs(i.major * 1000 + i.minor - wanted))
        .thenComparing(Comparator.comparingInt(Interpreter::major).reversed())
        .thenComparing(Comparator.comparingInt(Interpreter::minor).reversed())
        // A prefix of its own beats the host's, which brings other people's files along.
        .thenComparing(Interpreter::isSystem);
  }

  boolean is(int wantedMajor, int wantedMinor) {
    return major == wantedMajor && minor == wantedMinor;
  }

  /** Whether it lies in the part of the host that every environment sees anyway. */
  boolean isSystem() {
    return prefix.equals(SYSTEM);
  }

  /** The program's path inside an environment. */
  String insidePath() {
    return (isSystem() ? "/usr" : INSIDE) + "/bin/" + program;
  }

  String version() {
    return major + "." + minor;
  }
}
