package dev.lambic.sandbox;

import dev.lambic.kernel.FaultHandler;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One launcher process and the conversation with it.
 *
 * <p>A platform thread of its own starts it, receives what it says until it ends, and then tells
 * every shell that it is lost. Everybody else sends and waits, with a deadline. The process ends
 * when its connection does, after it ended what it made.
 */
final class Launcher {
  /** Takes the events of one shell; on the launcher's thread, so it must not block. */
  interface ShellListener {
    void exited(int process, ProcessExit exit);

    /** Nothing of the shell's processes is left, or the launcher is lost and nobody knows. */
    void shellEnded();
  }

  private static final int START_MILLISECONDS = 20_000;
  private static final int REPLY_MILLISECONDS = 30_000;
  private static final int SOCKET_SLICE_MILLISECONDS = 100;

  private final LauncherFiles files;
  private final SandboxConfig config;
  private final long firstHostId;
  private final FaultHandler faults;
  private final CompletableFuture<PacketSocket> connected = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Map<Integer, CompletableFuture<Reply>> waiting = new ConcurrentHashMap<>();
  private final Map<Integer, ShellListener> shells = new ConcurrentHashMap<>();
  private final AtomicInteger requests = new AtomicInteger();
  private volatile boolean over;
  private volatile String tmpInMemory = "";

  private Launcher(
      LauncherFiles files, SandboxConfig config, long firstHostId, FaultHandler faults) {
    this.files = files;
    this.config = config;
    this.firstHostId = firstHostId;
    this.faults = faults;
  }

  /** Starts a launcher; the first request waits until it is ready. */
  static Launcher start(
      LauncherFiles files, SandboxConfig config, long firstHostId, FaultHandler faults) {
    Launcher launcher = new Launcher(files, config, firstHostId, faults);
    Thread.ofPlatform().daemon().name("lambic-launcher").start(launcher::run);
    return launcher;
  }

  /** Whether it has ended or never started. */
  boolean over() {
    return over;
  }

  /** Completes when the process has ended. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** Why {@code /tmp} counts as memory; empty if it does not. Waits until the process is ready. */
  String tmpInMemory() {
    socket();
    return tmpInMemory;
  }

  /** From now on until it is gone, the listener hears of the shell in the slot. */
  void listen(int slot, ShellListener listener) {
    shells.put(slot, listener);
    if (over) {
      lose(slot);
    }
  }

  Message message(int type, int slot, String step) {
    return new Message(type, requests.incrementAndGet(), slot, step);
  }

  /**
   * Sends and waits for the answer.
   *
   * @param attached descriptor to pass on, -1 for none
   */
  Reply request(Message message, int attached) {
    return request(message, attached, REPLY_MILLISECONDS);
  }

  /** The same with a deadline of its own. */
  Reply request(Message message, int attached, int milliseconds) {
    PacketSocket socket = socket();
    var bytes = message.bytes();
    int request = bytes.getInt(4);
    CompletableFuture<Reply> answer = new CompletableFuture<>();
    waiting.put(request, answer);
    try {
      int sent = socket.send(bytes, attached);
      if (sent < 0 || over) {
        throw new SandboxException("launcher", sent < 0 ? -sent : Errno.EPIPE, "");
      }
      Reply reply = awaitReply(answer, milliseconds);
      if (reply.type() == Reply.FAILED) {
        throw reply.failure();
      }
      return reply;
    } finally {
      waiting.remove(request);
    }
  }

  /** Sends without waiting; false if the launcher is not there. */
  boolean tell(Message message) {
    return !over
        && connected.state() == Future.State.SUCCESS
        && connected.resultNow().send(message.bytes(), -1) == 0;
  }

  /** Ends the process and with it all shells. */
  void stop() {
    over = true;
    if (!connected.completeExceptionally(SandboxException.dead("launcher stopped"))
        && !connected.isCompletedExceptionally()) {
      connected.join().shutdown();
    }
  }

  private PacketSocket socket() {
    return await(connected, START_MILLISECONDS);
  }

  private static Reply awaitReply(CompletableFuture<Reply> answer, int milliseconds) {
    try {
      return await(answer, milliseconds);
    } catch (SandboxException e) {
      if (!answer.cancel(false) && !answer.isCompletedExceptionally()) {
        answer.join().closeDescriptor(); // it came in this very moment
      }
      throw e;
    }
  }

  private static <T> T await(CompletableFuture<T> future, int milliseconds) {
    try {
      return future.get(milliseconds, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SandboxException failure) {
        throw new SandboxException(failure.step(), failure.errno(), failure.path(), failure);
      }
      throw new SandboxException("launcher", 0, String.valueOf(e.getCause()), e);
    } catch (TimeoutException e) {
      throw new SandboxException("launcher", Errno.ETIMEDOUT, "", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException("launcher", Errno.EINTR, "", e);
    }
  }

  /** The launcher's thread. */
  private void run() {
    Process process = null;
    PacketSocket socket = null;
    SandboxException end = SandboxException.dead("launcher ended");
    try {
      int listener = listenForLauncher();
      try {
        process = spawn();
        socket = new PacketSocket(accept(listener, process));
      } finally {
        Native.close(listener);
        Files.deleteIfExists(files.socket());
      }
      greet(socket);
      while (receive(socket)) {
        // all done by receive
      }
    } catch (SandboxException e) {
      end = e;
    } catch (IOException e) {
      end = new SandboxException("launcher", 0, String.valueOf(e.getMessage()), e);
    } catch (RuntimeException | Error e) {
      faults.fault("launcher", e);
      end = new SandboxException("launcher", 0, e.toString(), e);
    } finally {
      finish(process, socket, end);
    }
  }

  private int listenForLauncher() throws IOException {
    Files.deleteIfExists(files.socket());
    int directory = Native.open(files.work().toString(), Native.O_PATH);
    if (directory < 0) {
      throw new SandboxException("launcher", -directory, files.work().toString());
    }
    try {
      // Through the descriptor, for the name of a socket has a short limit.
      Path name = Path.of("/proc/self/fd/" + directory).resolve(files.socket().getFileName());
      int listener = Native.listenForPackets(name.toString());
      if (listener < 0) {
        throw new SandboxException("launcher", -listener, files.socket().toString());
      }
      return listener;
    } finally {
      Native.close(directory);
    }
  }

  private Process spawn() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                files.launcher().toString(),
                "run",
                files.work().toString(),
                files.work().toString(),
                files.etc().toString(),
                Long.toString(firstHostId),
                Integer.toString(config.readyTmps()),
                config.hostLocal() ? "1" : "0"));
    builder.environment().clear();
    builder.redirectInput(Redirect.from(new File("/dev/null")));
    builder.redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD);
    return builder.start();
  }

  private static int accept(int listener, Process process) {
    for (int waited = 0; waited < START_MILLISECONDS; waited += SOCKET_SLICE_MILLISECONDS) {
      if (Native.pollReadable(listener, SOCKET_SLICE_MILLISECONDS) > 0) {
        int fd = Native.accept(listener);
        if (fd < 0) {
          throw new SandboxException("launcher", -fd, "accept");
        }
        return fd;
      }
      if (!process.isAlive()) {
        throw new SandboxException("launcher", 0, "ended with status " + process.exitValue());
      }
    }
    throw new SandboxException("launcher", Errno.ETIMEDOUT, "accept");
  }

  private void greet(PacketSocket socket) {
    Reply greeting = socket.receive();
    if (greeting == null) {
      throw SandboxException.dead("launcher ended at its start");
    }
    if (greeting.type() == Reply.FAILED) {
      throw greeting.failure();
    }
    tmpInMemory = greeting.text();
    if (!connected.complete(socket)) {
      throw SandboxException.dead("launcher stopped");
    }
  }

  private boolean receive(PacketSocket socket) {
    Reply reply = socket.receive();
    if (reply == null) {
      return false;
    }
    switch (reply.type()) {
      case Reply.DONE, Reply.FAILED -> {
        CompletableFuture<Reply> answer = waiting.remove(reply.request());
        if (answer == null || !answer.complete(reply)) {
          reply.closeDescriptor();
        }
      }
      case Reply.EXITED -> {
        ShellListener shell = shells.get(reply.slot());
        if (shell != null) {
          int process = reply.number();
          shell.exited(process, new ProcessExit(reply.number(), reply.number()));
        }
      }
      case Reply.GONE -> lose(reply.slot());
      default -> throw new SandboxException("launcher", 0, "message " + reply.type());
    }
    return true;
  }

  private void lose(int slot) {
    ShellListener shell = shells.remove(slot);
    if (shell != null) {
      shell.shellEnded();
    }
  }

  private void finish(
      @Nullable Process process, @Nullable PacketSocket socket, SandboxException end) {
    over = true;
    connected.completeExceptionally(end);
    if (socket != null) {
      socket.close();
    }
    if (process != null) {
      reap(process);
    }
    waiting.values().forEach(answer -> answer.completeExceptionally(end));
    List.copyOf(shells.keySet()).forEach(this::lose);
    ended.complete(null);
  }

  /** It ends by itself when its socket is closed; this is for the case that it does not. */
  private void reap(Process process) {
    try {
      if (!process.waitFor(7, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          faults.fault("launcher", new IllegalStateException("the launcher does not end"));
        }
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
