package dev.lambic.runtime;

import java.util.List;
import java.util.function.IntFunction;

/**
 * How the processes of a runtime are started that are bound to a function later.
 *
 * @param language tells which of a function's variables make a process of its own necessary
 * @param argv the program with its arguments, for a function's memory in megabytes; as a function
 *     without start variables of its own would have it
 * @param memoryMb about what such a process takes of the host's memory, in megabytes
 */
public record Unbound(StartVariables language, IntFunction<List<String>> argv, int memoryMb) {}
