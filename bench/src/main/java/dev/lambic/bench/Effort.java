package dev.lambic.bench;

/**
 * How much is measured.
 *
 * @param rounds in which all subjects take turns
 * @param warmUps calls before anything is measured, per subject
 * @param calls of one connection, per round and subject
 * @param loadMillis for how long many connections call, per round and subject
 * @param colds cold starts, per round and subject
 * @param paced calls at a slow pace, per round and subject
 * @param environments that are idle at one time while memory is looked at
 * @param starts of the whole server
 * @param functions in a server that has many
 * @param idleSeconds for how long the idle server is watched
 * @param load what is asked of it at one time
 */
record Effort(
    int rounds,
    int warmUps,
    int calls,
    int loadMillis,
    int colds,
    int paced,
    int environments,
    int starts,
    int functions,
    int idleSeconds,
    Load load) {
  /** What SPECIFICATION.md is made from. */
  static Effort full() {
    return new Effort(10, 60_000, 2_000, 500, 30, 50, 8, 10, 10_000, 5, Load.full());
  }

  /** Just enough to see that everything works; says nothing about speed. */
  static Effort quick() {
    return new Effort(2, 20, 20, 20, 2, 5, 2, 1, 150, 1, Load.quick());
  }

  /**
   * How long to wait between calls that shall not disturb each other: not at all in a quick run.
   */
  long apart(long millis) {
    return rounds > 2 ? millis : 0;
  }
}
