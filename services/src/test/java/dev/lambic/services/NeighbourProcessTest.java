package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Only the process that was started is taken for it, and none that was given up stays. */
final class NeighbourProcessTest {
  @TempDir private Path directory;

  @BeforeEach
  void install() throws IOException {
    Files.createDirectory(directory.resolve("installation"));
  }

  /** Listens if it is told to, and stays until its parent ends. */
  public static final class Listener {
    private Listener() {}

    /** The name of a directory, by which the process is found, and a port or 0. */
    public static void main(String[] args) throws IOException {
      int port = Integer.parseInt(args[1]);
      if (port == 0) {
        System.in.read();
        return;
      }
      ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
      Files.createFile(Path.of(System.getProperty("lambic.ready")));
      System.in.read();
      socket.close();
    }
  }

  /** A minute passes in sixty looks at it. */
  private static final class Hasty implements Ticker {
    private final AtomicLong seconds = new AtomicLong();

    @Override
    public long nanos() {
      return Duration.ofSeconds(seconds.incrementAndGet()).toNanos();
    }

    @Override
    public Instant instant() {
      return Instant.EPOCH.plusSeconds(seconds.get());
    }
  }

  private NeighbourProcess process(Ticker ticker, IntFunction<String> port) {
    return new NeighbourProcess(
        new NeighbourProcess.Program(
            "Test",
            "test",
            directory.resolve("installation"),
            directory.resolve("data"),
            List.of("-Xmx32m"),
            Listener.class,
            free -> List.of(directory.toString(), port.apply(free))),
        directory.resolve("log"),
        ticker);
  }

  private boolean isRunning() {
    return ProcessHandle.current()
        .children()
        .anyMatch(child -> child.info().commandLine().orElse("").contains(directory.toString()));
  }

  private void awaitEnd() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (isRunning() && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(isRunning()).isFalse();
  }

  @Test
  void whatListensIsReadyAndEndsWithTheServer() {
    try (NeighbourProcess process = process(Ticker.system(), Integer::toString)) {
      int port = process.port();
      assertThat(process.port()).isEqualTo(port);
      assertThat(isRunning()).isTrue();
    }
    awaitEnd();
    assertThat(directory.resolve("log.ready")).doesNotExist();
  }

  @Test
  void aStrangerOnThePortIsNotTakenForIt() throws IOException {
    Stranger stranger = new Stranger();
    try (NeighbourProcess process = process(new Hasty(), stranger)) {
      assertThatThrownBy(process::port)
          .isInstanceOf(LambicException.class)
          .hasMessageContaining("did not listen in time");
      awaitEnd();
    } finally {
      stranger.close();
    }
  }

  /** Takes the port before the process can, which then does not listen. */
  private static final class Stranger implements IntFunction<String>, AutoCloseable {
    private final List<ServerSocket> sockets = new CopyOnWriteArrayList<>();

    @Override
    public String apply(int port) {
      try {
        sockets.add(new ServerSocket(port, 1, InetAddress.getLoopbackAddress()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return "0";
    }

    @Override
    public void close() throws IOException {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  @Test
  void aProcessThatNobodyWaitsForAnyLongerIsEnded() throws InterruptedException {
    try (NeighbourProcess process = process(Ticker.system(), port -> "0")) {
      Thread asking =
          Thread.ofPlatform()
              .start(() ->
                  assertThatThrownBy(process::port)
                      .isInstanceOf(LambicException.class)
                      .hasMessage("Interrupted."));
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (!isRunning() && System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      asking.interrupt();
      assertThat(asking.join(Duration.ofSeconds(30))).isTrue();
      awaitEnd();
    }
  }
}
