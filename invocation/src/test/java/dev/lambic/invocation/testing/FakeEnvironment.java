package dev.lambic.invocation.testing;

import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.Parts;
import dev.lambic.runtime.PlatformEvent;
import dev.lambic.runtime.ResultFlow;
import dev.lambic.runtime.ShutdownReason;
import dev.lambic.runtime.Work;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An environment without anything in it: a test says what its runtime does.
 *
 * <p>It counts every use after its end as misuse. Safe for use by many threads.
 */
public final class FakeEnvironment implements Environment {
  private final EnvironmentSpec spec;
  private final EnvironmentListener listener;
  private final Runnable misuse;
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private final boolean goesAtOnce;
  private @Nullable Work work;
  private boolean killed;
  private boolean exited;
  private boolean stopped;
  private boolean frozen;
  private int restarts;
  private int freezes;
  private boolean cpuLimited;
  private int deliveries;
  private boolean deliveredAfterEnd;
  private @Nullable RuntimeException failing;
  private StringBuilder undrained = new StringBuilder();
  private boolean extensions;
  private boolean readsAtOnce;
  private Runnable atShutdown = () -> {};
  private Runnable atDrain = () -> {};
  private final List<String> told = new ArrayList<>();

  FakeEnvironment(
      EnvironmentSpec spec, EnvironmentListener listener, boolean goesAtOnce, Runnable misuse) {
    this.spec = spec;
    this.listener = listener;
    this.goesAtOnce = goesAtOnce;
    this.misuse = misuse;
  }

  /** What it was made of. */
  public EnvironmentSpec spec() {
    return spec;
  }

  /** The event that it was given and has not answered. */
  public synchronized @Nullable Work work() {
    return work;
  }

  /** How many events it was given. */
  public synchronized int deliveries() {
    return deliveries;
  }

  /** Whether it was given an event after its end; may happen only if threads race. */
  public synchronized boolean wasUsedAfterEnd() {
    return deliveredAfterEnd;
  }

  /** Whether it was told to end. */
  public synchronized boolean isKilled() {
    return killed;
  }

  /** Whether its runtime has ended by itself. */
  public synchronized boolean hasExited() {
    return exited;
  }

  /** Whether it got its CPU share. */
  public synchronized boolean isCpuLimited() {
    return cpuLimited;
  }

  /** Whether its processes were ended and not started anew. */
  public synchronized boolean isStopped() {
    return stopped;
  }

  /** How often its runtime was started anew. */
  public synchronized int restarts() {
    return restarts;
  }

  /** Whether its processes stand still. */
  public synchronized boolean isFrozen() {
    return frozen;
  }

  /** How often it was frozen. */
  public synchronized int freezes() {
    return freezes;
  }

  /** Lets every further request to it fail. */
  public synchronized void failWith(RuntimeException e) {
    failing = e;
  }

  private synchronized void failIfTold() {
    if (failing != null) {
      throw failing;
    }
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public void deliver(Work given) {
    failIfTold();
    synchronized (this) {
      deliveredAfterEnd |= killed || exited;
      if (work != null || stopped || frozen) {
        misuse.run();
        throw new IllegalStateException("busy");
      }
      work = given;
      deliveries++;
    }
  }

  /** Nothing is heard of processes that were ended or stand still. */
  private synchronized boolean isSilent() {
    return stopped || frozen;
  }

  /** The runtime asks for its next event. */
  public void next() {
    if (!isSilent()) {
      listener.ready();
    }
  }

  private Work taken() {
    synchronized (this) {
      Work taken = work;
      if (taken == null) {
        throw new AssertionError("no event was delivered");
      }
      work = null;
      return taken;
    }
  }

  /** The runtime answers its event. */
  public void respond(String body) {
    listener.responded(taken().requestId(), bytes(body));
  }

  /** The runtime answers its event and asks for the next. */
  public void answer(String body) {
    respond(body);
    next();
  }

  /** The runtime begins to answer in pieces. */
  public void beginStream(ResultFlow flow) {
    listener.streaming(given().requestId(), "text/plain", flow);
  }

  /** The runtime gives a piece of its answer. */
  public void stream(String piece) {
    if (!isSilent()) {
      listener.streamed(given().requestId(), bytes(piece));
    }
  }

  private synchronized Work given() {
    Work given = work;
    if (given == null) {
      throw new AssertionError("no event was delivered");
    }
    return given;
  }

  /** The runtime has given all of its answer, and asks for the next event. */
  public void endStream() {
    listener.streamEnded(taken().requestId());
    next();
  }

  /** The runtime answers its event with an error and asks for the next. */
  public void fail(String type, String body) {
    listener.failed(taken().requestId(), type, bytes(body));
    next();
  }

  /** The runtime answers whatever it likes. */
  public void respondTo(String requestId, String body) {
    synchronized (this) {
      if (work != null && work.requestId().equals(requestId)) {
        work = null;
      }
    }
    if (!isSilent()) {
      listener.responded(requestId, bytes(body));
    }
  }

  /** The runtime cannot initialise. */
  public void initFailed(String type, String body) {
    if (!isSilent()) {
      listener.initFailed(type, bytes(body));
    }
  }

  /** The runtime's processes write at once. */
  public void write(String text) {
    byte[] bytes = bytes(text);
    listener.output(bytes, bytes.length);
  }

  /** The runtime's processes write what is read when the output is drained, and not before. */
  public synchronized void writeSlowly(String text) {
    undrained.append(text);
  }

  /** Has its output read at once wherever somebody asks for that; at first it takes a while. */
  public synchronized void readAtOnce(boolean whether) {
    readsAtOnce = whether;
  }

  /** Has something done when its output is drained for the next time. */
  public synchronized void whenDrained(Runnable action) {
    atDrain = action;
  }

  /** The runtime's process ends. */
  public void exit(int code, int signal) {
    synchronized (this) {
      if (exited || stopped) {
        return;
      }
      exited = true;
      work = null;
    }
    listener.exited(code, signal);
  }

  @Override
  public void freeze() {
    failIfTold();
    synchronized (this) {
      frozen = true;
      freezes++;
    }
  }

  @Override
  public void thaw() {
    failIfTold();
    synchronized (this) {
      frozen = false;
    }
  }

  @Override
  public void stop() {
    failIfTold();
    synchronized (this) {
      frozen = false;
      stopped = true;
      exited = false;
      work = null;
    }
  }

  @Override
  public void restart(Runnable begins) {
    failIfTold();
    begins.run();
    synchronized (this) {
      if (!stopped) {
        misuse.run();
      }
      stopped = false;
      restarts++;
    }
  }

  /**
   * Gives it extensions, which end when they are told to.
   *
   * @param whenTold done by them at their end
   */
  public synchronized void giveExtensions(Runnable whenTold) {
    extensions = true;
    atShutdown = whenTold;
  }

  /** What extensions heard, in order: events by their types, and the shutdown. */
  public synchronized List<String> told() {
    return List.copyOf(told);
  }

  @Override
  public synchronized void telemetry(PlatformEvent event) {
    if (extensions) {
      told.add(event.getClass().getSimpleName());
    }
  }

  @Override
  public Parts parts(String requestId) {
    return Parts.NONE;
  }

  @Override
  public synchronized boolean hasExtensions() {
    return extensions;
  }

  @Override
  public synchronized CompletableFuture<Void> shutdown(ShutdownReason reason) {
    told.add(reason.name());
    atShutdown.run();
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void limitCpu() {
    failIfTold();
    synchronized (this) {
      cpuLimited = true;
    }
  }

  @Override
  public long peakMemory() {
    return 40L << 20;
  }

  @Override
  public void drainOutput() {
    String text;
    Runnable action;
    synchronized (this) {
      text = undrained.toString();
      undrained = new StringBuilder();
      action = atDrain;
      atDrain = () -> {};
    }
    action.run();
    if (!text.isEmpty()) {
      write(text);
    }
  }

  @Override
  public boolean drainOutputNow() {
    synchronized (this) {
      if (!readsAtOnce || extensions) {
        return false;
      }
    }
    drainOutput();
    return true;
  }

  @Override
  public void kill() {
    synchronized (this) {
      killed = true;
    }
    if (goesAtOnce) {
      vanish();
    }
  }

  /** What a kill leads to in the end: the process ends by the signal, and nothing is left. */
  public void vanish() {
    synchronized (this) {
      frozen = false;
    }
    exit(0, 9);
    gone.complete(null);
  }

  @Override
  public CompletableFuture<Void> gone() {
    return gone;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
