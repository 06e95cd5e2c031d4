package dev.lambic.invocation.testing;

import dev.lambic.invocation.EnvironmentStarter;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.Parts;
import dev.lambic.runtime.PlatformEvent;
import dev.lambic.runtime.ResultFlow;
import dev.lambic.runtime.RuntimeTarget;
import dev.lambic.runtime.ShutdownReason;
import dev.lambic.runtime.Work;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Starts environments that act by themselves, each on a thread of its own: they answer, fail, exit
 * and fall silent as chance has it.
 */
public final class LivelyStarter implements EnvironmentStarter {
  private final SplittableRandom seeds;
  private final AtomicInteger alive = new AtomicInteger();

  /** A starter whose environments make their choices by the seed. */
  public LivelyStarter(long seed) {
    seeds = new SplittableRandom(seed);
  }

  /** Environments of which something is left. */
  public int alive() {
    return alive.get();
  }

  @Override
  public RuntimeTarget target(String runtime) {
    return new RuntimeTarget(
        runtime, true, List.of(), List.of("/bin/true"), Map.of(), Optional.empty());
  }

  @Override
  public Environment start(EnvironmentSpec spec, EnvironmentListener listener) {
    SplittableRandom random;
    synchronized (seeds) {
      random = seeds.split();
    }
    alive.incrementAndGet();
    return new Living(spec.name(), listener, random);
  }

  /** The processes of an environment from a start to the next stop. */
  private static final class Lively implements EnvironmentListener {
    private final EnvironmentListener listener;
    private final SplittableRandom random;
    private final LinkedBlockingQueue<Optional<Work>> events = new LinkedBlockingQueue<>();
    private boolean over;

    Lively(EnvironmentListener listener, SplittableRandom random) {
      this.listener = listener;
      this.random = random;
    }

    void run() {
      if (random.nextInt(20) == 0) {
        initFailed("E", bytes("{}"));
      } else if (random.nextInt(20) != 0) {
        ready();
        serve();
      }
      exited(1, 0);
      awaitEnd();
    }

    /** From its return on, the listener hears nothing more. */
    void end() {
      synchronized (this) {
        over = true;
      }
      events.add(Optional.empty());
    }

    @Override
    public synchronized void ready() {
      if (!over) {
        listener.ready();
      }
    }

    @Override
    public synchronized void responded(String requestId, byte[] body) {
      if (!over) {
        listener.responded(requestId, body);
      }
    }

    @Override
    public synchronized void streaming(String requestId, String contentType, ResultFlow flow) {
      if (!over) {
        listener.streaming(requestId, contentType, flow);
      }
    }

    @Override
    public synchronized void streamed(String requestId, byte[] piece) {
      if (!over) {
        listener.streamed(requestId, piece);
      }
    }

    @Override
    public synchronized void streamEnded(String requestId) {
      if (!over) {
        listener.streamEnded(requestId);
      }
    }

    @Override
    public synchronized void failed(String requestId, String errorType, byte[] body) {
      if (!over) {
        listener.failed(requestId, errorType, body);
      }
    }

    @Override
    public synchronized void initFailed(String errorType, byte[] body) {
      if (!over) {
        listener.initFailed(errorType, body);
      }
    }

    @Override
    public void output(byte[] bytes, int length) {
      listener.output(bytes, length);
    }

    @Override
    public synchronized void exited(int code, int signal) {
      if (!over) {
        listener.exited(code, signal);
      }
    }

    @Override
    public synchronized void broken(String errorType, String message) {
      if (!over) {
        listener.broken(errorType, message);
      }
    }

    @Override
    public void extensionLine(String line) {
      listener.extensionLine(line);
    }

    @Override
    public synchronized void extensions(List<PlatformEvent.Extension> states) {
      if (!over) {
        listener.extensions(states);
      }
    }

    @Override
    public synchronized void subscribed(PlatformEvent.Subscription subscription) {
      if (!over) {
        listener.subscribed(subscription);
      }
    }

    private void serve() {
      for (Optional<Work> next = next(); next.isPresent(); next = next()) {
        Work work = next.get();
        output(bytes("line of " + work.requestId() + "\n"), 8);
        switch (random.nextInt(100)) {
          case 0 -> {
            return;
          }
          case 1 -> awaitEnd();
          case 2 -> {
            responded(work.requestId(), work.payload());
            return;
          }
          case 3, 4, 5, 6 -> {
            responded(work.requestId(), work.payload());
            Thread.ofPlatform().daemon().start(() -> exited(1, 0));
          }
          case 7, 8, 9, 10 -> askWhileAnswering(work);
          case 11, 12, 13 -> failed(work.requestId(), "E", work.payload());
          default -> {
            if (work.streamed()) {
              stream(work);
            } else {
              responded(work.requestId(), work.payload());
            }
          }
        }
        for (int pause = random.nextInt(10) == 0 ? 10_000 : 0; pause > 0; pause--) {
          Thread.onSpinWait();
        }
        ready();
      }
    }

    private void stream(Work work) {
      streaming(work.requestId(), "text/plain", new NoFlow());
      for (int pieces = random.nextInt(4); pieces > 0; pieces--) {
        streamed(work.requestId(), work.payload());
      }
      if (random.nextInt(3) == 0) {
        failed(work.requestId(), "E", bytes("{}"));
      } else {
        streamEnded(work.requestId());
      }
    }

    private static final class NoFlow implements ResultFlow {
      @Override
      public void pause() {}

      @Override
      public void resume() {}
    }

    /** Asks for the next event all the time while another thread answers. */
    private void askWhileAnswering(Work work) {
      Thread answer =
          Thread.ofPlatform().daemon().start(() -> responded(work.requestId(), work.payload()));
      while (answer.isAlive()) {
        ready();
      }
    }

    /** The next event, or nothing at the end. */
    private Optional<Work> next() {
      try {
        Optional<Work> work = events.poll(60, TimeUnit.SECONDS);
        if (work == null || work.isEmpty()) {
          // The end stays the end, whoever looks next.
          events.add(Optional.empty());
          return Optional.empty();
        }
        return work;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.empty();
      }
    }

    /** Does nothing until it is killed. */
    private void awaitEnd() {
      Optional<Work> next = next();
      while (next.isPresent()) {
        next = next();
      }
    }
  }

  private final class Living implements Environment {
    private final String name;
    private final EnvironmentListener listener;
    private final SplittableRandom random;
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private final AtomicInteger now = new AtomicInteger();
    private volatile Lively processes;
    private boolean killed;

    Living(String name, EnvironmentListener listener, SplittableRandom random) {
      this.name = name;
      this.listener = listener;
      this.random = random;
      this.processes = start();
    }

    private Lively start() {
      Lively next = new Lively(listener, random.split());
      Thread.ofPlatform().daemon().start(next::run);
      return next;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public void deliver(Work work) {
      processes.events.add(Optional.of(work));
    }

    @Override
    public void freeze() {
      // Its threads are nobody's to stop.
    }

    @Override
    public void thaw() {
      // Never frozen.
    }

    @Override
    public void stop() {
      processes.end();
    }

    @Override
    public synchronized void restart(Runnable begins) {
      begins.run();
      if (!killed) {
        processes = start();
      }
    }

    @Override
    public void telemetry(PlatformEvent event) {
      // Nobody subscribed.
    }

    @Override
    public Parts parts(String requestId) {
      return Parts.NONE;
    }

    @Override
    public boolean hasExtensions() {
      return false;
    }

    @Override
    public CompletableFuture<Void> shutdown(ShutdownReason reason) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void limitCpu() {
      // There is no CPU to limit.
    }

    @Override
    public long peakMemory() {
      return 1;
    }

    @Override
    public void drainOutput() {
      // Everything was given at once.
    }

    @Override
    public boolean drainOutputNow() {
      return now.getAndIncrement() % 2 == 0;
    }

    @Override
    public void kill() {
      synchronized (this) {
        if (killed) {
          return;
        }
        killed = true;
      }
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            processes.end();
            alive.decrementAndGet();
            gone.complete(null);
          });
    }

    @Override
    public CompletableFuture<Void> gone() {
      return gone;
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
