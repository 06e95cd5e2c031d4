package dev.lambic.sandbox;

/**
 * How a process ended.
 *
 * @param code exit code; 0 when a signal ended it
 * @param signal number of the signal that ended it; 0 when it exited by itself
 */
public record ProcessExit(int code, int signal) {
  /** The signal of a process whose sandbox was killed, or that ran out of memory. */
  public static final int SIGKILL = 9;
}
