package dev.lambic.sandbox;

import java.util.concurrent.CompletableFuture;

/** A program in a sandbox, as its launcher and its output pipe tell of it. */
final class LinuxProcess implements SandboxProcess {
  private final LinuxSandbox sandbox;
  private final int number;
  private final OutputPipe output;
  private final CompletableFuture<ProcessExit> exit = new CompletableFuture<>();

  LinuxProcess(LinuxSandbox sandbox, int number, OutputPipe output) {
    this.sandbox = sandbox;
    this.number = number;
    this.output = output;
  }

  @Override
  public CompletableFuture<ProcessExit> exit() {
    return exit.copy();
  }

  @Override
  public void drain() {
    output.drain();
  }

  @Override
  public boolean drainNow() {
    return output.drainNow();
  }

  @Override
  public void signal(int signal) {
    if (!exit.isDone()) {
      sandbox.signal(number, signal);
    }
  }

  void ended(ProcessExit how) {
    // Not on the launcher's thread: what others have hung on it may take its time.
    exit.completeAsync(() -> how, Thread::startVirtualThread);
  }
}
