package dev.lambic.sandbox;

import dev.lambic.kernel.FaultHandler;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The reading end of what one process and its descendants write to.
 *
 * <p>Whoever holds the lock reads and delivers: the output thread, or a thread that drains. So the
 * order is kept and a drain costs no change of threads.
 */
final class OutputPipe {
  private static final int DRAIN_SECONDS = 10;

  /** What is delivered within a moment. */
  private static final int LITTLE = 8 << 10;

  private final int fd;
  private final OutputListener listener;
  private final FaultHandler faults;
  private final ReentrantLock lock = new ReentrantLock();
  private boolean closed;

  OutputPipe(int fd, OutputListener listener, FaultHandler faults) {
    this.fd = fd;
    this.listener = listener;
    this.faults = faults;
  }

  int fd() {
    return fd;
  }

  /**
   * Reads once into the given buffers and delivers.
   *
   * @return false when there will be nothing more; the descriptor is closed then
   */
  boolean readSome(MemorySegment buffer, byte[] bytes) {
    lock.lock();
    try {
      return !closed && readInto(buffer, bytes) != 0;
    } finally {
      lock.unlock();
    }
  }

  /** Delivers what is in the pipe now; more that is written meanwhile does not prolong it. */
  void drain() {
    if (!acquire()) {
      faults.fault("output", new IllegalStateException("a listener blocks"));
      return;
    }
    try {
      deliver(closed ? 0 : Native.available(fd));
    } finally {
      lock.unlock();
    }
  }

  /** The same if it takes but a moment; false if it does not, or somebody else is reading. */
  boolean drainNow() {
    if (!lock.tryLock()) {
      return false;
    }
    try {
      int left = closed ? 0 : Native.available(fd);
      if (left > LITTLE) {
        return false;
      }
      deliver(left);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void deliver(int available) {
    int left = available;
    if (left <= 0) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.min(left, OutputThread.BUFFER_BYTES));
      byte[] bytes = new byte[(int) buffer.byteSize()];
      while (left > 0) {
        int length = readInto(buffer, bytes);
        if (length <= 0) {
          return;
        }
        left -= length;
      }
    }
  }

  void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        Native.close(fd);
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean acquire() {
    try {
      return lock.tryLock(DRAIN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Bytes delivered, 0 at the end, -1 if there is nothing now. */
  private int readInto(MemorySegment buffer, byte[] bytes) {
    long length = Native.read(fd, buffer);
    if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
      return -1;
    }
    if (length <= 0) {
      closed = true;
      Native.close(fd);
      return 0;
    }
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, bytes, 0, (int) length);
    try {
      listener.output(bytes, (int) length);
    } catch (RuntimeException e) {
      faults.fault("output", e);
    }
    return (int) length;
  }
}
