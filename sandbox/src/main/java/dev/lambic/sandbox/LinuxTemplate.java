package dev.lambic.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A template of the launcher.
 *
 * <p>Its sandbox has to stay as long as there are sandboxes made for it, for their pid namespaces
 * lie in its own.
 */
final class LinuxTemplate implements Template {
  /** An empty directory in every other sandbox. */
  static final String LIBRARY_PLACE = "/mnt";

  private final LinuxSandbox own;
  private final BiFunction<SandboxSpec, LinuxTemplate, LinuxSandbox> maker;

  // Guarded by this.
  private @Nullable SandboxProcess program;
  private int children;
  private boolean closed;

  /**
   * @param maker makes a sandbox for a template
   */
  LinuxTemplate(LinuxSandbox own, BiFunction<SandboxSpec, LinuxTemplate, LinuxSandbox> maker) {
    this.own = own;
    this.maker = maker;
  }

  int slot() {
    return own.slot();
  }

  Launcher launcher() {
    return own.launcher();
  }

  @Override
  public Sandbox sandbox() {
    return own;
  }

  @Override
  public SandboxProcess start(Command command, OutputListener output) {
    checkOpen();
    SandboxProcess started = own.start(command, output, true);
    SandboxProcess last;
    boolean late;
    synchronized (this) {
      last = program;
      program = started;
      late = closed;
    }
    if (last != null) {
      kill(last);
    }
    if (late) {
      kill(started);
      throw SandboxException.dead(own.name() + " was closed");
    }
    return started;
  }

  private synchronized void checkOpen() {
    if (closed) {
      throw SandboxException.dead(own.name() + " was closed");
    }
  }

  @Override
  public Sandbox create(SandboxSpec spec) {
    synchronized (this) {
      checkOpen();
      children++;
    }
    LinuxSandbox child;
    try {
      child = maker.apply(spec, this);
    } catch (RuntimeException e) {
      childGone();
      throw e;
    }
    var _ = child.gone().thenRun(this::childGone);
    return child;
  }

  private void childGone() {
    boolean last;
    synchronized (this) {
      children--;
      last = closed && children == 0;
    }
    if (last) {
      own.kill();
    }
  }

  @Override
  public SandboxProcess fork(Sandbox into, String argument, OutputListener output) {
    if (argument.indexOf('\0') >= 0 || argument.getBytes(UTF_8).length > MAX_ARGUMENT) {
      throw new IllegalArgumentException("argument of a fork: too long, or with a NUL character");
    }
    if (!(into instanceof LinuxSandbox sandbox) || sandbox.template() != this) {
      throw new IllegalArgumentException("not made for this template: " + into.name());
    }
    checkOpen();
    try {
      return sandbox.fork(argument, output);
    } catch (SandboxException e) {
      if (e.errno() == Errno.ETIMEDOUT) {
        own.killPrograms();
      }
      throw e;
    }
  }

  @Override
  public synchronized boolean serves() {
    return !closed && program != null && !program.exit().isDone();
  }

  /**
   * Called when a sandbox that was made for it does not end: a process of the program may have
   * children in there for which nobody else can wait.
   */
  void hinders() {
    own.killPrograms();
  }

  private static void kill(SandboxProcess process) {
    try {
      process.signal(ProcessExit.SIGKILL);
    } catch (SandboxException e) {
      // Its sandbox is dead, and so is it.
    }
  }

  @Override
  public void close() {
    boolean alone;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      alone = children == 0;
    }
    if (alone) {
      own.kill();
    } else {
      own.killPrograms();
    }
  }

  @Override
  public CompletableFuture<Void> gone() {
    return own.gone();
  }
}
