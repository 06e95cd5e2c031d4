package dev.lambic.sandbox;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The system calls that Java has no class for.
 *
 * <p>Every method answers the call's result, or the negated error number. Blocking ones hold the
 * calling thread's carrier.
 */
final class Native {
  static final int O_RDONLY = 0;
  static final int O_WRONLY = 1;
  static final int O_RDWR = 2;
  static final int O_CLOEXEC = 0x80000;
  static final int O_PATH = 0x200000;
  static final int CLONE_NEWNET = 0x40000000;
  static final int POLLIN = 1;

  private static final int AF_UNIX = 1;
  private static final int SOCK_SEQPACKET = 5;
  private static final int SOCK_CLOEXEC = O_CLOEXEC;
  private static final int F_SETFL = 4;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int O_NONBLOCK = 0x800;
  private static final long FIONREAD = 0x541B;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle OPEN = handle("open", 2, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle CLOSE = handle("close", 9, JAVA_INT, JAVA_INT);
  private static final MethodHandle READ =
      handle("read", 9, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle PREAD =
      handle("pread", 9, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle WRITE =
      handle("write", 9, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle MKDIR = handle("mkdir", 9, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle RMDIR = handle("rmdir", 9, JAVA_INT, ADDRESS);
  private static final MethodHandle KILL = handle("kill", 9, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SETNS = handle("setns", 9, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle PIPE2 = handle("pipe2", 9, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle FCNTL =
      handle("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle IOCTL =
      handle("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
  private static final MethodHandle SOCKET =
      handle("socket", 9, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = handle("bind", 9, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle LISTEN = handle("listen", 9, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle ACCEPT4 =
      handle("accept4", 9, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
  private static final MethodHandle SHUTDOWN = handle("shutdown", 9, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SENDMSG =
      handle("sendmsg", 9, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle RECVMSG =
      handle("recvmsg", 9, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle POLL =
      handle("poll", 9, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle EPOLL_CREATE1 = handle("epoll_create1", 9, JAVA_INT, JAVA_INT);
  private static final MethodHandle EPOLL_CTL =
      handle("epoll_ctl", 9, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle EPOLL_WAIT =
      handle("epoll_wait", 9, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle EVENTFD = handle("eventfd", 9, JAVA_INT, JAVA_INT, JAVA_INT);

  private Native() {}

  /** A handle that takes the captured state first; arguments from {@code variadic} on are. */
  private static MethodHandle handle(
      String name, int variadic, MemoryLayout result, MemoryLayout... arguments) {
    FunctionDescriptor type = FunctionDescriptor.of(result, arguments);
    MemorySegment symbol = LINKER.defaultLookup().findOrThrow(name);
    Linker.Option capture = Linker.Option.captureCallState("errno");
    return variadic < arguments.length
        ? LINKER.downcallHandle(symbol, type, capture, Linker.Option.firstVariadicArg(variadic))
        : LINKER.downcallHandle(symbol, type, capture);
  }

  /** One call: gets the place for the captured state. */
  @FunctionalInterface
  private interface Call {
    long invoke(MemorySegment state, SegmentAllocator memory) throws Throwable;
  }

  private static long call(Call call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long result = call.invoke(state, arena);
      return result < 0 ? -(int) ERRNO.get(state, 0L) : result;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static int open(String path, int flags) {
    return (int)
        call((s, m) -> (int) OPEN.invokeExact(s, m.allocateFrom(path), flags | O_CLOEXEC, 0));
  }

  @SuppressWarnings("UnusedReturnValue")
  static int close(int fd) {
    return (int) call((s, m) -> (int) CLOSE.invokeExact(s, fd));
  }

  /** A second descriptor for the same thing. */
  static int duplicate(int fd) {
    return (int) call((s, m) -> (int) FCNTL.invokeExact(s, fd, F_DUPFD_CLOEXEC, 3));
  }

  static long read(int fd, MemorySegment into) {
    return call((s, m) -> (long) READ.invokeExact(s, fd, into, into.byteSize()));
  }

  /** Reads at a place of the file, whatever was read of it before. */
  static long readAt(int fd, MemorySegment into, long offset) {
    return call((s, m) -> (long) PREAD.invokeExact(s, fd, into, into.byteSize(), offset));
  }

  static long write(int fd, MemorySegment bytes) {
    return call((s, m) -> (long) WRITE.invokeExact(s, fd, bytes, bytes.byteSize()));
  }

  static int mkdir(String path, int mode) {
    return (int) call((s, m) -> (int) MKDIR.invokeExact(s, m.allocateFrom(path), mode));
  }

  static int rmdir(String path) {
    return (int) call((s, m) -> (int) RMDIR.invokeExact(s, m.allocateFrom(path)));
  }

  @SuppressWarnings("UnusedReturnValue")
  static int kill(int pid, int signal) {
    return (int) call((s, m) -> (int) KILL.invokeExact(s, pid, signal));
  }

  /** Moves the calling thread, which must be a platform thread, into a namespace. */
  static int setns(int fd, int kind) {
    return (int) call((s, m) -> (int) SETNS.invokeExact(s, fd, kind));
  }

  /** A pipe's ends. */
  record Pipe(int readEnd, int writeEnd) {}

  /** A pipe whose read end does not block. */
  static Pipe pipe() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ends = arena.allocate(JAVA_INT, 2);
      long result = call((s, m) -> (int) PIPE2.invokeExact(s, ends, O_CLOEXEC));
      if (result < 0) {
        throw new SandboxException("pipe", (int) -result, "");
      }
      Pipe pipe = new Pipe(ends.getAtIndex(JAVA_INT, 0), ends.getAtIndex(JAVA_INT, 1));
      long set = call((s, m) -> (int) FCNTL.invokeExact(s, pipe.readEnd, F_SETFL, O_NONBLOCK));
      if (set < 0) {
        close(pipe.readEnd);
        close(pipe.writeEnd);
        throw new SandboxException("pipe", (int) -set, "");
      }
      return pipe;
    }
  }

  /** How many bytes a read would answer at once. */
  static int available(int fd) {
    return (int)
        call((s, m) -> {
          MemorySegment count = m.allocate(JAVA_INT);
          int result = (int) IOCTL.invokeExact(s, fd, FIONREAD, count);
          return result < 0 ? result : count.get(JAVA_INT, 0);
        });
  }

  /** A listening socket of packets at a path of at most 107 bytes. */
  static int listenForPackets(String path) {
    int fd =
        (int)
            call((s, m) -> (int) SOCKET.invokeExact(s, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (fd < 0) {
      return fd;
    }
    long result =
        call((s, m) -> {
          MemorySegment address = m.allocate(110);
          address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
          address.setString(2, path);
          return (int) BIND.invokeExact(s, fd, address, 110);
        });
    if (result == 0) {
      result = call((s, m) -> (int) LISTEN.invokeExact(s, fd, 1));
    }
    if (result < 0) {
      close(fd);
      return (int) result;
    }
    return fd;
  }

  static int accept(int fd) {
    return (int)
        call((s, m) ->
            (int) ACCEPT4.invokeExact(s, fd, MemorySegment.NULL, MemorySegment.NULL, SOCK_CLOEXEC));
  }

  /** Ends both directions, so that a thread that waits for a message gets none. */
  @SuppressWarnings("UnusedReturnValue")
  static int shutdown(int fd) {
    return (int) call((s, m) -> (int) SHUTDOWN.invokeExact(s, fd, 2));
  }

  static long sendmsg(int fd, MemorySegment header, int flags) {
    return call((s, m) -> (long) SENDMSG.invokeExact(s, fd, header, flags));
  }

  static long recvmsg(int fd, MemorySegment header, int flags) {
    return call((s, m) -> (long) RECVMSG.invokeExact(s, fd, header, flags));
  }

  /** Waits until the descriptor is readable; 0 if it was not in time. */
  static int pollReadable(int fd, int milliseconds) {
    return poll(fd, POLLIN, milliseconds);
  }

  static int poll(int fd, int events, int milliseconds) {
    return (int)
        call((s, m) -> {
          MemorySegment entry = m.allocate(8, 4);
          entry.set(JAVA_INT, 0, fd);
          entry.set(ValueLayout.JAVA_SHORT, 4, (short) events);
          return (int) POLL.invokeExact(s, entry, 1L, milliseconds);
        });
  }

  static int epollCreate() {
    return (int) call((s, m) -> (int) EPOLL_CREATE1.invokeExact(s, O_CLOEXEC));
  }

  static int epollControl(int epoll, int operation, int fd, MemorySegment event) {
    return (int) call((s, m) -> (int) EPOLL_CTL.invokeExact(s, epoll, operation, fd, event));
  }

  static int epollWait(int epoll, MemorySegment events, int max, int milliseconds) {
    return (int) call((s, m) -> (int) EPOLL_WAIT.invokeExact(s, epoll, events, max, milliseconds));
  }

  static int eventFd() {
    return (int) call((s, m) -> (int) EVENTFD.invokeExact(s, 0, O_CLOEXEC));
  }
}
