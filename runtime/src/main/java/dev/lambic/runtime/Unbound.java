package dev.lambic.runtime;

import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * How the processes of a runtime are started that are bound to a function later.
 *
 * @param language tells which of a function's variables make a process of its own necessary
 * @param argv the program with its arguments, for a function's memory in megabytes; as a function
 *     without start variables of its own would have it
 * @param memoryMb about what such a process takes of the host's memory, in megabytes
 * @param forking pairs of further variables with which the program can be a {@link Zygote}; empty
 *     if it cannot
 */
public record Unbound(
    StartVariables language,
    IntFunction<List<String>> argv,
    int memoryMb,
    Optional<List<String>> forking) {
  /** Of a program that does not fork itself. */
  public Unbound(StartVariables language, IntFunction<List<String>> argv, int memoryMb) {
    this(language, argv, memoryMb, Optional.empty());
  }
}
