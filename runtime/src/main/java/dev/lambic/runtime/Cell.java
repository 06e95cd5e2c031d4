package dev.lambic.runtime;

import dev.lambic.http.HttpServer;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxProcess;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox whose channels listen and that belongs to no function yet; with a process in it that
 * waits for its {@link Binding} or will ask for it, or without one.
 *
 * <p>It becomes one environment or none. Its memory limit is the smallest that a function has.
 *
 * @param sandbox with what is the same for all functions of the runtime mounted, if there is a
 *     process; else with nothing mounted
 * @param aws serves the AWS endpoint inside
 * @param runtimeApi serves the binding
 * @param binding answers on the port of the Runtime API
 * @param output takes what the process writes
 * @param process an unbound process; null for none
 */
record Cell(
    Sandbox sandbox,
    HttpServer.Listener aws,
    HttpServer.Listener runtimeApi,
    Binding binding,
    EarlyOutput output,
    @Nullable SandboxProcess process) {

  /** The same with a process in it. */
  Cell with(SandboxProcess started) {
    return new Cell(sandbox, aws, runtimeApi, binding, output, started);
  }

  /** Whether it has not ended, as far as is known. */
  boolean isAlive() {
    return !sandbox.gone().isDone() && (process == null || !process.exit().isDone());
  }

  /** Ends all of it; returns at once. */
  void kill() {
    aws.close();
    runtimeApi.close();
    sandbox.kill();
  }
}
