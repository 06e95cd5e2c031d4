package dev.lambic.runtime;

import dev.lambic.sandbox.Checkpoint;
import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.Criu;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.MemoryUsage;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.ProcessExit;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxProcess;
import dev.lambic.sandbox.SandboxSpec;
import dev.lambic.sandbox.Sandboxes;
import dev.lambic.sandbox.SharedMount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One sandbox that isolates nothing: its ports are ports of this machine, its program is a test.
 */
final class FakeSandboxes implements Sandboxes {
  final List<String> calls = new CopyOnWriteArrayList<>();
  final Map<Integer, ServerSocketChannel> ports = new LinkedHashMap<>();
  final List<ReadOnlyMount> mounts = new ArrayList<>();
  final List<SharedMount> shared = new ArrayList<>();
  CompletableFuture<ProcessExit> exit = new CompletableFuture<>();
  final CompletableFuture<Void> gone = new CompletableFuture<>();
  @Nullable SandboxSpec spec;
  volatile @Nullable Command command;
  volatile @Nullable OutputListener output;
  @Nullable Limits limits;
  @Nullable RuntimeException failing;
  String failAt = "";

  /** Told of the files that are restored, while they are. */
  Consumer<Path> restoring = images -> {};

  private void step(String name) {
    calls.add(name);
    if (name.equals(failAt) && failing != null) {
      throw failing;
    }
  }

  @Override
  public Sandbox create(SandboxSpec wanted) {
    spec = wanted;
    step("create");
    return new Box();
  }

  @Override
  public void close() {
    calls.add("close");
  }

  private final class Box implements Sandbox {
    @Override
    public String name() {
      return "box";
    }

    @Override
    public ServerSocketChannel listen(int port) {
      step("listen");
      try {
        ServerSocketChannel channel = ServerSocketChannel.open();
        channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        ports.put(port, channel);
        return channel;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public SocketChannel connect(int port, Duration limit) throws IOException {
      SocketChannel channel = SocketChannel.open();
      channel
          .socket()
          .connect(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
              (int) limit.toMillis());
      return channel;
    }

    @Override
    public void attach(List<ReadOnlyMount> more) {
      step("attach");
      mounts.addAll(more);
    }

    @Override
    public void share(List<SharedMount> more) {
      if (!more.isEmpty()) {
        step("share");
        shared.addAll(more);
      }
    }

    @Override
    public SandboxProcess start(Command wanted, OutputListener listener) {
      step("start");
      output = listener;
      exit = new CompletableFuture<>();
      command = wanted;
      return new Program(exit);
    }

    @Override
    public SandboxProcess restore(Criu criu, Path images, Checkpoint of, OutputListener listener) {
      restoring.accept(images);
      step("restore");
      exit = new CompletableFuture<>();
      return new Program(exit);
    }

    @Override
    public void limit(Limits wanted) {
      step("limit");
      limits = wanted;
    }

    @Override
    public void freeze() {
      step("freeze");
    }

    @Override
    public void thaw() {
      step("thaw");
    }

    @Override
    public void clear() {
      step("clear");
    }

    @Override
    public MemoryUsage memory() {
      return new MemoryUsage(1, 7L << 20, 0);
    }

    @Override
    public long peakMemory() {
      return 7L << 20;
    }

    @Override
    public void resetMemoryPeak() {
      step("resetMemoryPeak");
    }

    @Override
    public void kill() {
      calls.add("kill");
    }

    @Override
    public CompletableFuture<Void> gone() {
      return gone;
    }
  }

  private final class Program implements SandboxProcess {
    private final CompletableFuture<ProcessExit> exit;

    Program(CompletableFuture<ProcessExit> exit) {
      this.exit = exit;
    }

    @Override
    public CompletableFuture<ProcessExit> exit() {
      return exit;
    }

    @Override
    public void drain() {
      step("drain");
    }

    @Override
    public boolean drainNow() {
      step("drainNow");
      return true;
    }

    @Override
    public void signal(int signal) {
      step("signal " + signal);
    }
  }
}
