package dev.lambic.invocation;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link EventQueue} does with its events, and what it has to know for that. Called by many
 * threads; must not block.
 */
public interface EventHandler {
  /** The rules for an event as they are now. */
  Rules rules(QueuedEvent event);

  /**
   * Runs it.
   *
   * @param answer told exactly once what came of it, on any thread
   */
  void run(QueuedEvent event, Answer answer);

  /** Whether anything may have to be queued when an event is over in that way. */
  boolean follows(QueuedEvent event, Condition condition);

  /**
   * What is to be queued when an event is over, instead of it.
   *
   * @param now in milliseconds since 1970
   */
  List<QueuedEvent> follow(QueuedEvent event, End end, long now);

  /**
   * How an event is treated.
   *
   * @param retries how often it is run again after its function failed
   * @param age how long after its acceptance it may be run
   * @param closed whether the function must not run at all, so that its events end at once
   */
  record Rules(int retries, Duration age, boolean closed) {
    /** What holds where nothing is configured. */
    public static final Rules STANDARD = new Rules(2, Duration.ofHours(6), false);
  }

  /** Receives how an attempt ended. */
  interface Answer extends Invoker.Answer {
    /** There is nobody any more who could have it. */
    void gone();
  }

  /** Why an event is over. */
  enum Condition {
    /** The function ran well. */
    SUCCESS,
    /** The function failed as often as it may. */
    RETRIES_EXHAUSTED,
    /** It is too old. */
    AGE_EXCEEDED,
    /** Its function must not run. */
    CLOSED
  }

  /**
   * How an event ended.
   *
   * @param attempts how often its function was run with it
   * @param outcome of the last attempt; null if that is not why it is over
   */
  record End(Condition condition, int attempts, @Nullable Outcome outcome) {}
}
