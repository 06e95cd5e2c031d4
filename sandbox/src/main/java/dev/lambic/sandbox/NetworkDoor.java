package dev.lambic.sandbox;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Opens channels inside the network namespaces of sandboxes.
 *
 * <p>A socket belongs to the namespace in which its thread is when it is made. So one platform
 * thread enters the sandbox's, opens the channel, and comes back; nobody else ever runs on it.
 */
final class NetworkDoor implements AutoCloseable {
  private static final int QUEUE = 10_000;
  private static final int WAIT_MILLISECONDS = 10_000;
  private static final int BACKLOG = 128;
  private static final byte[] LOOPBACK = {127, 0, 0, 1};

  private final int home;
  private final ThreadPoolExecutor thread;

  NetworkDoor() {
    home = Native.open("/proc/self/ns/net", Native.O_RDONLY);
    if (home < 0) {
      throw new SandboxException("open-network", -home, "/proc/self/ns/net");
    }
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(QUEUE),
            Thread.ofPlatform().daemon().name("lambic-network-door").factory());
  }

  /**
   * A channel that listens on 127.0.0.1 in the namespace.
   *
   * @param network descriptor of the namespace, owned by this call
   */
  ServerSocketChannel listen(int network, int port) {
    return there(network, "listen", "port " + port, () -> openChannel(port));
  }

  /**
   * A socket of the namespace that is not connected yet, in blocking mode.
   *
   * @param network descriptor of the namespace, owned by this call
   */
  SocketChannel socket(int network) {
    return there(network, "socket", "", () -> SocketChannel.open(StandardProtocolFamily.INET));
  }

  /** Opens a channel. */
  @FunctionalInterface
  private interface Opening<C extends Channel> {
    C open() throws IOException;
  }

  private <C extends Channel> C there(int network, String step, String what, Opening<C> opening) {
    CompletableFuture<C> opened = new CompletableFuture<>();
    try {
      thread.execute(() -> open(network, opening, opened));
    } catch (RejectedExecutionException e) {
      Native.close(network);
      throw new SandboxException(step, Errno.EAGAIN, what, e);
    }
    try {
      return opened.get(WAIT_MILLISECONDS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SandboxException failure) {
        throw new SandboxException(failure.step(), failure.errno(), failure.path(), failure);
      }
      int errno = e.getCause() instanceof BindException ? Errno.EADDRINUSE : 0;
      throw new SandboxException(step, errno, what + ": " + e.getCause(), e);
    } catch (TimeoutException e) {
      throw abandon(opened, new SandboxException(step, Errno.ETIMEDOUT, what, e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw abandon(opened, new SandboxException(step, Errno.EINTR, what, e));
    }
  }

  /** Sees to it that a channel which is opened after all is closed again. */
  private static <C extends Channel> SandboxException abandon(
      CompletableFuture<C> opened, SandboxException why) {
    if (!opened.completeExceptionally(why) && !opened.isCompletedExceptionally()) {
      closeQuietly(opened.join());
    }
    return why;
  }

  private <C extends Channel> void open(
      int network, Opening<C> opening, CompletableFuture<C> opened) {
    try {
      C channel = openThere(network, opening);
      if (!opened.complete(channel)) {
        closeQuietly(channel);
      }
    } catch (IOException | RuntimeException e) {
      opened.completeExceptionally(e);
    } finally {
      Native.close(network);
    }
  }

  private <C extends Channel> C openThere(int network, Opening<C> opening) throws IOException {
    int entered = Native.setns(network, Native.CLONE_NEWNET);
    if (entered < 0) {
      throw new SandboxException("setns-network", -entered, "");
    }
    try {
      return opening.open();
    } finally {
      comeHome();
    }
  }

  private void comeHome() {
    int result = Native.setns(home, Native.CLONE_NEWNET);
    if (result < 0) {
      thread.shutdownNow(); // this thread must not serve anybody any more
      throw new SandboxException("setns-home", -result, "");
    }
  }

  private static ServerSocketChannel openChannel(int port) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.INET);
    try {
      channel.bind(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port), BACKLOG);
      return channel;
    } catch (IOException | RuntimeException e) {
      closeQuietly(channel);
      throw e;
    }
  }

  static void closeQuietly(Channel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing that was not lost before can be lost by it.
    }
  }

  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(WAIT_MILLISECONDS, TimeUnit.MILLISECONDS)) {
        return; // it still needs its way home
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    Native.close(home);
  }
}
