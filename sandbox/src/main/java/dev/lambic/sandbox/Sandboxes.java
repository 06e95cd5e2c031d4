package dev.lambic.sandbox;

/** Makes sandboxes. Safe for use by many threads. */
public interface Sandboxes extends AutoCloseable {
  /**
   * Makes a sandbox and returns when a program can be started in it.
   *
   * @throws SandboxException if the host refuses a step
   */
  Sandbox create(SandboxSpec spec);

  /**
   * Makes a template: a sandbox whose program can fork itself into sandboxes that are made for it.
   *
   * @param spec of the template's own sandbox
   * @throws SandboxException if the host refuses a step
   * @throws UnsupportedOperationException if these sandboxes know no templates
   */
  default Template template(SandboxSpec spec) {
    throw new UnsupportedOperationException("no templates here: " + spec.name());
  }

  /**
   * Makes a template whose program may be hostile, for it runs somebody's code before it serves
   * forks. It has the same system call filter as any program, and no way into the sandboxes that
   * are made for it: its forks are moved there from outside.
   *
   * @param spec as for {@link #template}
   * @throws SandboxException if the host refuses a step
   * @throws UnsupportedOperationException if these sandboxes know no such templates
   */
  default Template guardedTemplate(SandboxSpec spec) {
    throw new UnsupportedOperationException("no templates here: " + spec.name());
  }

  /** Kills all sandboxes and returns when they are gone, or after a bounded time. */
  @Override
  void close();
}
