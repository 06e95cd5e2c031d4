package dev.lambic.kernel;

import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The table of a lifecycle: which state may follow which.
 *
 * <p>A lifecycle moves only through {@link #step}; anything else is a bug. {@link #untaken} lets a
 * test prove that every transition of the table was really taken. Safe for use by many threads.
 *
 * @param <S> the states
 */
public final class Transitions<S extends Enum<S>> {
  /** One arrow of the table. */
  public record Step<S>(S from, S to) {}

  private final String name;
  private final Map<S, Set<S>> table;
  private final Set<Step<S>> taken = ConcurrentHashMap.newKeySet();

  private Transitions(String name, Map<S, Set<S>> table) {
    this.name = name;
    this.table = table;
  }

  /** Starts a table for the lifecycle called {@code name}. */
  public static <S extends Enum<S>> Builder<S> named(String name, Class<S> states) {
    return new Builder<>(name, states);
  }

  /**
   * Moves from one state to the next.
   *
   * @return {@code to}
   * @throws IllegalStateException if the table has no such arrow
   */
  public S step(S from, S to) {
    Set<S> next = table.get(from);
    if (next == null || !next.contains(to)) {
      throw new IllegalStateException(name + ": no transition from " + from + " to " + to);
    }
    taken.add(new Step<>(from, to));
    return to;
  }

  /** Whether the table has the arrow. */
  public boolean allows(S from, S to) {
    Set<S> next = table.get(from);
    return next != null && next.contains(to);
  }

  /** The arrows that nobody has taken since the table was made. */
  public Set<Step<S>> untaken() {
    Set<Step<S>> all = new LinkedHashSet<>();
    table.forEach((from, next) -> next.forEach(to -> all.add(new Step<>(from, to))));
    all.removeAll(taken);
    return Collections.unmodifiableSet(all);
  }

  /** Collects the arrows of a table. */
  public static final class Builder<S extends Enum<S>> {
    private final String name;
    private final Map<S, Set<S>> table;
    private final Class<S> states;

    private Builder(String name, Class<S> states) {
      this.name = name;
      this.states = states;
      this.table = new EnumMap<>(states);
    }

    /** Adds the arrows from one state to each of the others. */
    public Builder<S> from(S from, Set<S> next) {
      table.computeIfAbsent(from, s -> EnumSet.noneOf(states)).addAll(next);
      return this;
    }

    /** The finished table. */
    public Transitions<S> build() {
      return new Transitions<>(name, table);
    }
  }
}
