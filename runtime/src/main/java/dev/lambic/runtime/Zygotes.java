package dev.lambic.runtime;

import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.SandboxException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Runtimes that fork themselves: where stem cells come from at little cost, and environments when
 * there is no stem cell left.
 *
 * <p>One that is missing is started in the background by the first who asks; until it is ready, and
 * where a runtime cannot be forked, nobody gets anything here. What has happened to one is its own
 * business: it is replaced, after a while if it failed. Safe for use by many threads.
 */
final class Zygotes implements CellSource, AutoCloseable {
  /** The layout of their memory is shared by all forks of one, so none is used for long. */
  static final long OLD_NANOS = TimeUnit.MINUTES.toNanos(15);

  /** A zygote takes 10 MB, and more for what it imports. */
  private static final int MOST = 12;

  /** What all of them together may take of the host's memory, as measured. */
  static final long BUDGET_BYTES = 512L << 20;

  private static final long FAILED_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int READY_SECONDS = 30;

  /**
   * What a zygote is forked for, and has of what is not the runtime's own.
   *
   * @param account whose functions may be forked from it; empty for all, if it has nothing of
   *     anybody
   */
  record Kind(Recipe recipe, String account) {
    static Kind ofAll(Recipe recipe) {
      return new Kind(recipe, "");
    }
  }

  private final Cells cells;
  private final Services services;
  private final boolean used;
  private final long budgetBytes;

  // Guarded by this.
  private final Map<Kind, Place> places = new HashMap<>();
  private boolean closed;

  /** Where the zygote of a kind is or will be. */
  private static final class Place {
    @Nullable Zygote zygote;
    boolean starting;
    boolean failed;
    long notBefore;
    long asked;
    int forks;

    /** What the zygote took when it was ready; it does nothing by itself that could take more. */
    long bytes;
  }

  Zygotes(Cells cells, Services services, Set<FastPath> used) {
    this(cells, services, used, BUDGET_BYTES);
  }

  Zygotes(Cells cells, Services services, Set<FastPath> used, long budgetBytes) {
    this.budgetBytes = budgetBytes;
    this.cells = cells;
    this.services = services;
    this.used = used.contains(FastPath.ZYGOTES);
  }

  @Override
  public @Nullable Cell take(EnvironmentSpec spec, boolean extensions) {
    // With extensions the process must wait already, and it has just been made.
    Recipe recipe = extensions || !used ? null : Recipe.of(spec).orElse(null);
    return recipe == null ? null : stem(recipe);
  }

  /** A cell whose process was forked; null if there is none that could be. */
  @Nullable Cell stem(Recipe recipe) {
    return fork(Kind.ofAll(recipe), List.of(), zygote -> true);
  }

  /**
   * The same, from one of a kind.
   *
   * @param modules that it should have imported; one that has others is used until it is replaced
   * @param fits whether a zygote can be used
   */
  @Nullable Cell fork(Kind kind, List<String> modules, Predicate<Zygote> fits) {
    Zygote zygote = find(kind, modules);
    if (zygote == null || !fits.test(zygote)) {
      return null;
    }
    try {
      Cell cell = cells.forked("ready-" + services.ids().hex32().substring(0, 16), zygote);
      count(kind);
      return cell;
    } catch (LambicException e) {
      drop(kind, zygote);
      return null;
    }
  }

  /** The zygote that is there; if it is not what is wanted, that is started. */
  @Nullable Zygote find(Kind kind, List<String> modules) {
    if (!used || !kind.recipe.forks()) {
      return null;
    }
    List<Zygote> over = new ArrayList<>();
    try {
      return find(kind, modules, over);
    } finally {
      over.forEach(Zygote::close);
    }
  }

  private synchronized @Nullable Zygote find(Kind kind, List<String> modules, List<Zygote> over) {
    if (closed) {
      return null;
    }
    long now = services.ticker().nanos();
    Place place = places.computeIfAbsent(kind, key -> new Place());
    place.asked = now;
    removeIdle(now, over);
    Zygote zygote = place.zygote;
    if (zygote != null && (!zygote.isReady() || zygote.isOutdated())) {
      over.add(zygote);
      place.zygote = null;
      zygote = null;
    }
    boolean wanted =
        zygote != null && now - zygote.made() < OLD_NANOS && zygote.modules().equals(modules);
    if (!wanted && !place.starting && !(place.failed && now - place.notBefore < 0)) {
      place.starting = true;
      Thread.ofVirtual().name("lambic-zygote").start(() -> start(kind, modules, place));
    }
    return zygote;
  }

  /** Takes out those for which nobody has asked for long, and the oldest if there are too many. */
  private void removeIdle(long now, List<Zygote> over) {
    List<Map.Entry<Kind, Place>> all = new ArrayList<>(places.entrySet());
    all.sort(Comparator.comparingLong(entry -> entry.getValue().asked));
    for (Map.Entry<Kind, Place> entry : all) {
      Place place = entry.getValue();
      if (!place.starting && (places.size() > MOST || now - place.asked > OLD_NANOS)) {
        places.remove(entry.getKey());
        if (place.zygote != null) {
          over.add(place.zygote);
        }
      }
    }
  }

  private void start(Kind kind, List<String> modules, Place place) {
    Zygote zygote = null;
    boolean well = false;
    try {
      String name = "zygote-" + services.ids().hex32().substring(0, 16);
      zygote = cells.zygote(name, kind, modules, services.ticker().nanos());
      zygote.ready().get(READY_SECONDS, TimeUnit.SECONDS);
      well = true;
    } catch (SandboxException
        | UnsupportedOperationException
        | ExecutionException
        | TimeoutException e) {
      // Not here, or not with these modules: environments are started then.
      well = false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      services.faults().fault("starting a zygote", e);
    } finally {
      long bytes = well && zygote != null ? zygote.bytes() : 0;
      List<Zygote> over = new ArrayList<>();
      Zygote replaced = put(kind, place, zygote, well, bytes, over);
      if (replaced != null) {
        replaced.close();
      }
      over.forEach(Zygote::close);
    }
  }

  /** Returns the one that is not used any more; adds those for which there is no memory now. */
  private synchronized @Nullable Zygote put(
      Kind kind,
      Place place,
      @Nullable Zygote zygote,
      boolean well,
      long bytes,
      List<Zygote> over) {
    place.starting = false;
    place.failed = !well;
    place.notBefore = services.ticker().nanos() + FAILED_NANOS;
    if (!well || closed || places.get(kind) != place) {
      return zygote;
    }
    Zygote before = place.zygote;
    place.zygote = zygote;
    place.bytes = bytes;
    keepBudget(over);
    return before;
  }

  /** Takes out those that were not asked for longest while all take too much. */
  private void keepBudget(List<Zygote> over) {
    List<Place> all = new ArrayList<>(places.values());
    all.removeIf(place -> place.zygote == null);
    all.sort(Comparator.comparingLong(place -> place.asked));
    long sum = all.stream().mapToLong(place -> place.bytes).sum();
    for (Place place : all) {
      Zygote zygote = place.zygote;
      if (sum <= budgetBytes || zygote == null) {
        return;
      }
      sum -= place.bytes;
      over.add(zygote);
      place.zygote = null;
      // Else the next who asks would have it started again at once, in place of another.
      place.failed = true;
      place.notBefore = services.ticker().nanos() + FAILED_NANOS;
    }
  }

  /** There is no function any more that could be forked by the recipe. */
  void retire(Recipe recipe) {
    List<Zygote> over = new ArrayList<>();
    synchronized (this) {
      for (Kind kind : List.copyOf(places.keySet())) {
        if (kind.recipe.equals(recipe)) {
          Place place = places.remove(kind);
          if (place != null && place.zygote != null) {
            over.add(place.zygote);
          }
        }
      }
    }
    over.forEach(Zygote::close);
  }

  private synchronized void count(Kind kind) {
    Place place = places.get(kind);
    if (place != null) {
      place.forks++;
    }
  }

  private void drop(Kind kind, Zygote zygote) {
    synchronized (this) {
      Place place = places.get(kind);
      if (place != null && place.zygote == zygote) {
        place.zygote = null;
      }
    }
    zygote.close();
  }

  /** What those that are there take; for tests. */
  synchronized long bytes() {
    return places.values().stream()
        .filter(place -> place.zygote != null)
        .mapToLong(place -> place.bytes)
        .sum();
  }

  /** How many cells were made; for tests. */
  synchronized int forks() {
    return places.values().stream().mapToInt(place -> place.forks).sum();
  }

  @Override
  public void close() {
    List<Zygote> all = new ArrayList<>();
    synchronized (this) {
      closed = true;
      for (Place place : places.values()) {
        if (place.zygote != null) {
          all.add(place.zygote);
        }
      }
      places.clear();
    }
    all.forEach(Zygote::close);
  }
}
