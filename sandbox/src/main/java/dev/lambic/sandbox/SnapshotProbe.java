package dev.lambic.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** Finds out whether programs can be checkpointed and restored on this host, by doing it. */
public final class SnapshotProbe {
  private static final Limits LIMITS = new Limits(64L << 20, 0, 100);
  private static final int SECONDS = 30;

  private SnapshotProbe() {}

  /**
   * What was found.
   *
   * @param why why not; empty if it works
   */
  public record Result(boolean works, String why) {}

  /**
   * Tries; takes about a tenth of a second and leaves nothing behind.
   *
   * @param scratch directory for a while
   */
  public static Result run(Sandboxes sandboxes, Criu criu, Path scratch) {
    try {
      Path images = Files.createTempDirectory(scratch, "probe");
      try {
        Checkpoint taken = checkpoint(sandboxes, criu, images);
        restore(sandboxes, criu, images, taken);
        return new Result(true, "");
      } finally {
        delete(images);
      }
    } catch (SandboxException e) {
      return new Result(false, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return new Result(false, scratch + ": " + e.getMessage());
    }
  }

  private static Checkpoint checkpoint(Sandboxes sandboxes, Criu criu, Path images) {
    Sandbox sandbox = sandboxes.create(spec("probe-checkpoint"));
    try {
      // An end follows, and nobody waits for it.
      var _ =
          sandbox.start(
              new Command(List.of("/usr/bin/sleep", "1000"), List.of(), "/"), (bytes, n) -> {});
      return sandbox.checkpoint(criu, images, LIMITS.memoryBytes());
    } finally {
      end(sandbox);
    }
  }

  private static void restore(Sandboxes sandboxes, Criu criu, Path images, Checkpoint taken) {
    Sandbox sandbox = sandboxes.create(spec("probe-restore"));
    try {
      SandboxProcess process = sandbox.restore(criu, images, taken, (bytes, n) -> {});
      process.signal(ProcessExit.SIGKILL);
      await(process.exit());
    } finally {
      end(sandbox);
    }
  }

  private static SandboxSpec spec(String name) {
    return new SandboxSpec(
        name, LIMITS, SandboxConfig.READY_TMP_BYTES, "localhost", Optional.empty(), true);
  }

  private static void end(Sandbox sandbox) {
    sandbox.kill();
    await(sandbox.gone());
  }

  private static void await(CompletableFuture<?> what) {
    try {
      what.get(SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new SandboxException("probe", Errno.ETIMEDOUT, "", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException("probe", Errno.EINTR, "", e);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
