package dev.lambic.invocation;

/**
 * What the events of asynchronous invocations may take of this host.
 *
 * @param accepting how many may be on their way to the disk
 * @param acceptingBytes how much memory these may take
 * @param waiting how many of a lane may lie in memory to be run next
 * @param waitingBytes how much memory those of all lanes may take
 * @param runningBytes how much memory those that are run may take, but for one of each lane
 * @param endedBytes how much memory that may take which follows from events that are over, until it
 *     is on the disk; nothing is begun while it takes more, and four times as much is never taken
 *     but by a single one
 * @param firstAtOnce how many of a lane are run at once at first
 * @param mostAtOnce how many of a lane are run at once at most
 */
public record EventLimits(
    int accepting,
    long acceptingBytes,
    int waiting,
    long waitingBytes,
    long runningBytes,
    long endedBytes,
    int firstAtOnce,
    int mostAtOnce) {
  /** Checks the values. */
  public EventLimits {
    if (accepting < 1 || waiting < 1 || firstAtOnce < 1 || mostAtOnce < firstAtOnce) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }

  /** For a server. */
  public static EventLimits standard() {
    int cores = Runtime.getRuntime().availableProcessors();
    return new EventLimits(
        8192, 64 << 20, 256, 32 << 20, 128 << 20, 16 << 20, Math.clamp(2L * cores, 4, 64), 1000);
  }
}
