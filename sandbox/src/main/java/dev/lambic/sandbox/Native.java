package dev.lambic.sandbox;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

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

  private static final int ERRNO_AT = 0;
  private static final long HERE = -100; // AT_FDCWD
  private static final long REMOVE_DIRECTORY = 0x200;

  /**
   * One handle for all calls, by the number of each: to make a handle takes more than most of the
   * calls that it is for ever used for.
   */
  private static final MethodHandle SYSCALL = handle();

  private Native() {}

  private static MethodHandle handle() {
    Linker linker = Linker.nativeLinker();
    MemoryLayout[] arguments = new MemoryLayout[7];
    Arrays.fill(arguments, JAVA_LONG);
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("syscall"),
        FunctionDescriptor.of(JAVA_LONG, arguments),
        Linker.Option.firstVariadicArg(1),
        Linker.Option.captureCallState("errno"));
  }

  /** The calls with their numbers, which are the kernel's and differ between processors. */
  private enum Syscall {
    READ(0, 63),
    WRITE(1, 64),
    CLOSE(3, 57),
    IOCTL(16, 29),
    PREAD64(17, 67),
    SOCKET(41, 198),
    SENDMSG(46, 211),
    RECVMSG(47, 212),
    SHUTDOWN(48, 210),
    BIND(49, 200),
    LISTEN(50, 201),
    KILL(62, 129),
    FCNTL(72, 25),
    EPOLL_CTL(233, 21),
    OPENAT(257, 56),
    MKDIRAT(258, 34),
    UNLINKAT(263, 35),
    PPOLL(271, 73),
    EPOLL_PWAIT(281, 22),
    ACCEPT4(288, 242),
    EVENTFD2(290, 19),
    EPOLL_CREATE1(291, 20),
    PIPE2(293, 59),
    SETNS(308, 268);

    final long number;

    Syscall(int amd64, int aarch64) {
      number = isAmd64() ? amd64 : aarch64;
    }

    private static boolean isAmd64() {
      return System.getProperty("os.arch").equals("amd64");
    }
  }

  private static long call(Syscall what, long a, long b, long c, long d, long e, long f) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
      long result = (long) SYSCALL.invokeExact(state, what.number, a, b, c, d, e, f);
      return result < 0 ? -state.get(JAVA_INT, ERRNO_AT) : result;
    } catch (RuntimeException | Error e1) {
      throw e1;
    } catch (Throwable e1) {
      throw new IllegalStateException(e1);
    }
  }

  private static long call(Syscall what, long a, long b, long c, long d) {
    return call(what, a, b, c, d, 0, 0);
  }

  private static long call(Syscall what, long a, long b, long c) {
    return call(what, a, b, c, 0, 0, 0);
  }

  static int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path).address();
      return (int) call(Syscall.OPENAT, HERE, name, flags | O_CLOEXEC, 0);
    }
  }

  @SuppressWarnings("UnusedReturnValue")
  static int close(int fd) {
    return (int) call(Syscall.CLOSE, fd, 0, 0);
  }

  /** A second descriptor for the same thing. */
  static int duplicate(int fd) {
    return (int) call(Syscall.FCNTL, fd, F_DUPFD_CLOEXEC, 3);
  }

  static long read(int fd, MemorySegment into) {
    return call(Syscall.READ, fd, into.address(), into.byteSize());
  }

  /** Reads at a place of the file, whatever was read of it before. */
  static long readAt(int fd, MemorySegment into, long offset) {
    return call(Syscall.PREAD64, fd, into.address(), into.byteSize(), offset);
  }

  static long write(int fd, MemorySegment bytes) {
    return call(Syscall.WRITE, fd, bytes.address(), bytes.byteSize());
  }

  static int mkdir(String path, int mode) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) call(Syscall.MKDIRAT, HERE, arena.allocateFrom(path).address(), mode);
    }
  }

  static int rmdir(String path) {
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom(path).address();
      return (int) call(Syscall.UNLINKAT, HERE, name, REMOVE_DIRECTORY);
    }
  }

  @SuppressWarnings("UnusedReturnValue")
  static int kill(int pid, int signal) {
    return (int) call(Syscall.KILL, pid, signal, 0);
  }

  /** Moves the calling thread, which must be a platform thread, into a namespace. */
  static int setns(int fd, int kind) {
    return (int) call(Syscall.SETNS, fd, kind, 0);
  }

  /** A pipe's ends. */
  record Pipe(int readEnd, int writeEnd) {}

  /** A pipe whose read end does not block. */
  static Pipe pipe() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ends = arena.allocate(JAVA_INT, 2);
      long result = call(Syscall.PIPE2, ends.address(), O_CLOEXEC, 0);
      if (result < 0) {
        throw new SandboxException("pipe", (int) -result, "");
      }
      Pipe pipe = new Pipe(ends.getAtIndex(JAVA_INT, 0), ends.getAtIndex(JAVA_INT, 1));
      long set = call(Syscall.FCNTL, pipe.readEnd, F_SETFL, O_NONBLOCK);
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
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(JAVA_INT);
      int result = (int) call(Syscall.IOCTL, fd, FIONREAD, count.address());
      return result < 0 ? result : count.get(JAVA_INT, 0);
    }
  }

  /** A listening socket of packets at a path of at most 107 bytes. */
  static int listenForPackets(String path) {
    int fd = (int) call(Syscall.SOCKET, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return fd;
    }
    long result;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(110);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      address.setString(2, path);
      result = call(Syscall.BIND, fd, address.address(), address.byteSize());
    }
    if (result == 0) {
      result = call(Syscall.LISTEN, fd, 1, 0);
    }
    if (result < 0) {
      close(fd);
      return (int) result;
    }
    return fd;
  }

  static int accept(int fd) {
    return (int) call(Syscall.ACCEPT4, fd, 0, 0, SOCK_CLOEXEC);
  }

  /** Ends both directions, so that a thread that waits for a message gets none. */
  @SuppressWarnings("UnusedReturnValue")
  static int shutdown(int fd) {
    return (int) call(Syscall.SHUTDOWN, fd, 2, 0);
  }

  /**
   * Sends a message.
   *
   * @param header with addresses of segments that have to stay alive for the call
   */
  static long sendmsg(int fd, MemorySegment header, int flags) {
    return call(Syscall.SENDMSG, fd, header.address(), flags);
  }

  /** Receives one; as {@link #sendmsg}. */
  static long recvmsg(int fd, MemorySegment header, int flags) {
    return call(Syscall.RECVMSG, fd, header.address(), flags);
  }

  /** Waits until the descriptor is readable; 0 if it was not in time. */
  static int pollReadable(int fd, int milliseconds) {
    return poll(fd, POLLIN, milliseconds);
  }

  static int poll(int fd, int events, int milliseconds) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(8, 4);
      entry.set(JAVA_INT, 0, fd);
      entry.set(ValueLayout.JAVA_SHORT, 4, (short) events);
      MemorySegment limit = MemorySegment.NULL;
      if (milliseconds >= 0) {
        limit = arena.allocate(JAVA_LONG, 2);
        limit.setAtIndex(JAVA_LONG, 0, milliseconds / 1000);
        limit.setAtIndex(JAVA_LONG, 1, milliseconds % 1000 * 1_000_000L);
      }
      return (int) call(Syscall.PPOLL, entry.address(), 1, limit.address(), 0);
    }
  }

  static int epollCreate() {
    return (int) call(Syscall.EPOLL_CREATE1, O_CLOEXEC, 0, 0);
  }

  static int epollControl(int epoll, int operation, int fd, MemorySegment event) {
    return (int) call(Syscall.EPOLL_CTL, epoll, operation, fd, event.address());
  }

  static int epollWait(int epoll, MemorySegment events, int max, int milliseconds) {
    return (int) call(Syscall.EPOLL_PWAIT, epoll, events.address(), max, milliseconds);
  }

  static int eventFd() {
    return (int) call(Syscall.EVENTFD2, 0, O_CLOEXEC, 0);
  }
}
