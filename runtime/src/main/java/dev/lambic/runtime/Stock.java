package dev.lambic.runtime;

import dev.lambic.kernel.LambicException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Cells that are kept ready: sandboxes without a process, and stem cells, which have a runtime in
 * them that belongs to no function yet.
 *
 * <p>Nothing is kept while no function could need it; then a few, and more by {@link Demand},
 * within one budget of memory. One thread makes them, one after the other, and not in the moment in
 * which one was taken, for the call that took it needs the processors first. A cell that died is
 * replaced, one that is old, or whose program has changed on the disk, thrown away. What is taken
 * belongs to whoever took it and never comes back.
 */
final class Stock implements CellSource, AutoCloseable {
  private static final int BASE = 2;
  private static final int MOST = 12;
  private static final long OLD_NANOS = TimeUnit.MINUTES.toNanos(15);
  private static final long TICK_MILLIS = 1000;

  /** The call that took a cell is over by then, as a rule. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(15);

  /** How long one cell may keep the next one waiting. */
  private static final long BOOT_MILLIS = 3000;

  /** What cannot be made, or dies, is tried again after this. */
  private static final long FAILED_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** How often it is looked whether functions would be started in another way now. */
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(3);

  private static final int SHELL_MB = 1;
  private static final int BUDGET_MB = 640;

  private final Cells cells;
  private final Zygotes zygotes;
  private final Services services;
  private final Set<FastPath> used;
  private final Object lock = new Object();

  // All guarded by the lock.
  private final Map<Recipe, Shelf> stems = new HashMap<>();
  private final Shelf shells = new Shelf(null);
  private final Map<String, Kind> expected = new HashMap<>();

  /** What functions of the kinds that are expected need now; a class archive may come later. */
  private Map<Kind, Recipe> recipes = new HashMap<>();

  private long lastLooked;
  private final Set<String> owners = new HashSet<>();
  private long lastTaken;
  private int made;
  private int taken;
  private boolean closed;
  private @Nullable Thread keeper;

  /** Functions for which the same processes are started. */
  private record Kind(RuntimeTarget target, int memoryMb, String account) {
    Optional<Recipe> recipe() {
      return Recipe.of(target, memoryMb, Recipe.TMP_MB, Map.of())
          .map(recipe -> recipe.ownedBy(account));
    }
  }

  /** A cell and since when it is there. */
  private record Ready(Cell cell, long made, Object program) {}

  /** The cells of one kind. */
  private static final class Shelf {
    final @Nullable Recipe recipe;
    final Demand demand = new Demand(BASE, MOST);
    final ArrayDeque<Ready> ready = new ArrayDeque<>();
    long notBefore;
    boolean failed;

    Shelf(@Nullable Recipe recipe) {
      this.recipe = recipe;
    }

    int memoryMb() {
      return recipe == null ? SHELL_MB : recipe.memoryMb();
    }
  }

  /**
   * An empty stock.
   *
   * @param zygotes forks stem cells
   * @param used which of the fast paths are taken
   */
  Stock(Cells cells, Zygotes zygotes, Services services, Set<FastPath> used) {
    this.cells = cells;
    this.zygotes = zygotes;
    this.services = services;
    this.used = used;
  }

  /**
   * There is a function, or its state is another one; calls of it may come.
   *
   * @param owner names the function's version
   * @param account whose it is
   * @param variables its own
   */
  void expect(
      String owner,
      String account,
      RuntimeTarget target,
      int memoryMb,
      int tmpMb,
      Map<String, String> variables) {
    boolean fits = Recipe.of(target, memoryMb, tmpMb, variables).isPresent();
    synchronized (lock) {
      owners.add(owner);
      if (fits) {
        expected.put(owner, new Kind(target, memoryMb, account));
      } else {
        expected.remove(owner);
      }
      look();
      wake();
    }
  }

  /** The function's version is gone. */
  void forget(String owner) {
    synchronized (lock) {
      owners.remove(owner);
      if (owners.isEmpty()) {
        shells.demand.forget();
      }
      if (expected.remove(owner) != null) {
        look();
      }
      wake();
    }
  }

  /** Finds anew what functions need, with the lock held. */
  private void look() {
    lastLooked = services.ticker().nanos();
    Map<Kind, Recipe> now = new HashMap<>();
    for (Kind kind : new HashSet<>(expected.values())) {
      kind.recipe().ifPresent(recipe -> now.put(kind, recipe));
    }
    for (Recipe recipe : now.values()) {
      stems.computeIfAbsent(recipe, Shelf::new);
    }
    for (Recipe before : recipes.values()) {
      Shelf shelf = stems.get(before);
      if (shelf != null && !now.containsValue(before)) {
        shelf.demand.forget();
      }
    }
    recipes = now;
  }

  @Override
  public @Nullable Cell take(EnvironmentSpec spec, boolean extensions) {
    Recipe recipe = used.contains(FastPath.STEM_CELLS) ? Recipe.of(spec).orElse(null) : null;
    boolean plain =
        used.contains(FastPath.SHELLS)
            && spec.tmpMb() == Recipe.TMP_MB
            && spec.target().root().isEmpty();
    if (recipe == null && !plain) {
      return null;
    }
    synchronized (lock) {
      if (closed) {
        return null;
      }
      long now = services.ticker().nanos();
      lastTaken = now;
      Cell cell = null;
      if (recipe != null) {
        learn(spec);
        Shelf shelf = stems.computeIfAbsent(recipe, Shelf::new);
        shelf.demand.took(now);
        cell = first(shelf, extensions);
      }
      if (cell == null && plain) {
        shells.demand.took(now);
        cell = first(shells, false);
      }
      if (cell != null) {
        taken++;
      }
      wake();
      return cell;
    }
  }

  /** The runtime may be another one by now than when the function was made; with the lock held. */
  private void learn(EnvironmentSpec spec) {
    Kind now = new Kind(spec.target(), spec.memoryMb(), spec.account());
    Kind before = expected.replace(owner(spec), now);
    if (before != null && !before.equals(now)) {
      look();
    }
  }

  private static String owner(EnvironmentSpec spec) {
    return owner(spec.account(), spec.region(), spec.functionName(), spec.version());
  }

  /** Names a function's version. */
  static String owner(String account, String region, String function, String version) {
    return account + ":" + region + ":" + function + ":" + version;
  }

  /** The first cell that lives, with the lock held; those before it are left to the keeper. */
  private @Nullable Cell first(Shelf shelf, boolean mustWait) {
    for (Iterator<Ready> all = shelf.ready.iterator(); all.hasNext(); ) {
      Ready one = all.next();
      boolean fits =
          one.cell.isAlive()
              && (!mustWait || one.cell.binding().isAsked())
              && one.program.equals(program(shelf));
      if (fits) {
        all.remove();
        return one.cell;
      }
    }
    return null;
  }

  /** What tells that the program on the disk is another one. */
  private static Object program(Shelf shelf) {
    if (shelf.recipe == null) {
      return "";
    }
    return shelf.recipe.programNow();
  }

  // ---- the keeper ----

  /** Has the keeper look again, with the lock held. */
  private void wake() {
    if (closed) {
      return;
    }
    if (keeper == null) {
      keeper = Thread.ofPlatform().daemon().name("lambic-stock").start(this::keep);
    }
    lock.notifyAll();
  }

  private void keep() {
    while (true) {
      try {
        if (!keepOnce()) {
          return;
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        services.faults().fault("keeping environments ready", e);
      }
    }
  }

  /** Looks once after everything; false at the end. */
  private boolean keepOnce() throws InterruptedException {
    List<Cell> over = new ArrayList<>();
    Shelf next = null;
    synchronized (lock) {
      sortOut(over);
      next = missing();
      while (next == null && over.isEmpty() && !closed) {
        lock.wait(pauseMillis());
        sortOut(over);
        next = missing();
      }
      if (closed) {
        return false;
      }
    }
    over.forEach(Cell::kill);
    if (next != null) {
      fill(next);
    }
    return true;
  }

  /** How long to wait for news; 0 for as long as it takes. */
  private long pauseMillis() {
    long left = lastTaken + PAUSE_NANOS - services.ticker().nanos();
    if (left > 0) {
      return 1 + TimeUnit.NANOSECONDS.toMillis(left);
    }
    return stems.isEmpty() && shells.ready.isEmpty() ? 0 : TICK_MILLIS;
  }

  /** Finds what is not to be kept any longer, with the lock held. */
  private void sortOut(List<Cell> over) {
    long now = services.ticker().nanos();
    if (!expected.isEmpty() && now - lastLooked > LOOK_NANOS) {
      look();
    }
    sortOut(shells, !owners.isEmpty(), now, over);
    for (Iterator<Shelf> all = stems.values().iterator(); all.hasNext(); ) {
      Shelf shelf = all.next();
      boolean isExpected = recipes.containsValue(shelf.recipe);
      sortOut(shelf, isExpected, now, over);
      if (shelf.ready.isEmpty() && shelf.demand.wanted(now, isExpected) == 0) {
        all.remove();
        if (shelf.recipe != null) {
          zygotes.retire(shelf.recipe);
        }
      }
    }
  }

  private void sortOut(Shelf shelf, boolean isExpected, long now, List<Cell> over) {
    Object program = program(shelf);
    for (Iterator<Ready> all = shelf.ready.iterator(); all.hasNext(); ) {
      Ready one = all.next();
      boolean alive = one.cell.isAlive();
      if (!alive && !one.cell.binding().asked().isDone() && shelf.recipe != null) {
        fail(shelf);
      }
      if (!alive || now - one.made > OLD_NANOS || !one.program.equals(program)) {
        all.remove();
        over.add(one.cell);
      }
    }
    int wanted = shelf.demand.wanted(now, isExpected);
    while (shelf.ready.size() > wanted) {
      over.add(shelf.ready.removeFirst().cell);
    }
  }

  private void fail(Shelf shelf) {
    shelf.failed = true;
    shelf.notBefore = services.ticker().nanos() + FAILED_NANOS;
  }

  /** A shelf that lacks a cell, the emptiest first; null if none does or it is not the time. */
  private @Nullable Shelf missing() {
    long now = services.ticker().nanos();
    boolean calm = now - lastTaken > PAUSE_NANOS;
    Shelf found = null;
    double least = 1;
    int memory = shells.ready.size() * SHELL_MB;
    for (Shelf shelf : stems.values()) {
      memory += shelf.ready.size() * shelf.memoryMb();
    }
    List<Shelf> all = new ArrayList<>(stems.values());
    all.add(shells);
    for (Shelf shelf : all) {
      boolean isExpected =
          shelf.recipe == null ? !owners.isEmpty() : recipes.containsValue(shelf.recipe);
      int wanted = shelf.demand.wanted(now, isExpected);
      boolean may =
          used.contains(shelf.recipe == null ? FastPath.SHELLS : FastPath.STEM_CELLS)
              && (calm || 2 * shelf.ready.size() < wanted)
              && memory + shelf.memoryMb() <= BUDGET_MB
              && (!shelf.failed || now - shelf.notBefore >= 0);
      double full = wanted == 0 ? 1 : (double) shelf.ready.size() / wanted;
      if (may && full < least) {
        least = full;
        found = shelf;
      }
    }
    return found;
  }

  private void fill(Shelf shelf) throws InterruptedException {
    Object program = program(shelf);
    Cell made;
    try {
      made = make(shelf);
    } catch (LambicException e) {
      // A call will find out, and be told why.
      synchronized (lock) {
        fail(shelf);
      }
      return;
    }
    boolean late;
    synchronized (lock) {
      late = closed;
      if (!late) {
        shelf.failed = false;
        this.made++;
        shelf.ready.addLast(new Ready(made, services.ticker().nanos(), program));
        notice(made);
        awaitBoot(made);
      }
    }
    if (late) {
      made.kill();
    }
  }

  private Cell make(Shelf shelf) {
    String name = "ready-" + services.ids().hex32().substring(0, 16);
    Recipe recipe = shelf.recipe;
    if (recipe == null) {
      return cells.shell(name, Cells.LEAST_MEMORY_MB, Recipe.TMP_MB, Optional.empty());
    }
    Cell forked = zygotes.stem(recipe);
    return forked == null ? cells.stem(name, recipe) : forked;
  }

  private void notice(Cell cell) {
    Runnable look =
        () -> {
          synchronized (lock) {
            lock.notifyAll();
          }
        };
    var _ = cell.sandbox().gone().thenRunAsync(look);
    var _ = cell.binding().asked().thenRunAsync(look);
    if (cell.process() != null) {
      var _ = cell.process().exit().thenRunAsync(look);
    }
  }

  /** Two that start at once would only slow each other and all that runs; with the lock held. */
  private void awaitBoot(Cell cell) throws InterruptedException {
    Supplier<Boolean> boots =
        () -> cell.process() != null && cell.isAlive() && !cell.binding().asked().isDone();
    long end = services.ticker().nanos() + TimeUnit.MILLISECONDS.toNanos(BOOT_MILLIS);
    while (boots.get() && !closed) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - services.ticker().nanos());
      if (left <= 0) {
        return;
      }
      lock.wait(left);
    }
  }

  private List<Cell> all() {
    List<Cell> all = new ArrayList<>();
    shells.ready.forEach(one -> all.add(one.cell));
    stems.values().forEach(shelf -> shelf.ready.forEach(one -> all.add(one.cell)));
    return all;
  }

  /** The cells that are ready now; for tests. */
  List<Cell> cells() {
    synchronized (lock) {
      return all();
    }
  }

  /** How many were made so far, and how many of them were taken; for tests. */
  int made() {
    synchronized (lock) {
      return made;
    }
  }

  int taken() {
    synchronized (lock) {
      return taken;
    }
  }

  /** Ends all cells; none is given any more. */
  @Override
  public void close() {
    List<Cell> all;
    synchronized (lock) {
      closed = true;
      all = all();
      shells.ready.clear();
      stems.clear();
      lock.notifyAll();
    }
    all.forEach(Cell::kill);
  }
}
