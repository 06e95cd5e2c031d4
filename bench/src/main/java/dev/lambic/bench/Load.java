package dev.lambic.bench;

/**
 * How much is asked of a server at one time.
 *
 * @param connections that call side by side
 * @param warmMillis for how long they call before anything counts: what the virtual machine
 *     compiles while it learns is not what a call costs
 * @param millis for how long they call back to back, per round and subject
 * @param callsPerSecond all together, where calls come at a steady pace
 * @param coldsBefore cold starts before sustained ones are counted: as many environments as may
 *     exist, so that each further one needs the end of another
 * @param coldMillis for how long cold starts are counted
 * @param burst calls at one time, of which each needs an environment
 * @param holdMillis for how long each of those stays in its handler
 */
record Load(
    int connections,
    int warmMillis,
    int millis,
    int callsPerSecond,
    int coldsBefore,
    int coldMillis,
    int burst,
    int holdMillis) {
  static Load full() {
    return new Load(16, 15_000, 1_000, 2_000, 1_050, 10_000, 1_000, 12_000);
  }

  static Load quick() {
    return new Load(2, 40, 40, 500, 4, 300, 4, 1_000);
  }
}
