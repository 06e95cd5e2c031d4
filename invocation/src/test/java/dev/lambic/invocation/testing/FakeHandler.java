package dev.lambic.invocation.testing;

import dev.lambic.invocation.EventHandler;
import dev.lambic.invocation.QueuedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** Runs events in the hands of a test: each waits until the test says what came of it. */
public final class FakeHandler implements EventHandler {
  /** An event that is being run. */
  public record Run(QueuedEvent event, Answer answer) {}

  /** What the queue was told that an event is over with. */
  public record Over(QueuedEvent event, End end) {}

  /** Being run now; the test takes them out. */
  public final List<Run> runs = new ArrayList<>();

  /** All that were over, with how. */
  public final List<Over> over = new ArrayList<>();

  /** What follows each event that is over. */
  public List<QueuedEvent> followers = List.of();

  /** Whether anything may follow. */
  public boolean followed = true;

  /** How events are treated. */
  public Rules rules = Rules.STANDARD;

  private final BiConsumer<QueuedEvent, Answer> onRun;

  /** Keeps what is to be run for the test. */
  public FakeHandler() {
    this((event, answer) -> {});
  }

  /** Also calls something at the beginning of each run. */
  public FakeHandler(BiConsumer<QueuedEvent, Answer> onRun) {
    this.onRun = onRun;
  }

  @Override
  public Rules rules(QueuedEvent event) {
    return rules;
  }

  @Override
  public void run(QueuedEvent event, Answer answer) {
    runs.add(new Run(event, answer));
    onRun.accept(event, answer);
  }

  @Override
  public boolean follows(QueuedEvent event, Condition condition) {
    return followed;
  }

  @Override
  public List<QueuedEvent> follow(QueuedEvent event, End end, long now) {
    over.add(new Over(event, end));
    return followers;
  }
}
