package dev.lambic.sandbox;

import dev.lambic.kernel.FaultHandler;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Sandboxes made of Linux namespaces and control groups. Needs root.
 *
 * <p>One launcher process makes them. If it is lost, so are its sandboxes, and the next one to be
 * made starts a new launcher.
 */
public final class LinuxSandboxes implements Sandboxes {
  private static final int CLOSE_SECONDS = 20;

  /** What functions' files must leave free on the disk, for the server's own. */
  private static final long RESERVED_BYTES = 256L << 20;

  private final SandboxConfig config;
  private final FaultHandler faults;
  private final LauncherFiles files;
  private final InstanceLock lock;
  private final CgroupDriver cgroups;
  private final NetworkDoor door;
  private final OutputThread output;
  private final Undertaker undertaker;
  private final Slots slots = new Slots();
  private final Map<String, LinuxSandbox> living = new ConcurrentHashMap<>();

  /** Guarded by this, as is {@link #closed}. */
  private @Nullable Launcher launcher;

  private boolean closed;

  private LinuxSandboxes(
      SandboxConfig config,
      FaultHandler faults,
      LauncherFiles files,
      InstanceLock lock,
      CgroupDriver cgroups) {
    this.config = config;
    this.faults = faults;
    this.files = files;
    this.lock = lock;
    this.cgroups = cgroups;
    this.door = new NetworkDoor();
    this.output = new OutputThread(faults);
    this.undertaker = new Undertaker(faults);
  }

  /**
   * Takes the work directory into use: ends and removes what an earlier server left behind, and
   * starts the launcher.
   *
   * @param faults told of what must not happen, such as a process that cannot be ended
   * @throws SandboxException if another server uses the directory, or a limit could not be enforced
   *     here
   */
  public static LinuxSandboxes open(SandboxConfig config, FaultHandler faults) {
    LauncherFiles files = LauncherFiles.prepare(config.workDirectory());
    InstanceLock lock = InstanceLock.take(files.lock());
    try {
      files.write();
      CgroupDriver cgroups = CgroupDriver.open(config.instance());
      LinuxSandboxes sandboxes = new LinuxSandboxes(config, faults, files, lock, cgroups);
      sandboxes.sweep();
      HostShare share = HostShare.ofThisHost();
      cgroups.limitTogether(share.memoryBytes(), share.processes());
      sandboxes.currentLauncher();
      return sandboxes;
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private void sweep() {
    for (String name : cgroups.names()) {
      if (!undertaker.removeLeftover(cgroups.find(name))) {
        faults.fault("sandbox " + name, new IllegalStateException("left behind and does not end"));
      }
    }
  }

  @Override
  public Sandbox create(SandboxSpec spec) {
    return create(spec, Kind.PLAIN, null);
  }

  @Override
  public Template template(SandboxSpec spec) {
    return template(spec, Kind.TEMPLATE);
  }

  @Override
  public Template guardedTemplate(SandboxSpec spec) {
    return template(spec, Kind.GUARDED_TEMPLATE);
  }

  private Template template(SandboxSpec spec, Kind kind) {
    LinuxSandbox own = create(spec, kind, null);
    try {
      own.attach(List.of(new ReadOnlyMount(files.forking(), LinuxTemplate.LIBRARY_PLACE)));
      return new LinuxTemplate(own, (of, template) -> create(of, Kind.FORKABLE, template));
    } catch (RuntimeException e) {
      own.kill();
      throw e;
    }
  }

  private LinuxSandbox create(SandboxSpec spec, Kind kind, @Nullable LinuxTemplate template) {
    if (kind != Kind.PLAIN && spec.snapshots()) {
      throw new IllegalArgumentException("a template with snapshots: " + spec.name());
    }
    Launcher current = template == null ? currentLauncher() : template.launcher();
    checkSpace(spec);
    int slot = slots.take();
    LinuxSandbox sandbox;
    try {
      sandbox = register(spec, slot, current, kind, template);
    } catch (RuntimeException e) {
      slots.free(slot);
      throw e;
    }
    try {
      sandbox.open();
      return sandbox;
    } catch (RuntimeException e) {
      sandbox.kill();
      throw e;
    }
  }

  /** The image of a {@code /tmp} is sparse: better none than one that fails in the middle. */
  private void checkSpace(SandboxSpec spec) {
    long usable = config.workDirectory().toFile().getUsableSpace();
    if (usable < spec.tmpBytes() + RESERVED_BYTES) {
      throw new SandboxException(
          "tmp-space", Errno.ENOSPC, usable + " bytes are free in " + config.workDirectory());
    }
  }

  private LinuxSandbox register(
      SandboxSpec spec, int slot, Launcher current, Kind kind, @Nullable LinuxTemplate template) {
    LinuxSandbox sandbox =
        new LinuxSandbox(
            spec,
            kind,
            template,
            slot,
            current,
            cgroups.find(spec.name()),
            door,
            output,
            this::bury);
    if (living.putIfAbsent(spec.name(), sandbox) != null) {
      throw new SandboxException("name", Errno.EEXIST, spec.name());
    }
    try {
      cgroups.create(spec.name(), spec.limits());
      return sandbox;
    } catch (RuntimeException e) {
      living.remove(spec.name());
      throw e;
    }
  }

  private void bury(LinuxSandbox sandbox) {
    undertaker.bury(
        sandbox,
        () -> {
          living.remove(sandbox.name());
          slots.free(sandbox.slot());
          sandbox.markGone();
        });
  }

  /**
   * Why {@code /tmp} is in memory and counts against a sandbox's limit on this host; empty if it
   * does not. Waits until the launcher is ready.
   */
  public String tmpInMemory() {
    return currentLauncher().tmpInMemory();
  }

  private synchronized Launcher currentLauncher() {
    if (closed) {
      throw SandboxException.dead("closed");
    }
    if (launcher == null || launcher.over()) {
      launcher = Launcher.start(files, config, Slots.firstHostId(config.instance()), faults);
    }
    return launcher;
  }

  private synchronized @Nullable Launcher closeLauncher() {
    closed = true;
    return launcher;
  }

  @Override
  public void close() {
    Launcher last = closeLauncher();
    List<CompletableFuture<Void>> ends = living.values().stream().map(LinuxSandbox::gone).toList();
    living.values().forEach(LinuxSandbox::kill);
    await(CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)));
    if (last != null) {
      last.stop();
      await(last.ended());
    }
    output.close();
    door.close();
    cgroups.removeBase();
    lock.close();
  }

  private void await(CompletableFuture<Void> end) {
    try {
      end.get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      faults.fault("close", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
