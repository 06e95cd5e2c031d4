package dev.lambic.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * What a client waited for between two moments: who ran, who was woken and did not run yet, one
 * after the other, without a gap.
 *
 * <p>Found by going backwards from the end: the client ran, before that it was being woken, by
 * somebody who ran, who before that was being woken, and so on until the client itself is reached.
 * What others did meanwhile, and nobody waited for, is not in it.
 */
final class Hops {
  /** What a hop is. */
  enum Kind {
    WAKES("is woken"),
    WAITS("waits for a core"),
    RUNS("runs"),
    UNKNOWN("not known");

    final String title;

    Kind(String title) {
      this.title = title;
    }
  }

  /**
   * One part of the time.
   *
   * @param from when it began
   * @param to when it ended
   * @param who the thread, as people call it
   */
  record Hop(long from, long to, Kind kind, String who) {
    String title() {
      return who + " " + kind.title;
    }

    long nanos() {
      return to - from;
    }
  }

  private final List<TraceEvent> events;
  private final IntFunction<String> name;

  /** Where the events of each thread are: that it begins to run, stops to, is woken or born. */
  private final Map<Integer, List<Integer>> places = new HashMap<>();

  private Hops(List<TraceEvent> events, IntFunction<String> name) {
    this.events = events;
    this.name = name;
    for (int i = 0; i < events.size(); i++) {
      TraceEvent event = events.get(i);
      if (event.kind() != TraceEvent.Kind.CALL) {
        places.computeIfAbsent(event.other(), any -> new ArrayList<>()).add(i);
        if (event.kind() == TraceEvent.Kind.SWITCH) {
          places.computeIfAbsent(event.thread(), any -> new ArrayList<>()).add(i);
        }
      }
    }
  }

  /**
   * Finds the hops of one call.
   *
   * @param events all of a time that holds the two moments, in order
   * @param client the thread that called
   * @param begin when it began, by the events' clock
   * @param end when it had the answer
   * @param name tells who a thread is
   */
  static List<Hop> of(
      List<TraceEvent> events, int client, long begin, long end, IntFunction<String> name) {
    return new Hops(events, name).find(client, begin, end);
  }

  private List<Hop> find(int client, long begin, long end) {
    List<Hop> hops = new ArrayList<>();
    int thread = client;
    long at = end;
    int place = 0;
    while (place < events.size() && events.get(place).nanos() <= end) {
      place++;
    }
    while (at > begin) {
      int in = last(thread, place, true);
      if (in < 0 || events.get(in).nanos() <= begin) {
        // It has run since before the call.
        hops.add(new Hop(begin, at, thread == client ? Kind.RUNS : Kind.UNKNOWN, who(thread)));
        break;
      }
      long since = events.get(in).nanos();
      hops.add(new Hop(since, at, Kind.RUNS, who(thread)));
      int before = reason(thread, in);
      if (before < 0) {
        hops.add(new Hop(begin, since, Kind.UNKNOWN, who(thread)));
        break;
      }
      TraceEvent reason = events.get(before);
      boolean stopped = reason.kind() == TraceEvent.Kind.SWITCH;
      long from = Math.max(reason.nanos(), begin);
      hops.add(new Hop(from, since, stopped ? Kind.WAITS : Kind.WAKES, who(thread)));
      if (reason.nanos() <= begin) {
        // What it waited for a core with was there before the call came.
        break;
      }
      at = reason.nanos();
      place = before;
      if (!stopped) {
        thread = reason.thread();
        if (thread == 0) {
          hops.add(new Hop(begin, at, Kind.UNKNOWN, "before a timer or device"));
          break;
        }
      }
    }
    Collections.reverse(hops);
    return hops.stream().filter(hop -> hop.nanos() > 0).toList();
  }

  /** Why a thread began to run at a place: that it was woken, or put aside before; or -1. */
  private int reason(int thread, int in) {
    int before = last(thread, in, false);
    if (before >= 0 && events.get(before).kind() == TraceEvent.Kind.SWITCH) {
      if (events.get(before).ready()) {
        return before;
      }
      // It may have been woken on its way to sleep.
      before = last(thread, before, false);
      return before >= 0 && events.get(before).kind() != TraceEvent.Kind.SWITCH ? before : -1;
    }
    return before;
  }

  private String who(int thread) {
    return name.apply(thread);
  }

  /**
   * The last event of a thread before a place, or -1.
   *
   * @param in whether it has to be the begin of a run; else it is any other
   */
  private int last(int thread, int place, boolean in) {
    List<Integer> all = places.getOrDefault(thread, List.of());
    for (int i = all.size() - 1; i >= 0; i--) {
      TraceEvent event = events.get(all.get(i));
      boolean begins = event.kind() == TraceEvent.Kind.SWITCH && event.other() == thread;
      if (all.get(i) < place && begins == in) {
        return all.get(i);
      }
    }
    return -1;
  }
}
