package dev.lambic.functions;

/** Makes snapshots of initialised versions. Safe for use by many threads. */
@FunctionalInterface
public interface Snapshots {
  /** None can be made. */
  Snapshots NONE = version -> new Result.Impossible();

  /** What became of it. */
  sealed interface Result {
    /** There is a snapshot. */
    record Made() implements Result {}

    /** There is none, so the version is started as others are. */
    record Impossible() implements Result {}

    /** The same for now, for what was in the way may pass. */
    record Postponed() implements Result {}

    /**
     * The version cannot be initialised.
     *
     * @param code one of AWS's reason codes, such as {@code FunctionError.RuntimeInitError}
     * @param reason for a person
     */
    record Failed(String code, String reason) implements Result {}
  }

  /**
   * Makes a snapshot of the version unless there is one; waits for as long as its initialisation
   * takes.
   */
  Result make(FunctionVersion version);

  /** Deletes the snapshot of a version that was deleted while {@link #make} was at work. */
  default void forget(FunctionVersion version) {}
}
