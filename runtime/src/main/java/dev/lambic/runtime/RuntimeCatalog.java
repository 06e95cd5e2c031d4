package dev.lambic.runtime;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Template;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
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
 * language, with a warning. Interpreters are looked for at first use, and again when one of the
 * directories that may hold them has changed, so that what is installed later is used too. Safe for
 * use by many threads. Follows "Lambda runtimes" and "Using Lambda environment variables" of the
 * Lambda Developer Guide.
 */
public final class RuntimeCatalog {
  private static final Pattern PYTHON = Pattern.compile("python3\\.(\\d{1,2})");
  private static final Pattern NODE = Pattern.compile("nodejs(\\d{1,2})\\.x");
  private static final Pattern RUBY = Pattern.compile("ruby(\\d)\\.(\\d{1,2})");
  private static final Pattern JAVA =
      Pattern.compile("java(?:8\\.al2|(?:8|11|17)\\.al2023|11|17|21|25)");
  private static final Pattern PROVIDED = Pattern.compile("provided\\.al2(?:023)?");

  private static final String TASK = "/var/task";

  /** As AWS sets it, with the place of its own client, where nothing is here. */
  private static final String RUBY_LIBRARIES =
      "/var/runtime/gems/aws_lambda_ric-3.1.3/lib:/var/task:/var/runtime/lib:/opt/ruby/lib";

  private final Bootstraps bootstraps;
  private final @Nullable Path pythonLibraries;
  private final List<Path> prefixes;
  private final List<Path> collections;
  private final @Nullable JavaRuntimes javas;
  private volatile @Nullable Known known;

  /** What was found while the directories were as they were then. */
  private record Known(
      List<FileTime> changes, Interpreters interpreters, Map<String, RuntimeTarget> targets) {}

  /** A catalog of a host without Java. */
  RuntimeCatalog(
      Bootstraps bootstraps,
      @Nullable Path pythonLibraries,
      List<Path> prefixes,
      List<Path> collections) {
    this(bootstraps, pythonLibraries, prefixes, collections, null);
  }

  /**
   * A catalog of one host.
   *
   * @param bootstraps where the bootstraps lie
   * @param pythonLibraries directory with boto3, seen by Python functions as {@code /var/runtime};
   *     null if there is none
   * @param prefixes directories that may hold an interpreter in {@code bin}
   * @param collections directories whose children may be such prefixes
   * @param javas runs Java functions; null if nothing does
   */
  public RuntimeCatalog(
      Bootstraps bootstraps,
      @Nullable Path pythonLibraries,
      List<Path> prefixes,
      List<Path> collections,
      @Nullable JavaRuntimes javas) {
    this.bootstraps = bootstraps;
    this.pythonLibraries = pythonLibraries;
    this.prefixes = List.copyOf(prefixes);
    this.collections = List.copyOf(collections);
    this.javas = javas;
  }

  /**
   * How to run functions of the runtime.
   *
   * @throws LambicException with code {@code InvalidParameterValueException} if this host cannot
   */
  public RuntimeTarget find(String identifier) {
    Known now = known();
    RuntimeTarget target = now.targets.get(identifier);
    if (target != null) {
      return target;
    }
    return now.targets.computeIfAbsent(identifier, name -> look(name, now.interpreters));
  }

  private Known known() {
    List<FileTime> changes = new ArrayList<>(Interpreters.changes(prefixes, collections));
    if (javas != null) {
      changes.addAll(javas.changes());
    }
    Known last = known;
    if (last != null && last.changes.equals(changes)) {
      return last;
    }
    Known now =
        new Known(changes, new Interpreters(prefixes, collections), new ConcurrentHashMap<>());
    known = now;
    return now;
  }

  private RuntimeTarget look(String identifier, Interpreters interpreters) {
    if (identifier.startsWith("dotnet")) {
      throw refused(
          "The runtime "
              + identifier
              + " needs an image on this host: ./lambic runtime import "
              + identifier
              + " IMAGE");
    }
    Matcher python = PYTHON.matcher(identifier);
    if (python.matches()) {
      int minor = Integer.parseInt(python.group(1));
      return python(identifier, minor, interpreters);
    }
    Matcher node = NODE.matcher(identifier);
    if (node.matches()) {
      int major = Integer.parseInt(node.group(1));
      return node(identifier, major, interpreters);
    }
    Matcher ruby = RUBY.matcher(identifier);
    if (ruby.matches()) {
      int major = Integer.parseInt(ruby.group(1));
      return ruby(identifier, major, Integer.parseInt(ruby.group(2)), interpreters);
    }
    if (javas != null && JAVA.matcher(identifier).matches()) {
      return javas.target(identifier);
    }
    if (PROVIDED.matcher(identifier).matches()) {
      return new RuntimeTarget(identifier, false, List.of(), List.of(), Map.of(), Optional.empty());
    }
    throw refused(
        "Lambic cannot run the runtime "
            + identifier
            + " yet. It runs Python, Node.js, Ruby, Java and provided.*.");
  }

  private RuntimeTarget python(String identifier, int minor, Interpreters interpreters) {
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
            warning(identifier, python, python.version(), python.is(3, minor)),
            root(python))
        .withForks(StartVariables.PYTHON, 12, List.of());
  }

  private RuntimeTarget node(String identifier, int major, Interpreters interpreters) {
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
            warning(identifier, node, String.valueOf(node.major()), node.is(major, 0)))
        .withUnbound(StartVariables.NODE, 48);
  }

  private RuntimeTarget ruby(String identifier, int major, int minor, Interpreters interpreters) {
    String version = major + "." + minor;
    Interpreter ruby = nearest(identifier, "Ruby " + version, interpreters::rubies, major, minor);
    List<String> argv = new ArrayList<>();
    argv.add(ruby.insidePath());
    argv.addAll(libraryOptions(ruby));
    argv.add("-EUTF-8");
    argv.add(Bootstraps.INSIDE + "/bootstrap.rb");
    Map<String, String> variables = new HashMap<>();
    variables.put("GEM_HOME", "/var/runtime");
    variables.put(
        "GEM_PATH",
        TASK
            + "/vendor/bundle/ruby/"
            + version
            + ".0:/opt/ruby/gems/"
            + version
            + ".0:/var/runtime:/var/runtime/ruby/"
            + version
            + ".0");
    variables.put("RUBYLIB", RUBY_LIBRARIES);
    // The locale that LANG names need not be there; the bootstrap takes this away again.
    variables.put("LC_CTYPE", "C.UTF-8");
    variables.put("PATH", "/var/lang/bin:" + Variables.PATH);
    variables.put("LD_LIBRARY_PATH", "/var/lang/lib:" + Variables.LIBRARY_PATH);
    variables.put("PWD", TASK);
    variables.put("SHLVL", "0");
    return new RuntimeTarget(
            identifier,
            true,
            mounts(ruby, "ruby"),
            argv,
            variables,
            warning(identifier, ruby, ruby.version(), ruby.is(major, minor)),
            root(ruby))
        // The library has Ruby's own fork go into another sandbox.
        .withForks(StartVariables.RUBY, 20, List.of("LD_PRELOAD=" + Template.LIBRARY));
  }

  /** Where the standard library is, for an interpreter that was made to lie elsewhere. */
  private static List<String> libraryOptions(Interpreter ruby) {
    if (ruby.isInPlace()) {
      return List.of();
    }
    String program = ruby.prefix().resolve("bin").resolve(ruby.program()).toString();
    List<String> options = new ArrayList<>();
    for (String path : Interpreters.lines(List.of(program, "--disable=gems", "-e", "puts $:"))) {
      if (path.startsWith(ruby.prefix() + "/")) {
        String below = path.substring(ruby.prefix().toString().length());
        options.add("-I" + Interpreter.INSIDE + below);
      }
    }
    return options;
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
    if (!interpreter.isInPlace()) {
      mounts.add(new ReadOnlyMount(interpreter.prefix(), Interpreter.INSIDE));
    }
    mounts.add(new ReadOnlyMount(bootstraps.directory(language), Bootstraps.INSIDE));
    return mounts;
  }

  private static Optional<ContainerRoot> root(Interpreter interpreter) {
    return interpreter.root().map(RootTree::container);
  }

  private static Optional<String> warning(
      String identifier, Interpreter used, String version, boolean exact) {
    return exact
        ? Optional.empty()
        : Optional.of(
            "The runtime "
                + identifier
                + " is not installed; "
                + used.program()
                + " of version "
                + version
                + " is used instead.");
  }
}
