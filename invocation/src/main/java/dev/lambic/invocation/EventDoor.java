package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How many events are on their way to the disk; guarded by the queue's lock. */
final class EventDoor {
  private final EventLimits limits;
  private int entering;
  private long bytes;

  EventDoor(EventLimits limits) {
    this.limits = limits;
  }

  /** Lets an event in, or says why not. */
  @Nullable LambicException enter(int cost) {
    if (entering >= limits.accepting()
        || (entering > 0 && bytes + cost > limits.acceptingBytes())) {
      return new LambicException(
          "TooManyRequestsException",
          Blame.CAPACITY,
          "Rate Exceeded.",
          Map.of("Reason", "CallerRateLimitExceeded", "Type", "User"),
          null);
    }
    entering++;
    bytes += cost;
    return null;
  }

  /** It is on the disk, or will not be. */
  void leave(int cost) {
    entering--;
    bytes -= cost;
  }

  boolean isEmpty() {
    return entering == 0 && bytes == 0;
  }

  @Override
  public String toString() {
    return entering + " events of " + bytes + " bytes";
  }
}
