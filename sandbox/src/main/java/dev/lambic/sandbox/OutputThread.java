package dev.lambic.sandbox;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.lambic.kernel.FaultHandler;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The one platform thread that waits for the output of all sandboxes. */
final class OutputThread implements AutoCloseable {
  /** The most that is read at once, so that one process cannot keep the others waiting. */
  static final int BUFFER_BYTES = 64 * 1024;

  private static final int EVENTS = 64;
  private static final int EPOLLIN = 1;
  private static final int ADD = 1;
  private static final long WAKE = 0;
  private static final int JOIN_MILLISECONDS = 10_000;

  /** The kernel packs the event on x86-64 only. */
  private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");

  private static final int EVENT_BYTES = PACKED ? 12 : 16;
  private static final int DATA_OFFSET = PACKED ? 4 : 8;

  private final FaultHandler faults;
  private final int epoll;
  private final int wake;
  private final Map<Long, OutputPipe> pipes = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private final Thread thread;
  private volatile boolean stopping;

  OutputThread(FaultHandler faults) {
    this.faults = faults;
    epoll = Native.epollCreate();
    wake = Native.eventFd();
    if (epoll < 0 || wake < 0) {
      throw new SandboxException("epoll", -Math.min(epoll, wake), "");
    }
    watch(wake, WAKE);
    thread = Thread.ofPlatform().daemon().name("lambic-output").start(this::run);
  }

  /** Reads from the descriptor, which it owns from now on, until its end. */
  OutputPipe read(int fd, OutputListener listener) {
    OutputPipe pipe = new OutputPipe(fd, listener, faults);
    long id = ids.incrementAndGet();
    pipes.put(id, pipe);
    try {
      watch(fd, id);
    } catch (SandboxException e) {
      pipes.remove(id);
      pipe.close();
      throw e;
    }
    return pipe;
  }

  /** How many pipes have not ended. */
  int openPipes() {
    return pipes.size();
  }

  private void watch(int fd, long id) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment event = arena.allocate(EVENT_BYTES, 8);
      event.set(JAVA_INT, 0, EPOLLIN);
      event.set(JAVA_LONG_UNALIGNED, DATA_OFFSET, id);
      int result = Native.epollControl(epoll, ADD, fd, event);
      if (result < 0) {
        throw new SandboxException("epoll", -result, "");
      }
    }
  }

  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment events = arena.allocate((long) EVENTS * EVENT_BYTES, 8);
      MemorySegment buffer = arena.allocate(BUFFER_BYTES);
      byte[] bytes = new byte[BUFFER_BYTES];
      while (!stopping) {
        int count = Native.epollWait(epoll, events, EVENTS, -1);
        if (count < 0 && count != -Errno.EINTR) {
          throw new SandboxException("epoll", -count, "");
        }
        for (int i = 0; i < count; i++) {
          read(
              events.get(JAVA_LONG_UNALIGNED, (long) i * EVENT_BYTES + DATA_OFFSET), buffer, bytes);
        }
      }
    } catch (RuntimeException | Error e) {
      faults.fault("output", e);
    } finally {
      pipes.values().forEach(OutputPipe::close);
      pipes.clear();
    }
  }

  private void read(long id, MemorySegment buffer, byte[] bytes) {
    OutputPipe pipe = pipes.get(id);
    if (pipe == null) {
      return;
    }
    try {
      // Closing the descriptor takes it out of the epoll set too.
      if (!pipe.readSome(buffer, bytes)) {
        pipes.remove(id);
      }
    } catch (RuntimeException | Error e) {
      // What went wrong with one must not silence the others.
      faults.fault("output", e);
      pipes.remove(id);
      pipe.close();
    }
  }

  @Override
  public void close() {
    stopping = true;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(JAVA_LONG_UNALIGNED);
      one.set(JAVA_LONG_UNALIGNED, 0, 1);
      Native.write(wake, one);
    }
    try {
      if (thread.join(java.time.Duration.ofMillis(JOIN_MILLISECONDS))) {
        Native.close(epoll);
        Native.close(wake);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
