package dev.lambic.sandbox;

/** Makes sandboxes. Safe for use by many threads. */
public interface Sandboxes extends AutoCloseable {
  /**
   * Makes a sandbox and returns when a program can be started in it.
   *
   * @throws SandboxException if the host refuses a step
   */
  Sandbox create(SandboxSpec spec);

  /** Kills all sandboxes and returns when they are gone, or after a bounded time. */
  @Override
  void close();
}
