package dev.lambic.runtime;

import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxProcess;
import dev.lambic.sandbox.SandboxSpec;
import dev.lambic.sandbox.Sandboxes;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Runs the compiler of a language over a tree, in a sandbox that has the tree, the runtime and
 * nothing else: no variables, no credentials, no channel to this server but what it prints.
 *
 * <p>The sources are hostile input to a parser. Memory, processes, time and output are bounded;
 * whatever happens in the sandbox costs the result and no more. For one thread at a time, but for
 * {@link #close}.
 */
final class CodeCompiler implements AutoCloseable {
  /** How a compiler ended. */
  enum End {
    WELL,
    /** By what it was given, so it would end so again. */
    BADLY,
    /** By a signal or for want of time or memory, of which there may be more at another time. */
    EARLY
  }

  /** The most that is taken of what a compiler prints. */
  static final long MAX_BYTES = 64L << 20;

  private static final Limits LIMITS = new Limits(768 * Cells.MIB, 0.5, 64);
  private static final long TMP_BYTES = 64 * Cells.MIB;
  private static final String HOST_NAME = "169-254-100-1";

  /** How long one compiler may take. */
  static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(180);

  private static final long LOOK_MILLIS = 100;

  private final Sandboxes sandboxes;
  private final Services services;
  private final long patienceNanos;
  private volatile boolean closed;
  private volatile @Nullable Sandbox running;

  CodeCompiler(Sandboxes sandboxes, Services services, long patienceNanos) {
    this.sandboxes = sandboxes;
    this.services = services;
    this.patienceNanos = patienceNanos;
  }

  /**
   * Compiles a tree; waits for minutes at most.
   *
   * @param place where the tree is seen inside
   * @param output takes what the compiler printed, and is of no use unless it ended well
   * @throws IOException if the output cannot be written
   * @throws dev.lambic.kernel.LambicException if the host refuses a step
   */
  End compile(CompiledLanguage language, RuntimeTarget target, Path tree, String place, Path output)
      throws IOException, InterruptedException {
    List<ReadOnlyMount> mounts = new ArrayList<>(target.mounts());
    mounts.add(new ReadOnlyMount(tree, place));
    SandboxSpec spec =
        new SandboxSpec(
            "compiler-" + services.ids().hex32().substring(0, 16),
            LIMITS,
            TMP_BYTES,
            HOST_NAME,
            target.root().map(ContainerRoot::directory));
    try (Sandbox sandbox = sandboxes.create(spec);
        OutputStream out = Files.newOutputStream(output)) {
      running = sandbox;
      sandbox.attach(mounts);
      Printed printed = new Printed();
      Command command = new Command(language.command(target, place), variables(target), "/");
      return take(sandbox.start(command, printed), printed, out);
    } finally {
      running = null;
    }
  }

  private static List<String> variables(RuntimeTarget target) {
    List<String> variables =
        new ArrayList<>(
            List.of(
                "PATH=" + Variables.PATH,
                // Where interpreters find their own libraries.
                "LD_LIBRARY_PATH=" + Variables.LIBRARY_PATH,
                "LC_CTYPE=C.UTF-8"));
    target.root().ifPresent(root -> variables.addAll(Variables.pairs(root.variables())));
    return variables;
  }

  private End take(SandboxProcess process, Printed printed, OutputStream out)
      throws IOException, InterruptedException {
    long end = services.ticker().nanos() + patienceNanos;
    while (!process.exit().isDone()) {
      if (printed.isTooMuch()) {
        return End.BADLY;
      }
      if (closed || services.ticker().nanos() - end > 0) {
        return End.EARLY;
      }
      byte[] piece = printed.pieces.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      if (piece != null) {
        out.write(piece);
      }
    }
    process.drain();
    for (byte[] piece = printed.pieces.poll(); piece != null; piece = printed.pieces.poll()) {
      out.write(piece);
    }
    if (closed || process.exit().resultNow().signal() != 0) {
      return End.EARLY;
    }
    boolean well = process.exit().resultNow().code() == 0 && !printed.isTooMuch();
    return well ? End.WELL : End.BADLY;
  }

  /** Ends what runs; nothing succeeds any more. */
  @Override
  public void close() {
    closed = true;
    Sandbox sandbox = running;
    if (sandbox != null) {
      sandbox.kill();
    }
  }

  /** What a process prints, on its way to a file, for which its listener must not wait. */
  private static final class Printed implements OutputListener {
    final LinkedBlockingQueue<byte[]> pieces = new LinkedBlockingQueue<>();
    private final AtomicLong bytes = new AtomicLong();

    @Override
    public void output(byte[] more, int length) {
      if (bytes.addAndGet(length) <= MAX_BYTES) {
        byte[] piece = new byte[length];
        System.arraycopy(more, 0, piece, 0, length);
        pieces.add(piece);
      }
    }

    boolean isTooMuch() {
      return bytes.get() > MAX_BYTES;
    }
  }
}
