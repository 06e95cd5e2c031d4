package dev.lambic.runtime;

import dev.lambic.sandbox.ReadOnlyMount;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the functions of one runtime identifier are started on this host.
 *
 * @param identifier AWS's name, such as {@code python3.12}
 * @param managed whether the runtime brings its own bootstrap; false for {@code provided.*}
 * @param mounts what is seen inside beside the function's code
 * @param argv the program to start, with the arguments that are the same for every function; empty
 *     when the function's code brings it
 * @param variables environment variables of this runtime
 * @param warning what differs from AWS's runtime of that name on this host, for a person
 * @param root the root file system that is used; empty for the host's programs
 * @param arguments the program's further arguments
 * @param unbound how it is started without a function; empty if it cannot be
 */
public record RuntimeTarget(
    String identifier,
    boolean managed,
    List<ReadOnlyMount> mounts,
    List<String> argv,
    Map<String, String> variables,
    Optional<String> warning,
    Optional<ContainerRoot> root,
    Arguments arguments,
    Optional<Unbound> unbound) {
  /** A runtime whose program has the same arguments for every function. */
  public RuntimeTarget(
      String identifier,
      boolean managed,
      List<ReadOnlyMount> mounts,
      List<String> argv,
      Map<String, String> variables,
      Optional<String> warning,
      Optional<ContainerRoot> root) {
    this(identifier, managed, mounts, argv, variables, warning, root, spec -> List.of());
  }

  /** A runtime that is started for each function. */
  public RuntimeTarget(
      String identifier,
      boolean managed,
      List<ReadOnlyMount> mounts,
      List<String> argv,
      Map<String, String> variables,
      Optional<String> warning,
      Optional<ContainerRoot> root,
      Arguments arguments) {
    this(identifier, managed, mounts, argv, variables, warning, root, arguments, Optional.empty());
  }

  /** On the host's own programs. */
  public RuntimeTarget(
      String identifier,
      boolean managed,
      List<ReadOnlyMount> mounts,
      List<String> argv,
      Map<String, String> variables,
      Optional<String> warning) {
    this(identifier, managed, mounts, argv, variables, warning, Optional.empty());
  }

  /** A function that is a container image. */
  public static RuntimeTarget container(ContainerRoot root, List<String> argv) {
    return new RuntimeTarget(
        "", false, List.of(), argv, Map.of(), Optional.empty(), Optional.of(root));
  }

  /** The same, started without a function too, by the same arguments. */
  RuntimeTarget withUnbound(StartVariables language, int processMb) {
    return with(new Unbound(language, memory -> argv, processMb));
  }

  /** The same, and the program forks itself if it has these variables too. */
  RuntimeTarget withForks(StartVariables language, int processMb, List<String> forking) {
    return with(new Unbound(language, memory -> argv, processMb, Optional.of(forking)));
  }

  private RuntimeTarget with(Unbound started) {
    return new RuntimeTarget(
        identifier,
        managed,
        mounts,
        argv,
        variables,
        warning,
        root,
        arguments,
        Optional.of(started));
  }

  /** Copies the collections. */
  public RuntimeTarget {
    mounts = List.copyOf(mounts);
    argv = List.copyOf(argv);
    variables = Map.copyOf(variables);
  }

  /** Whether the function is a container image. */
  public boolean isContainer() {
    return root.isPresent() && root.get().wholeFunction();
  }

  /** Whether a runtime that is an image brings its own bootstrap along, which is not Lambic's. */
  boolean isForeign() {
    return root.isPresent() && mounts.isEmpty();
  }

  /** The program on this host that is started; empty when the function's code brings it. */
  public Optional<Path> program() {
    if (argv.isEmpty()) {
      return Optional.empty();
    }
    Path inside = Path.of(argv.getFirst());
    for (ReadOnlyMount mount : mounts) {
      if (inside.startsWith(mount.target())) {
        return Optional.of(mount.source().resolve(Path.of(mount.target()).relativize(inside)));
      }
    }
    return root.isPresent()
        ? Optional.of(root.get().directory().resolve(Path.of("/").relativize(inside)))
        : Optional.of(inside);
  }

  /** The program to start for a function, with all its arguments. */
  List<String> command(EnvironmentSpec spec) {
    List<String> command = new ArrayList<>(argv);
    command.addAll(arguments.of(spec));
    return command;
  }

  /** What {@code AWS_EXECUTION_ENV} tells the function; custom runtimes have none. */
  Optional<String> executionEnvironment() {
    if (isContainer()) {
      return Optional.of("AWS_Lambda_Image");
    }
    return managed ? Optional.of("AWS_Lambda_" + identifier) : Optional.empty();
  }
}
