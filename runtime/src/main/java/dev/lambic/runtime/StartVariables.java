package dev.lambic.runtime;

import java.util.List;
import java.util.Set;

/**
 * Which environment variables act only while a process starts, by language: a process that runs
 * already can serve a function only if the function gives none of them a value of its own.
 *
 * <p>All others are looked up when they are used, so that it is early enough to set them before the
 * function's code is loaded. Where it is not certain, a variable counts as one that acts at the
 * start, for that costs time only.
 *
 * @param prefixes what the names begin with that act at the start
 * @param later names that do not, though they begin so
 */
public record StartVariables(List<String> prefixes, Set<String> later) {
  /**
   * None of its own: the interpreter is isolated ({@code -I}) and looks at no variable that begins
   * with PYTHON, and the bootstrap looks at some of them when it has the function's.
   */
  static final StartVariables PYTHON = new StartVariables(List.of(), Set.of());

  /** The program reads its options, certificates and thread counts once. */
  static final StartVariables NODE =
      new StartVariables(
          List.of("NODE_", "UV_", "V8_", "ICU_"),
          // Looked up when used, or by libraries only; NODE_PATH when modules are initialised.
          Set.of("NODE_ENV", "NODE_PATH", "NODE_TLS_REJECT_UNAUTHORIZED", "NODE_CONFIG_DIR"));

  /** The program reads its options, load path and settings of memory and compiler once. */
  static final StartVariables RUBY =
      new StartVariables(
          List.of("RUBY", "GEM_", "DEBIAN_"),
          // The bootstrap looks at them anew, and at what they would have made of the start.
          Set.of("GEM_HOME", "GEM_PATH"));

  /** The virtual machine reads its options, time zone and search path for programs once. */
  static final StartVariables JAVA =
      new StartVariables(
          List.of("JAVA_", "JDK_", "_JAVA_", "CLASSPATH", "TZ", "PATH", "HOTSPOT"), Set.of());

  /** What the loader of programs, the C library and libraries that most programs use read early. */
  private static final List<String> OF_ALL =
      List.of(
          "LD_",
          "LC_",
          "LANG",
          "LOCPATH",
          "LOCALDOMAIN",
          "RES_OPTIONS",
          "HOSTALIASES",
          "NLSPATH",
          "GCONV_PATH",
          "GLIBC_TUNABLES",
          "MALLOC_",
          "OPENSSL_",
          "SSL_CERT_",
          "ASAN_",
          // The program to start is another one then.
          "AWS_LAMBDA_EXEC_WRAPPER",
          Binding.VARIABLE);

  /** Copies the collections. */
  public StartVariables {
    prefixes = List.copyOf(prefixes);
    later = Set.copyOf(later);
  }

  /** Whether a variable acts only while a process of the language starts. */
  boolean actsAtStart(String name) {
    return !later.contains(name)
        && (OF_ALL.stream().anyMatch(name::startsWith)
            || prefixes.stream().anyMatch(name::startsWith));
  }
}
