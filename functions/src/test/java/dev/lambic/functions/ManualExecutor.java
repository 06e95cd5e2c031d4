package dev.lambic.functions;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what it should run until the test runs it, so that a test can look in between. */
final class ManualExecutor extends AbstractExecutorService {
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
  private volatile boolean ended;

  /** Runs what waits, on the thread of the test. */
  void runAll() {
    for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) {
      next.run();
    }
  }

  @Override
  public void execute(Runnable command) {
    waiting.add(command);
  }

  @Override
  public void shutdown() {
    ended = true;
  }

  @Override
  public List<Runnable> shutdownNow() {
    ended = true;
    List<Runnable> left = new ArrayList<>(waiting);
    waiting.clear();
    return left;
  }

  @Override
  public boolean isShutdown() {
    return ended;
  }

  @Override
  public boolean isTerminated() {
    return ended;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return true;
  }
}
