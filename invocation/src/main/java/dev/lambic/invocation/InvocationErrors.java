package dev.lambic.invocation;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/** The errors that Lambda itself gives on behalf of a function, in its own words. */
final class InvocationErrors {
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

  private InvocationErrors() {}

  /** How a runtime's process ended, for a person. */
  static String describe(int code, int signal) {
    if (signal != 0) {
      String name = SIGNALS.getOrDefault(signal, "signal " + signal);
      return "Runtime exited with error: signal: " + name;
    }
    return code == 0
        ? "Runtime exited without providing a reason"
        : "Runtime exited with error: exit status " + code;
  }

  static String timedOut(int seconds) {
    return String.format(Locale.ROOT, "Task timed out after %.2f seconds", (double) seconds);
  }

  /** The JSON of an error that names the invocation. */
  static byte[] body(String type, String requestId, String message) {
    String text =
        "{\"errorType\":\""
            + type
            + "\",\"errorMessage\":\"RequestId: "
            + requestId
            + " Error: "
            + escape(message)
            + "\"}";
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 8);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        escaped.append('\\').append(c);
      } else if (c < 0x20) {
        escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        escaped.append(c);
      }
    }
    return escaped.toString();
  }
}
