package dev.lambic.runtime;

import java.util.List;

/** The arguments of a runtime's program that depend on the function. Safe for many threads. */
@FunctionalInterface
public interface Arguments {
  /** The arguments for a new environment; they follow the runtime's own. */
  List<String> of(EnvironmentSpec spec);
}
