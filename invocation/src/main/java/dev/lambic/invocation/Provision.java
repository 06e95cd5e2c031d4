package dev.lambic.invocation;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The environments of one state of a function version that are made ahead of invocations and kept.
 *
 * <p>Guarded by the dispatcher's lock.
 */
final class Provision {
  /** After so many failures one after the other, no more is tried. */
  static final int MAX_FAILURES = 3;

  final FunctionImage image;

  private final Set<Worker> initialising = new HashSet<>();
  private final Set<Worker> ready = new HashSet<>();
  private int wanted;
  private int making;
  private int failures;
  private @Nullable String failure;
  private boolean reached;

  Provision(FunctionImage image) {
    this.image = image;
  }

  /** Asks for another number of environments, and forgets what failed. */
  void want(int count) {
    wanted = count;
    failures = 0;
    failure = null;
    reached = ready.size() >= count;
  }

  /** How many more have to be made. */
  int missing() {
    return failure == null ? Math.max(0, wanted - size()) : 0;
  }

  /** Whether one that was begun need not be made any more. */
  boolean isEnough() {
    return size() > wanted;
  }

  /** Whether there are more than there should be, be some about to be made or not. */
  boolean isTooMany() {
    return initialising.size() + ready.size() > wanted;
  }

  private int size() {
    return making + initialising.size() + ready.size();
  }

  /** Another one is about to be made. */
  void begin() {
    making++;
  }

  /** One that was begun is not made. */
  void abandon() {
    making--;
  }

  /** One that was begun is there and initialises. */
  void made(Worker worker) {
    making--;
    initialising.add(worker);
  }

  /** One is initialised. */
  void initialised(Worker worker) {
    initialising.remove(worker);
    ready.add(worker);
    failures = 0;
    reached |= ready.size() >= wanted;
  }

  /** One does not belong to it any more. */
  void remove(Worker worker) {
    initialising.remove(worker);
    ready.remove(worker);
  }

  /** One could not be made or initialised. */
  void failed(String reason) {
    if (++failures >= MAX_FAILURES) {
      failure = reason;
    }
  }

  /** One of those that there are too many of, rather one that runs nothing; null if none is. */
  @Nullable Worker oneTooMany() {
    if (!initialising.isEmpty()) {
      return initialising.iterator().next();
    }
    for (Worker worker : ready) {
      if (!worker.place().busy) {
        return worker;
      }
    }
    return ready.isEmpty() ? null : ready.iterator().next();
  }

  /** What there is to be seen of it. */
  Provisioned shown() {
    Provisioned.Status status =
        failure != null
            ? Provisioned.Status.FAILED
            : reached ? Provisioned.Status.READY : Provisioned.Status.IN_PROGRESS;
    return new Provisioned(wanted, ready.size(), status, failure);
  }
}
