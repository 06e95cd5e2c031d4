package dev.lambic.runtime;

import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.Template;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The processes out of which environments of published versions with SnapStart are forked, one for
 * each version: a faster way than to restore its snapshot, while the snapshot is what lasts.
 *
 * <p>They are few and within one budget of memory: the one that was not used for longest makes
 * room. Whatever is wrong with one, it is ended, and its version restored from the snapshot until
 * there is another. Safe for use by many threads.
 */
final class LiveTemplates implements AutoCloseable {
  static final int MOST = 16;
  static final long BUDGET = 1L << 30;

  /** Nobody may have asked for one for so long. */
  private static final long IDLE_NANOS = TimeUnit.HOURS.toNanos(1);

  /** How long one may take to be made, or is not tried again where it could not be made. */
  private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(3);

  private static final int MOST_TRIES = 1024;

  /**
   * After so many forks there is another in its place. What runs in it can keep hold of what its
   * forks have had, such as their {@code /tmp}, and lets go of it only when it ends.
   */
  static final int MOST_FORKS = 32;

  private final Cells cells;
  private final Services services;
  private final boolean used;

  // Guarded by this; both in the order of their use, the latest last.
  private final Map<String, LiveTemplate> all = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<String, Long> tries = new LinkedHashMap<>();

  /** Those that are being made, and whose version is still there. */
  private final Set<LiveTemplate> making = Collections.newSetFromMap(new WeakHashMap<>());

  private boolean closed;
  private int forks;

  LiveTemplates(Cells cells, Services services, Set<FastPath> used) {
    this.cells = cells;
    this.services = services;
    this.used = used.contains(FastPath.LIVE_TEMPLATES) && used.contains(FastPath.SNAPSHOTS);
  }

  /** Where a fork will be. */
  record Place(LiveTemplate template, Cell cell) {}

  /** Whether a version's process can be forked at all, by what is known of it before it runs. */
  static boolean canFork(EnvironmentSpec spec) {
    RuntimeTarget target = spec.target();
    return target.unbound().map(Unbound::language).filter(StartVariables.PYTHON::equals).isPresent()
        && target.root().isEmpty()
        && spec.fileSystems().isEmpty()
        && !spec.variables().containsKey("AWS_LAMBDA_EXEC_WRAPPER")
        && ExternalExtensions.names(spec.opt()).isEmpty();
  }

  /** Whether one should be made. */
  synchronized boolean isWanted(String state, EnvironmentSpec spec) {
    long now = services.ticker().nanos();
    Long tried = tries.get(state);
    return used
        && !closed
        && !all.containsKey(state)
        && (tried == null || now - tried > AGAIN_NANOS)
        && canFork(spec);
  }

  /** Whether one is to be made, by the caller then and nobody else. */
  synchronized boolean begin(String state, EnvironmentSpec spec) {
    if (!isWanted(state, spec)) {
      return false;
    }
    tries.put(state, services.ticker().nanos());
    if (tries.size() > MOST_TRIES) {
      tries.remove(tries.keySet().iterator().next());
    }
    return true;
  }

  /**
   * Starts one; it is used from when it is {@linkplain LiveTemplate#keep kept} on.
   *
   * @param program without variables
   * @param mounts of its environments
   */
  LiveTemplate start(
      String state,
      EnvironmentSpec spec,
      EnvironmentListener listener,
      Command program,
      List<ReadOnlyMount> mounts) {
    SnapStart.Template mode = new SnapStart.Template(services.ids().hex32());
    Template template = cells.functionTemplate(spec.name(), spec.memoryMb(), spec.tmpMb());
    LiveTemplate made =
        new LiveTemplate(this, cells, services, template, spec, state, mode.token(), mounts);
    synchronized (this) {
      making.add(made);
    }
    try {
      template.sandbox().attach(mounts);
      Cell cell = cells.serve(template.sandbox());
      Command command =
          new Command(
              program.argv(),
              Variables.ofSnapshot(spec, Cells.RUNTIME_API, Cells.AWS_ENDPOINT, mode.token()),
              program.directory());
      listener.starts(false);
      Running running =
          new Running(
              spec,
              cell.sandbox(),
              cell.aws(),
              listener,
              mode,
              generation -> {
                generation.servedAt(cell.runtimeApi());
                cell.binding().serve(generation.api());
                cell.binding().none();
                generation.runs(
                    template.start(command, EnvironmentFactory.output(spec, generation)));
              },
              generation -> {
                throw new IllegalStateException("a template is not started anew");
              },
              services);
      made.initializes(running);
      return made;
    } catch (RuntimeException e) {
      made.kill();
      template.sandbox().kill();
      throw e;
    }
  }

  /** Takes one that is initialised; false if it is not wanted any more or too large. */
  boolean keep(LiveTemplate template) {
    List<LiveTemplate> over = new ArrayList<>();
    synchronized (this) {
      boolean wanted = making.remove(template) && !closed && !all.containsKey(template.state());
      if (!wanted || template.bytes() > BUDGET) {
        return false;
      }
      tries.remove(template.state());
      all.put(template.state(), template);
      long sum = all.values().stream().mapToLong(LiveTemplate::bytes).sum();
      for (LiveTemplate one : List.copyOf(all.values())) {
        if ((all.size() > MOST || sum > BUDGET) && one != template) {
          sum -= one.bytes();
          all.remove(one.state());
          over.add(one);
        }
      }
    }
    over.forEach(LiveTemplate::kill);
    return true;
  }

  /** A place for a fork of the version's template; null if there is none. */
  @Nullable Place take(String state, EnvironmentSpec spec) {
    List<LiveTemplate> over = new ArrayList<>();
    LiveTemplate found;
    synchronized (this) {
      found = all.get(state);
      if (found != null && (!found.serves() || found.forks() >= MOST_FORKS)) {
        all.remove(state);
        over.add(found);
        found = null;
      }
      removeIdle(found, over);
    }
    over.forEach(LiveTemplate::kill);
    if (found == null) {
      return null;
    }
    try {
      return new Place(found, counted(found.place()));
    } catch (SandboxException e) {
      drop(found);
      return null;
    } catch (LambicException e) {
      return null;
    }
  }

  private synchronized Cell counted(Cell cell) {
    forks++;
    return cell;
  }

  private void removeIdle(@Nullable LiveTemplate but, List<LiveTemplate> over) {
    long now = services.ticker().nanos();
    for (LiveTemplate one : List.copyOf(all.values())) {
      if (one != but && now - one.lastUse() > IDLE_NANOS) {
        all.remove(one.state());
        over.add(one);
      }
    }
  }

  /** Takes one out of use, if that is news; it is ended. */
  void drop(LiveTemplate template) {
    boolean news;
    synchronized (this) {
      news = all.remove(template.state(), template);
    }
    if (news) {
      template.kill();
    }
  }

  /** As {@link #drop}; another is made only after a while. */
  void dropForLong(LiveTemplate template) {
    synchronized (this) {
      tries.put(template.state(), services.ticker().nanos());
    }
    drop(template);
  }

  /** The version is gone. */
  void forget(String owner) {
    List<LiveTemplate> over = new ArrayList<>();
    synchronized (this) {
      making.removeIf(one -> one.owner().equals(owner));
      for (LiveTemplate one : List.copyOf(all.values())) {
        if (one.owner().equals(owner)) {
          all.remove(one.state());
          over.add(one);
        }
      }
    }
    over.forEach(LiveTemplate::kill);
  }

  /** Those that are kept, the one that was used last last; for tests. */
  synchronized List<LiveTemplate> kept() {
    return List.copyOf(all.values());
  }

  /** How many places were given out; for tests. */
  synchronized int forks() {
    return forks;
  }

  @Override
  public void close() {
    List<LiveTemplate> over;
    synchronized (this) {
      closed = true;
      over = List.copyOf(all.values());
      all.clear();
    }
    over.forEach(LiveTemplate::kill);
  }
}
