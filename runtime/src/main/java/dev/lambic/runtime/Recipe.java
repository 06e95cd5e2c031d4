package dev.lambic.runtime;

import dev.lambic.sandbox.ReadOnlyMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that a process is started with which is bound to a function later. Functions with
 * equal recipes can be served by the same stock.
 *
 * @param program on the host
 * @param root the tree that is its root; empty for the host's programs
 * @param mounts what is seen inside, without the function's code
 * @param argv the program as seen inside, with its arguments
 * @param variables pairs of names and values
 * @param memoryMb about what the process takes of the host's memory
 * @param forking further variables with which the program forks itself when told to by {@link
 *     Zygote#VARIABLE}; empty if it does not
 * @param account whose functions are served; empty for everybody's
 */
record Recipe(
    Path program,
    Optional<Path> root,
    List<ReadOnlyMount> mounts,
    List<String> argv,
    List<String> variables,
    int memoryMb,
    Optional<List<String>> forking,
    String account) {
  /** The size of {@code /tmp} that functions have who ask for none, in megabytes. */
  static final int TMP_MB = 512;

  /**
   * The recipe for a function.
   *
   * @param variables the function's own
   * @return empty if a process has to be started for it
   */
  static Optional<Recipe> of(
      RuntimeTarget target, int memoryMb, int tmpMb, Map<String, String> variables) {
    Optional<Unbound> unbound = target.unbound();
    if (unbound.isEmpty() || target.isContainer() || tmpMb != TMP_MB) {
      return Optional.empty();
    }
    Map<String, String> start = Variables.unbound(target);
    StartVariables language = unbound.get().language();
    boolean fits =
        variables.entrySet().stream()
            .filter(own -> language.actsAtStart(own.getKey()))
            .allMatch(own -> own.getValue().equals(start.get(own.getKey())));
    if (!fits) {
      return Optional.empty();
    }
    return Optional.of(
        new Recipe(
            target.program().orElseThrow(),
            target.root().map(ContainerRoot::directory),
            target.mounts(),
            unbound.get().argv().apply(memoryMb),
            Variables.pairs(start),
            unbound.get().memoryMb(),
            target.root().isEmpty() ? unbound.get().forking() : Optional.empty(),
            ""));
  }

  static Optional<Recipe> of(EnvironmentSpec spec) {
    return of(spec.target(), spec.memoryMb(), spec.tmpMb(), spec.variables())
        .map(recipe -> recipe.ownedBy(spec.account()));
  }

  /**
   * The recipe for the functions of an account: what is forked shares the layout of its memory and
   * the seed of its hashes with all other forks, so forks of one process are one account's.
   */
  Recipe ownedBy(String owner) {
    return forks()
        ? new Recipe(program, root, mounts, argv, variables, memoryMb, forking, owner)
        : this;
  }

  /** Whether the program forks itself. */
  boolean forks() {
    return forking.isPresent();
  }

  /** What tells that the program on the disk is another one. */
  Object programNow() {
    try {
      BasicFileAttributes now = Files.readAttributes(program, BasicFileAttributes.class);
      return List.of(now.lastModifiedTime(), now.size(), String.valueOf(now.fileKey()));
    } catch (IOException e) {
      return e.getClass();
    }
  }
}
