package dev.lambic.sandbox;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A shell of the launcher with its control group and its channels.
 *
 * <p>Changes happen one after the other under {@code turn}. {@link #kill} does not wait for its
 * turn: it marks the sandbox dead first, so that what is under way fails, and a freeze that is
 * under way undoes itself.
 */
final class LinuxSandbox implements Sandbox, Launcher.ShellListener {
  private static final int TURN_SECONDS = 60;

  /** A template that does not fork in this time is of no use. */
  private static final int FORK_MILLISECONDS = 5_000;

  /** The launcher itself gives up after 45 seconds. */
  private static final int CHECKPOINT_MILLISECONDS = 55_000;

  /** A millisecond apart. */
  private static final int PORT_ATTEMPTS = 5000;

  private final SandboxSpec spec;
  private final Kind kind;
  private final @Nullable LinuxTemplate template;
  private final int slot;
  private final Launcher launcher;
  private final Cgroup cgroup;
  private final NetworkDoor door;
  private final OutputThread output;
  private final KeptFile peak;
  private final Consumer<LinuxSandbox> undertaker;
  private final AtomicInteger numbers = new AtomicInteger();
  private final Map<Integer, LinuxProcess> processes = new ConcurrentHashMap<>();
  private final ReentrantLock turn = new ReentrantLock();
  private final CompletableFuture<Void> shellGone = new CompletableFuture<>();
  private final CompletableFuture<Void> gone = new CompletableFuture<>();

  /** Guarded by itself, as is {@link #network}. */
  private final List<Channel> channels = new ArrayList<>();

  private int network = -1;

  /** As this host numbers it; 0 until it is known. */
  private volatile int firstProcess;

  private volatile @Nullable String dead;
  private volatile MemoryUsage lastMemory = new MemoryUsage(0, 0, 0);

  /**
   * @param template that it is made for; only that of a forkable one
   * @param undertaker told once, when the sandbox is dead; must not block
   */
  LinuxSandbox(
      SandboxSpec spec,
      Kind kind,
      @Nullable LinuxTemplate template,
      int slot,
      Launcher launcher,
      Cgroup cgroup,
      NetworkDoor door,
      OutputThread output,
      Consumer<LinuxSandbox> undertaker) {
    this.spec = spec;
    this.kind = kind;
    this.template = template;
    this.slot = slot;
    this.launcher = launcher;
    this.cgroup = cgroup;
    this.door = door;
    this.output = output;
    this.peak = new KeptFile(cgroup.peakPath());
    this.undertaker = undertaker;
  }

  /** Makes the shell; the first and only first call. */
  void open() {
    launcher.listen(slot, this);
    Message message = launcher.message(Message.CREATE, slot, "create");
    message.put(kind.number()).put(template == null ? 0 : template.slot());
    message.put(cgroup.version()).put(cgroup.joinPaths()).put(cgroup.thawPath());
    message.put(spec.hostname()).put(spec.tmpBytes());
    message.put(spec.root().map(Path::toString).orElse(""));
    message.put(spec.snapshots() ? 1 : 0);
    Reply reply = launcher.request(message, -1);
    synchronized (channels) {
      firstProcess = reply.number();
      if (dead == null) {
        network = reply.fd();
        return;
      }
    }
    reply.closeDescriptor();
    throw SandboxException.dead(spec.name());
  }

  Launcher launcher() {
    return launcher;
  }

  int slot() {
    return slot;
  }

  Cgroup cgroup() {
    return cgroup;
  }

  /** Completes when the launcher says that it is gone or is lost itself. */
  CompletableFuture<Void> shellGone() {
    return shellGone;
  }

  /** Called when nothing at all is left. */
  void markGone() {
    peak.close();
    gone.complete(null);
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public ServerSocketChannel listen(int port) {
    return inTurn(() -> keep(openSoon(port)));
  }

  @Override
  public SocketChannel connect(int port, Duration limit) throws IOException {
    SocketChannel channel = inTurn(() -> keep(door.socket(duplicateNetwork())));
    try {
      // Not in turn and not by the door: whoever is inside may let it wait.
      InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
      channel.socket().connect(new InetSocketAddress(loopback, port), (int) limit.toMillis());
      return channel;
    } catch (IOException | RuntimeException e) {
      NetworkDoor.closeQuietly(channel);
      throw e;
    }
  }

  /** Sees to it that the channel is closed with the sandbox. */
  private <C extends Channel> C keep(C channel) {
    synchronized (channels) {
      if (dead == null) {
        channels.removeIf(known -> !known.isOpen());
        channels.add(channel);
        return channel;
      }
    }
    NetworkDoor.closeQuietly(channel);
    throw SandboxException.dead(spec.name());
  }

  /** A channel that was closed a moment ago keeps its port until its selector has let it go. */
  private ServerSocketChannel openSoon(int port) {
    for (int attempt = 1; ; attempt++) {
      try {
        return door.listen(duplicateNetwork(), port);
      } catch (SandboxException e) {
        if (e.errno() != Errno.EADDRINUSE || attempt == PORT_ATTEMPTS) {
          throw e;
        }
        LockSupport.parkNanos(1_000_000);
      }
    }
  }

  /** Its own descriptor for the user, since the number could soon mean another sandbox's. */
  private int duplicateNetwork() {
    synchronized (channels) {
      int duplicate = network < 0 ? network : Native.duplicate(network);
      if (duplicate < 0) {
        throw SandboxException.dead(spec.name());
      }
      return duplicate;
    }
  }

  @Override
  public void attach(List<ReadOnlyMount> mounts) {
    if (mounts.isEmpty()) {
      return;
    }
    inTurn(() -> {
      Message message = launcher.message(Message.ATTACH, slot, "attach").put(mounts.size());
      mounts.forEach(mount -> message.put(mount.source().toString()).put(mount.target()));
      return launcher.request(message, -1);
    });
  }

  @Override
  public void share(List<SharedMount> mounts) {
    if (mounts.isEmpty()) {
      return;
    }
    inTurn(() -> {
      Message message = launcher.message(Message.SHARE, slot, "share");
      message.put(SharedMount.OWNER).put(mounts.size());
      mounts.forEach(mount -> message.put(mount.source().toString()).put(mount.name()));
      return launcher.request(message, -1);
    });
  }

  @Override
  public SandboxProcess start(Command command, OutputListener listener) {
    return start(command, listener, false);
  }

  /**
   * See {@link Sandbox#start}.
   *
   * @param serves whether the program is given a connection by which it is asked to fork
   */
  SandboxProcess start(Command command, OutputListener listener, boolean serves) {
    return inTurn(() -> {
      int number = numbers.incrementAndGet();
      Message message = launcher.message(Message.START, slot, "start").put(number);
      message.put(serves ? 1 : 0);
      message.put(command.argv()).put(command.environment()).put(command.directory());
      return run(number, listener, pipe -> launcher.request(message, pipe));
    });
  }

  /** See {@link Template#fork}. */
  SandboxProcess fork(String argument, OutputListener listener) {
    return inTurn(() -> {
      int number = numbers.incrementAndGet();
      Message message = launcher.message(Message.FORK, slot, "fork").put(number);
      message.put(cgroup.joinFiles()).put(argument);
      return run(number, listener, pipe -> launcher.request(message, pipe, FORK_MILLISECONDS));
    });
  }

  /** The template that it was made for; null if it was made for none. */
  @Nullable LinuxTemplate template() {
    return template;
  }

  /** Kills every program, thawed or not, and nothing that has another group. Never throws. */
  void killPrograms() {
    int first = firstProcess;
    if (first == 0 || dead != null) {
      return;
    }
    for (int pid : cgroup.processes()) {
      if (pid != first) {
        Native.kill(pid, ProcessExit.SIGKILL);
      }
    }
    try {
      cgroup.thaw(); // a frozen group of version 1 takes no signal
    } catch (SandboxException e) {
      // It is being removed, with all that was in it.
    }
  }

  private SandboxProcess run(int number, OutputListener listener, IntConsumer starter) {
    Native.Pipe pipe = Native.pipe();
    try {
      LinuxProcess process = new LinuxProcess(this, number, output.read(pipe.readEnd(), listener));
      processes.put(number, process);
      try {
        starter.accept(pipe.writeEnd());
      } catch (SandboxException e) {
        processes.remove(number);
        throw e;
      }
      return process;
    } finally {
      Native.close(pipe.writeEnd());
    }
  }

  @Override
  public Checkpoint checkpoint(Criu criu, Path images, long memoryBytes) {
    Message message = launcher.message(Message.CHECKPOINT, slot, "checkpoint");
    message.put(images.toString()).put(criu.directory().toString());
    message.put(criu.cache().toString());
    message.put(2 * spec.tmpBytes()).put(memoryBytes);
    return inTurn(() -> {
      Reply reply = launcher.request(message, -1, CHECKPOINT_MILLISECONDS);
      return new Checkpoint(reply.number(), reply.body().getLong());
    });
  }

  @Override
  public SandboxProcess restore(Criu criu, Path images, Checkpoint of, OutputListener listener) {
    return inTurn(() -> {
      int number = numbers.incrementAndGet();
      Message message = launcher.message(Message.RESTORE, slot, "restore").put(number);
      message.put(of.pid()).put(of.pipe()).put(images.toString());
      message.put(criu.directory().toString()).put(criu.cache().toString());
      message.put(cgroup.version()).put(cgroup.joinPaths());
      return run(number, listener, pipe -> launcher.request(message, pipe));
    });
  }

  void signal(int number, int signal) {
    Message message = launcher.message(Message.SIGNAL, slot, "signal").put(number).put(signal);
    inTurn(() -> launcher.request(message, -1));
  }

  @Override
  public void limit(Limits limits) {
    inTurn(() -> {
      try {
        cgroup.limit(limits);
      } finally {
        if (dead != null) {
          cgroup.hurry(); // what kill() had lifted is limited again
        }
      }
      return limits;
    });
  }

  @Override
  public void freeze() {
    inTurn(() -> {
      try {
        cgroup.freeze();
      } finally {
        if (dead != null) {
          cgroup.killAll(); // what kill() had thawed is frozen again
        }
      }
      return spec;
    });
  }

  @Override
  public void thaw() {
    inTurn(() -> {
      cgroup.thaw();
      return spec;
    });
  }

  @Override
  public void clear() {
    inTurn(() -> {
      // A frozen group of version 1 takes no signal.
      cgroup.thaw();
      return launcher.request(launcher.message(Message.CLEAR, slot, "clear"), -1);
    });
  }

  @Override
  public MemoryUsage memory() {
    rememberMemory();
    return lastMemory;
  }

  @Override
  public long peakMemory() {
    long bytes = peak.readNumber();
    return bytes < 0 ? memory().peakBytes() : bytes;
  }

  /** The last figures stay known after the group is removed. */
  void rememberMemory() {
    try {
      lastMemory = cgroup.memory();
    } catch (SandboxException e) {
      // It was removed in this moment.
    }
  }

  @Override
  public void resetMemoryPeak() {
    inTurn(() -> {
      // Of version 2 each open file has its own peak from now on.
      peak.close();
      return cgroup.resetMemoryPeak();
    });
  }

  /** Runs a change when it is its turn; a failure ends the sandbox, a refused limit does not. */
  private <T> T inTurn(Supplier<T> change) {
    try {
      if (!turn.tryLock(TURN_SECONDS, TimeUnit.SECONDS)) {
        throw new SandboxException("turn", Errno.ETIMEDOUT, spec.name());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException("turn", Errno.EINTR, spec.name(), e);
    }
    try {
      String why = dead;
      if (why != null) {
        throw SandboxException.dead(why);
      }
      return change.get();
    } catch (SandboxException e) {
      if (!e.step().equals(SandboxException.LIMIT_BELOW_USAGE)) {
        end(String.valueOf(e.getMessage()));
      }
      throw e;
    } finally {
      turn.unlock();
    }
  }

  @Override
  public void kill() {
    end(spec.name() + " was killed");
  }

  private void end(String why) {
    synchronized (channels) {
      if (dead != null) {
        return;
      }
      dead = why;
      if (network >= 0) {
        Native.close(network);
        network = -1;
      }
      channels.forEach(NetworkDoor::closeQuietly);
      channels.clear();
    }
    launcher.tell(launcher.message(Message.KILL, slot, "kill"));
    undertaker.accept(this);
  }

  @Override
  public CompletableFuture<Void> gone() {
    return gone.copy();
  }

  @Override
  public void exited(int process, ProcessExit exit) {
    LinuxProcess known = processes.remove(process);
    if (known != null) {
      known.ended(exit);
    }
  }

  /** The launcher's word, as opposed to {@link #gone()}, which waits for the rest. */
  @Override
  public void shellEnded() {
    end(spec.name() + " ended");
    processes.values().forEach(process -> process.ended(new ProcessExit(0, ProcessExit.SIGKILL)));
    processes.clear();
    shellGone.complete(null);
  }
}
