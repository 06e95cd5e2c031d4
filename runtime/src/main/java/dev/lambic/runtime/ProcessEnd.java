package dev.lambic.runtime;

import java.util.Map;

/** How a process ended, in the words of Lambda's logs. */
public final class ProcessEnd {
  private static final Map<Integer, String> SIGNALS =
      Map.ofEntries(
          Map.entry(1, "hangup"),
          Map.entry(2, "interrupt"),
          Map.entry(3, "quit"),
          Map.entry(4, "illegal instruction"),
          Map.entry(5, "trace/breakpoint trap"),
          Map.entry(6, "aborted"),
          Map.entry(7, "bus error"),
          Map.entry(8, "floating point exception"),
          Map.entry(9, "killed"),
          Map.entry(10, "user defined signal 1"),
          Map.entry(11, "segmentation fault"),
          Map.entry(12, "user defined signal 2"),
          Map.entry(13, "broken pipe"),
          Map.entry(14, "alarm clock"),
          Map.entry(15, "terminated"));

  private ProcessEnd() {}

  /** Such as {@code exit status 1}, {@code signal: killed} and {@code exit code 0}. */
  public static String describe(int code, int signal) {
    if (signal != 0) {
      return "signal: " + SIGNALS.getOrDefault(signal, "signal " + signal);
    }
    return code == 0 ? "exit code 0" : "exit status " + code;
  }

  /** The same of a runtime. */
  public static String describeRuntime(int code, int signal) {
    return code == 0 && signal == 0
        ? "Runtime exited without providing a reason"
        : "Runtime exited with error: " + describe(code, signal);
  }
}
