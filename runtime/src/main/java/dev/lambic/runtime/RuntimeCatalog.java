package dev.lambic.runtime;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.ReadOnlyMount;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Maps AWS's runtime identifiers to what this host can run.
 *
 * <p>An interpreter of the very version is used where there is one; else the nearest of its
 * language, with a warning. Interpreters are looked for once, at first use. Safe for use by many
 * threads. Follows "Lambda runtimes" and "Using Lambda environment variables" of the Lambda
 * Developer Guide.
 */
public final class RuntimeCatalog {
  private static final Pattern PYTHON = Pattern.compile("python3\\.(\\d{1,2})");
  private static final Pattern NODE = Pattern.compile("nodejs(\\d{1,2})\\.x");
  private static final Pattern PROVIDED = Pattern.compile("provided\\.al2(?:023)?");

  private static final String TASK = "/var/task";

  private final Bootstraps bootstraps;
  private final @Nullable Path pythonLibraries;
  private final Interpreters interpreters;
  private final Map<String, RuntimeTarget> found = new ConcurrentHashMap<>();

  /**
   * A catalog of one host.
   *
   * @param bootstraps where the bootstraps lie
   * @param pythonLibraries directory with boto3, seen by Python functions as {@code /var/runtime};
   *     null if there is none
   * @param prefixes directories that may hold an interpreter in {@code bin}
   * @param collections directories whose children may be such prefixes
   */
  public RuntimeCatalog(
      Bootstraps bootstraps,
      @Nullable Path pythonLibraries,
      List<Path> prefixes,
      List<Path> collections) {
    this.bootstraps = bootstraps;
    this.pythonLibraries = pythonLibraries;
    this.interpreters = new Interpreters(prefixes, collections);
  }

  /**
   * How to run functions of the runtime.
   *
   * @throws LambicException with code {@code InvalidParameterValueException} if this host cannot
   */
  public RuntimeTarget find(String identifier) {
    RuntimeTarget known = found.get(identifier);
    if (known != null) {
      return known;
    }
    return found.computeIfAbsent(identifier, this::look);
  }

  private RuntimeTarget look(String identifier) {
    Matcher python = PYTHON.matcher(identifier);
    if (python.matches()) {
      int minor = Integer.parseInt(python.group(1));
      return python(identifier, minor);
    }
    Matcher node = NODE.matcher(identifier);
    if (node.matches()) {
      int major = Integer.parseInt(node.group(1));
      return node(identifier, major);
    }
    if (PROVIDED.matcher(identifier).matches()) {
      return new RuntimeTarget(identifier, false, List.of(), List.of(), Map.of(), Optional.empty());
    }
    throw refused(
        "Lambic cannot run the runtime "
            + identifier
            + " yet. It runs Python, Node.js and provided.*.");
  }

  private RuntimeTarget python(String identifier, int minor) {
    Interpreter python = nearest(identifier, "python3." + minor, interpreters::pythons, 3, minor);
    List<ReadOnlyMount> mounts = mounts(python, "python");
    if (pythonLibraries != null) {
      Path libraries = pythonLibraries;
      mounts.add(new ReadOnlyMount(libraries, "/var/runtime"));
      Thread.ofPlatform()
          .name("compile " + python.program())
          .daemon()
          .start(() -> ByteCode.library(python, libraries));
    }
    String bootstrap = ByteCode.bootstrap(python, bootstraps.directory("python"));
    // -I and -S keep the host's site packages out; the bootstrap sets the path as AWS does.
    return new RuntimeTarget(
        identifier,
        true,
        mounts,
        List.of(python.insidePath(), "-I", "-S", Bootstraps.INSIDE + "/" + bootstrap),
        Map.of("PYTHONPATH", "/var/runtime", "LC_CTYPE", "C.UTF-8", "PWD", TASK, "SHLVL", "0"),
        warning(identifier, python, python.is(3, minor)));
  }

  private RuntimeTarget node(String identifier, int major) {
    Interpreter node = nearest(identifier, "Node.js " + major, interpreters::nodes, major, 0);
    String path =
        "/opt/nodejs/node"
            + major
            + "/node_modules:/opt/nodejs/node_modules:"
            + "/var/runtime/node_modules:/var/runtime:"
            + TASK;
    return new RuntimeTarget(
        identifier,
        true,
        mounts(node, "node"),
        List.of(node.insidePath(), Bootstraps.INSIDE + "/bootstrap.mjs"),
        Map.of("NODE_PATH", path, "PWD", TASK, "SHLVL", "0"),
        warning(identifier, node, node.is(major, 0)));
  }

  private static Interpreter nearest(
      String identifier,
      String wanted,
      Supplier<List<Interpreter>> candidates,
      int major,
      int minor) {
    return candidates.get().stream()
        .min(Interpreter.nearestTo(major, minor))
        .orElseThrow(() ->
            refused(
                "No interpreter for the runtime "
                    + identifier
                    + " was found on this host. Install "
                    + wanted
                    + ", then try again."));
  }

  private static LambicException refused(String message) {
    return new LambicException("InvalidParameterValueException", Blame.CALLER, message);
  }

  private List<ReadOnlyMount> mounts(Interpreter interpreter, String language) {
    List<ReadOnlyMount> mounts = new ArrayList<>();
    if (!interpreter.isSystem()) {
      mounts.add(new ReadOnlyMount(interpreter.prefix(), Interpreter.INSIDE));
    }
    mounts.add(new ReadOnlyMount(bootstraps.directory(language), Bootstraps.INSIDE));
    return mounts;
  }

  private static Optional<String> warning(String identifier, Interpreter used, boolean exact) {
    return exact
        ? Optional.empty()
        : Optional.of(
            "The runtime "
                + identifier
                + " is not installed; "
                + used.program()
                + " of version "
                + (used.minor() == 0 ? String.valueOf(used.major()) : used.version())
                + " is used instead.");
  }
}
