package dev.lambic.functions;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tells how the asynchronous invocations of a function are treated.
 *
 * <p>Works in memory, without locks and without I/O. Safe for use by many threads.
 */
public interface EventDirectory {
  /**
   * What is configured now, or AWS's defaults.
   *
   * @param functionArn without a qualifier
   * @param qualifier that the events were sent to: {@code $LATEST}, a version or an alias
   */
  Settings settings(String functionArn, String qualifier);

  /**
   * How an event is treated.
   *
   * @param retries how often it is run again after the function failed, 0 to 2
   * @param age how long it may wait, a minute to six hours
   * @param onSuccess ARN of what is told when the function ran well; null for nobody
   * @param onFailure ARN of what is told when the event is given up; null for nobody
   * @param closed whether the function may not run, because no concurrency is reserved for it
   */
  record Settings(
      int retries,
      Duration age,
      @Nullable String onSuccess,
      @Nullable String onFailure,
      boolean closed) {
    /** What holds where nothing is configured. */
    public static final Settings STANDARD = new Settings(2, Duration.ofHours(6), null, null, false);
  }
}
