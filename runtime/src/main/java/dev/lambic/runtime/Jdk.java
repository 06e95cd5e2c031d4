package dev.lambic.runtime;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A Java runtime of the host.
 *
 * @param home the directory it is installed in, with {@code bin/java} below
 * @param major the version that counts, such as 8 or 25
 * @param version all of the version, such as {@code 1.8.0_412} or {@code 25.0.3}
 * @param root the root file system that it was made for, above the home; empty for the host's own
 */
record Jdk(Path home, int major, String version, Optional<RootTree> root) {
  /** Where the home is seen inside an environment. */
  static final String INSIDE = Interpreter.INSIDE;

  /** The program's path inside an environment. */
  static final String PROGRAM = INSIDE + "/bin/java";

  /** One that runs with the host's libraries. */
  Jdk(Path home, int major, String version) {
    this(home, major, version, Optional.empty());
  }

  /** Where its classes are in one file. */
  Path classes() {
    return home.resolve(major > 8 ? "lib/modules" : "jre/lib/rt.jar");
  }
}
