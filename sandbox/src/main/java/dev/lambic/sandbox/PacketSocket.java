package dev.lambic.sandbox;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The connection to a launcher: whole messages, at most one descriptor with each.
 *
 * <p>Any thread sends; one thread receives.
 */
final class PacketSocket {
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int POLLOUT = 4;
  private static final int SEND_MILLISECONDS = 10_000;
  private static final int RECEIVE_BYTES = 4096;

  /** Sizes of C structures, the same on all 64-bit systems. */
  private static final int MSGHDR = 56;

  private static final int IOVEC = 16;
  private static final int CMSG_HEADER = 16;
  private static final int CMSG_SPACE = 24;

  private final int fd;
  private boolean closed;

  PacketSocket(int fd) {
    this.fd = fd;
  }

  /**
   * Sends one message.
   *
   * @param attached descriptor to pass on, which stays open here; -1 for none
   * @return 0 or the negated error number
   */
  int send(ByteBuffer message, int attached) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(message.remaining());
      data.copyFrom(MemorySegment.ofBuffer(message));
      MemorySegment header = header(arena, data, attached >= 0);
      if (attached >= 0) {
        MemorySegment control = header.get(ADDRESS, 32).reinterpret(CMSG_SPACE);
        control.set(JAVA_LONG, 0, CMSG_HEADER + 4);
        control.set(JAVA_INT, 8, SOL_SOCKET);
        control.set(JAVA_INT, 12, SCM_RIGHTS);
        control.set(JAVA_INT, 16, attached);
      }
      int result = trySend(header);
      if (result == -Errno.EAGAIN && Native.poll(fd, POLLOUT, SEND_MILLISECONDS) > 0) {
        result = trySend(header);
      }
      data.fill((byte) 0); // environments carry secrets
      return result;
    }
  }

  private int trySend(MemorySegment header) {
    synchronized (this) {
      if (closed) {
        return -Errno.EPIPE;
      }
      return (int) Math.min(0, Native.sendmsg(fd, header, MSG_NOSIGNAL | MSG_DONTWAIT));
    }
  }

  /** The next message, waiting for it; null when the other side is gone. */
  @Nullable Reply receive() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(RECEIVE_BYTES, 8);
      MemorySegment header = header(arena, data, true);
      long length;
      do {
        length = Native.recvmsg(fd, header, MSG_CMSG_CLOEXEC);
      } while (length == -Errno.EINTR);
      if (length < 12) {
        return null;
      }
      ByteBuffer copy =
          ByteBuffer.wrap(data.asSlice(0, length).toArray(JAVA_BYTE))
              .order(ByteOrder.nativeOrder());
      return new Reply(copy.getInt(), copy.getInt(), copy.getInt(), copy, descriptor(header));
    }
  }

  /** Makes {@link #receive} answer null from now on. */
  void shutdown() {
    synchronized (this) {
      if (!closed) {
        Native.shutdown(fd);
      }
    }
  }

  /** Frees the descriptor; called by the receiving thread when it is done. */
  void close() {
    synchronized (this) {
      if (!closed) {
        closed = true;
        Native.close(fd);
      }
    }
  }

  private static MemorySegment header(Arena arena, MemorySegment data, boolean control) {
    MemorySegment vector = arena.allocate(IOVEC, 8);
    vector.set(ADDRESS, 0, data);
    vector.set(JAVA_LONG, 8, data.byteSize());
    MemorySegment header = arena.allocate(MSGHDR, 8);
    header.set(ADDRESS, 16, vector);
    header.set(JAVA_LONG, 24, 1);
    if (control) {
      header.set(ADDRESS, 32, arena.allocate(CMSG_SPACE, 8));
      header.set(JAVA_LONG, 40, CMSG_SPACE);
    }
    return header;
  }

  private static int descriptor(MemorySegment header) {
    if (header.get(JAVA_LONG, 40) < CMSG_HEADER + 4) {
      return -1;
    }
    MemorySegment control = header.get(ADDRESS, 32).reinterpret(CMSG_SPACE);
    boolean rights =
        control.get(JAVA_INT, 8) == SOL_SOCKET && control.get(JAVA_INT, 12) == SCM_RIGHTS;
    return rights ? control.get(JAVA_INT, 16) : -1;
  }
}
