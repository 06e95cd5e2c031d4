package dev.lambic.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class HopsTest {
  private static TraceEvent event(String line) {
    return Objects.requireNonNull(TraceEvent.parse(line), line);
  }

  private static String switches(int micros, String from, String state, String to) {
    return "  x-%s [000] d..2. 5.%06d: sched_switch: prev_comm=x prev_pid=%s prev_prio=120 prev_state=%s ==> next_comm=y y next_pid=%s next_prio=120"
        .formatted(from, micros, from, state, to);
  }

  private static String wakes(int micros, String who, String whom) {
    return "  x-%s [001] d..3. 5.%06d: sched_waking: comm=y pid=%s prio=120 target_cpu=001"
        .formatted(who, micros, whom);
  }

  @Test
  void readsTheKernelsLines() {
    assertThat(event(switches(12, "7", "S", "9")))
        .isEqualTo(new TraceEvent(TraceEvent.Kind.SWITCH, 5_000_012_000L, 7, "x", 9, "y y", false));
    assertThat(
            event(
                " Netty epoll 1-44 [000] .....  1.000001: sys_enter: NR 232 (1b, 7f, 400, 0, 0, 0)"))
        .isEqualTo(
            new TraceEvent(
                TraceEvent.Kind.CALL, 1_000_001_000L, 44, "Netty epoll 1", 232, "", false));
    assertThat(
            event(
                "launcher-44 [000] ..... 1.000001: sched_process_fork: comm=launcher pid=44"
                    + " child_comm=launcher child_pid=45"))
        .isEqualTo(
            new TraceEvent(
                TraceEvent.Kind.FORK, 1_000_001_000L, 44, "launcher", 45, "launcher", false));
    assertThat(TraceEvent.parse("# tracer: nop")).isNull();
  }

  /** Client 1 wakes server 2, which is put aside once and wakes the client again. */
  @Test
  void followsWhomTheClientWaitedFor() {
    List<TraceEvent> events =
        List.of(
            event(switches(1, "0", "R", "1")),
            event(wakes(110, "1", "2")),
            event(switches(120, "0", "R", "2")),
            event(switches(130, "1", "S", "0")),
            event(switches(150, "2", "R+", "8")),
            event(wakes(155, "8", "9")),
            event(switches(160, "8", "S", "2")),
            event(wakes(190, "2", "1")),
            event(switches(200, "0", "R", "1")),
            event(switches(300, "1", "S", "0")));
    List<Hops.Hop> hops =
        Hops.of(events, 1, 5_000_100_000L, 5_000_210_000L, thread -> "t" + thread);
    assertThat(hops)
        .extracting(hop -> hop.title() + " " + hop.nanos() / 1000)
        .containsExactly(
            "t1 runs 10",
            "t2 is woken 10",
            "t2 runs 30",
            "t2 waits for a core 10",
            "t2 runs 30",
            "t1 is woken 10",
            "t1 runs 10");
  }

  /** The one that the client wakes has not fallen asleep yet. */
  @Test
  void seesWhoIsWokenOnItsWayToSleep() {
    List<TraceEvent> events =
        List.of(
            event(switches(1, "0", "R", "1")),
            event(switches(2, "0", "R", "2")),
            event(wakes(110, "1", "2")),
            event(switches(111, "2", "S", "0")),
            event(switches(112, "0", "R", "2")),
            event(switches(120, "1", "S", "0")),
            event(wakes(140, "2", "1")),
            event(switches(150, "0", "R", "1")));
    assertThat(Hops.of(events, 1, 5_000_100_000L, 5_000_160_000L, thread -> "t" + thread))
        .extracting(hop -> hop.title() + " " + hop.nanos() / 1000)
        .containsExactly(
            "t1 runs 10", "t2 is woken 2", "t2 runs 28", "t1 is woken 10", "t1 runs 10");
  }

  /** What was ready before the call takes part in it without being woken. */
  @Test
  void endsWithWhatWasReadyBefore() {
    List<TraceEvent> events =
        List.of(
            event(switches(50, "2", "R", "1")),
            event(switches(110, "1", "S", "2")),
            event(wakes(140, "2", "1")),
            event(switches(150, "2", "S", "1")));
    assertThat(Hops.of(events, 1, 5_000_100_000L, 5_000_160_000L, thread -> "t" + thread))
        .extracting(hop -> hop.title() + " " + hop.nanos() / 1000)
        .containsExactly("t2 waits for a core 10", "t2 runs 30", "t1 is woken 10", "t1 runs 10");
  }
}
