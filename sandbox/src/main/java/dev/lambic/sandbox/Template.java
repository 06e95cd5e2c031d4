package dev.lambic.sandbox;

import java.util.concurrent.CompletableFuture;

/**
 * A sandbox whose program, once started, can be forked into other sandboxes as often as wanted.
 *
 * <p>What is forked has all that the program had in memory, and is else as isolated as a program
 * that was started there: own user, processes, files, network and limits, no capabilities, the same
 * system call filter. It shares with the program, and with other forks of it, the layout of its
 * address space. Code in the template's program that turned hostile could reach the sandboxes made
 * for this template, and nothing else.
 *
 * <p>The program loads {@link #LIBRARY} and calls its {@code lambic_serve_forks}, single-threaded
 * and with no open descriptor but 0 to 2 and {@link #DESCRIPTOR}; see serve.h in the sources.
 *
 * <p>The life of a forked process does not depend on the program: that may end, hang or be replaced
 * by {@link #start}. Every method waits for a bounded time only. Safe for use by many threads.
 */
public interface Template extends AutoCloseable {
  /** The library that serves forks, as the template's program sees it. */
  String LIBRARY = LinuxTemplate.LIBRARY_PLACE + "/forking.so";

  /** The descriptor by which the program is asked to fork. */
  int DESCRIPTOR = 3;

  /** The longest argument of a fork, in bytes of UTF-8. */
  int MAX_ARGUMENT = 128 * 1024 - 1;

  /** The template's own sandbox, to be filled, limited, frozen and thawed like any other. */
  Sandbox sandbox();

  /**
   * Starts the program that serves forks, in place of the last one, and returns when it is
   * executing. Forks wait until it serves.
   *
   * @throws SandboxException if it cannot be started; the template is dead then
   */
  SandboxProcess start(Command command, OutputListener output);

  /**
   * Makes a sandbox for this template. It can be used like any other, too.
   *
   * @param spec with the root file system of the template, if that has one of its own
   * @throws SandboxException if the host refuses a step, or the template is closed or dead
   */
  Sandbox create(SandboxSpec spec);

  /**
   * Forks the program into a sandbox and returns when that has happened.
   *
   * <p>If the program does not do that in five seconds, it is killed.
   *
   * @param into made by {@link #create} of this template; must be allowed three processes at least
   * @param argument handed to the fork; at most {@link #MAX_ARGUMENT} bytes, without NUL
   * @throws SandboxException if it fails; the sandbox is dead then, the template may not be
   */
  SandboxProcess fork(Sandbox into, String argument, OutputListener output);

  /** Whether there is a program that may serve forks. */
  boolean serves();

  /**
   * Ends the program, which forks no more. What was forked lives on, and with the last sandbox that
   * was made for the template everything is gone. Returns at once; idempotent; never throws.
   */
  @Override
  void close();

  /** Completes when nothing of the template is left. Never completes exceptionally. */
  CompletableFuture<Void> gone();
}
