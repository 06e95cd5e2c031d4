package dev.lambic.invocation.testing;

import dev.lambic.store.Backlog;
import dev.lambic.store.StoreException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A backlog in memory whose work is done by the steps that a test makes: first something that was
 * asked for takes effect, then that is told. After a {@link #crash} it is what it was on the disk.
 */
public final class FakeBacklog implements Backlog {
  private final Map<Long, Item> items;
  private final Deque<Runnable> asked = new ArrayDeque<>();
  private final Deque<Runnable> news = new ArrayDeque<>();
  private final @Nullable Executor at;
  private long nextId;
  private boolean dead;
  private boolean full;
  private boolean broken;
  private int reads;

  /** An empty one, whose work waits for the test. */
  public FakeBacklog() {
    this(new TreeMap<>(), null);
  }

  /** An empty one that works at once, and tells by the executor. */
  public FakeBacklog(Executor told) {
    this(new TreeMap<>(), told);
  }

  private FakeBacklog(Map<Long, Item> items, @Nullable Executor at) {
    this.items = items;
    this.at = at;
    this.nextId = items.keySet().stream().mapToLong(id -> id + 1).max().orElse(1);
  }

  /** What is found after a crash now; this one does nothing more. */
  public FakeBacklog crash() {
    dead = true;
    asked.clear();
    news.clear();
    return new FakeBacklog(new TreeMap<>(items), at);
  }

  /** Everything that is on the disk. */
  public synchronized List<Item> items() {
    return List.copyOf(items.values());
  }

  /** How often something was read. */
  public synchronized int reads() {
    return reads;
  }

  /** Nothing is added from now on, as if its file were full. */
  public void refuseAdditions() {
    full = true;
  }

  /** Whether nothing at all can be written from now on. */
  public void refuseEverything(boolean refuse) {
    broken = refuse;
  }

  /** Whether the test has a step to make. */
  public boolean hasWork() {
    return !asked.isEmpty() || !news.isEmpty();
  }

  /** Lets the next thing that was asked for take effect, if there is one. */
  public void work() {
    Runnable next = asked.poll();
    if (next != null) {
      next.run();
    }
  }

  /** Tells what took effect first, if anything did. */
  public void tell() {
    Runnable next = news.poll();
    if (next != null) {
      next.run();
    }
  }

  private void ask(Runnable work) {
    if (dead) {
      return;
    }
    if (at == null) {
      asked.add(work);
    } else {
      work.run();
    }
  }

  private void tellLater(Runnable one) {
    if (at == null) {
      news.add(one);
    } else {
      at.execute(one);
    }
  }

  @Override
  public synchronized void write(List<Change> changes, Written told) {
    ask(() -> {
      if (broken || (full && changes.stream().anyMatch(Change.Add.class::isInstance))) {
        tellLater(() -> told.failed(new StoreException("full", null)));
        return;
      }
      List<Long> added = new ArrayList<>();
      for (Change change : changes) {
        switch (change) {
          case Change.Add(String lane, long due, byte[] head, byte[] body) -> {
            long id = nextId++;
            items.put(id, new Item(id, lane, due, head, body));
            added.add(id);
          }
          case Change.Move(long id, long due, byte[] head) ->
              items.computeIfPresent(
                  id, (same, item) -> new Item(id, item.lane(), due, head, item.body()));
          case Change.Remove(long id) -> items.remove(id);
          case Change.Clear(String lane) ->
              items.values().removeIf(item -> item.lane().equals(lane));
        }
      }
      tellLater(() -> told.done(added.stream().mapToLong(Long::longValue).toArray()));
    });
  }

  @Override
  public synchronized void read(
      String lane, long until, Set<Long> without, int most, long bytes, Found told) {
    ask(() -> {
      reads++;
      List<Item> due =
          items.values().stream()
              .filter(item -> item.lane().equals(lane) && item.due() <= until)
              .filter(item -> !without.contains(item.id()))
              .sorted(Comparator.comparingLong(Item::due).thenComparingLong(Item::id))
              .toList();
      List<Item> given = new ArrayList<>();
      long left = bytes;
      for (Item item : due) {
        if (given.size() == most || (left <= 0 && !given.isEmpty())) {
          break;
        }
        left -= item.body().length;
        given.add(item);
      }
      long next =
          items.values().stream()
              .filter(item -> item.lane().equals(lane) && item.due() > until)
              .mapToLong(Item::due)
              .min()
              .orElse(NEVER);
      boolean more = given.size() < due.size();
      tellLater(() -> told.found(given, more, next));
    });
  }

  @Override
  public synchronized List<Lane> lanes(long latest) {
    Map<String, Long> lanes = new TreeMap<>();
    items.replaceAll((id, item) ->
        new Item(id, item.lane(), Math.min(item.due(), latest), item.head(), item.body()));
    items.values().forEach(item -> lanes.merge(item.lane(), item.due(), Math::min));
    return lanes.entrySet().stream()
        .map(entry -> new Lane(entry.getKey(), entry.getValue()))
        .toList();
  }

  @Override
  public @Nullable String trouble() {
    return null;
  }

  @Override
  public void close() {
    dead = true;
  }
}
