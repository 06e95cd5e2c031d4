package dev.lambic.bench;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One line of the kernel's trace.
 *
 * @param kind what happened
 * @param nanos when, by the monotonic clock, to the microsecond
 * @param thread that ran at that time; 0 if none did
 * @param name of that thread
 * @param other the thread that runs next, is woken, or was born; of a system call its number
 * @param otherName of that thread
 * @param ready whether the thread that stops to run would have liked to go on
 */
record TraceEvent(
    Kind kind, long nanos, int thread, String name, int other, String otherName, boolean ready) {
  enum Kind {
    SWITCH,
    WAKING,
    FORK,
    CALL
  }

  private static final Pattern LINE =
      Pattern.compile("\\s*(.+)-(\\d+)\\s+\\[\\d+]\\s+\\S+\\s+(\\d+)\\.(\\d{6}): (\\w+): (.*)");
  private static final Pattern SWITCH =
      Pattern.compile("prev_comm=.* prev_state=(\\S+) ==> next_comm=(.*) next_pid=(\\d+) .*");
  private static final Pattern WAKING = Pattern.compile("comm=(.*) pid=(\\d+) prio.*");
  private static final Pattern FORK = Pattern.compile(".* child_comm=(.*) child_pid=(\\d+)");
  private static final Pattern CALL = Pattern.compile("NR ()(\\d+) .*");

  /** Reads a line, or returns null if it is about nothing of interest. */
  static @Nullable TraceEvent parse(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      return null;
    }
    String rest = matcher.group(6);
    return switch (matcher.group(5)) {
      case "sched_switch" -> {
        Matcher found = SWITCH.matcher(rest);
        yield found.matches()
            ? of(Kind.SWITCH, matcher, found.group(2), found.group(3), found.group(1))
            : null;
      }
      case "sched_waking" -> of(Kind.WAKING, matcher, WAKING.matcher(rest));
      case "sched_process_fork" -> of(Kind.FORK, matcher, FORK.matcher(rest));
      case "sys_enter" -> of(Kind.CALL, matcher, CALL.matcher(rest));
      default -> null;
    };
  }

  private static @Nullable TraceEvent of(Kind kind, Matcher line, Matcher rest) {
    return rest.matches() ? of(kind, line, rest.group(1), rest.group(2), "") : null;
  }

  private static TraceEvent of(Kind kind, Matcher line, String name, String other, String state) {
    long micros = 1_000_000 * Long.parseLong(line.group(3)) + Long.parseLong(line.group(4));
    return new TraceEvent(
        kind,
        1_000 * micros,
        Integer.parseInt(line.group(2)),
        line.group(1).strip(),
        Integer.parseInt(other),
        name,
        state.startsWith("R"));
  }
}
