package dev.lambic.server;

import dev.lambic.kernel.FaultHandler;
import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what was opened, the last first, whether or not one of them fails. */
final class Closers implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final FaultHandler faults;

  Closers(FaultHandler faults) {
    this.faults = faults;
  }

  <T extends AutoCloseable> T add(T part) {
    open.push(part);
    return part;
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      AutoCloseable part = open.pop();
      try {
        part.close();
      } catch (Exception e) {
        faults.fault("closing " + part.getClass().getSimpleName(), e);
      }
    }
  }
}
