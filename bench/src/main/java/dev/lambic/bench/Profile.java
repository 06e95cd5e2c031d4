package dev.lambic.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where the time of a call goes: until its handler begins, in it, and back; and hop by hop, whom
 * the client waited for, by the kernel's own trace of who ran and who woke whom.
 */
final class Profile {
  private static final long PAUSE_MILLIS = 20;
  private static final int BATCH = 50;

  private final Effort effort;
  private final List<String> server;

  /** One call that was watched. */
  private record Watched(long begin, long end, Hello hello, List<Hops.Hop> hops) {
    long nanos() {
      return end - begin;
    }
  }

  /** Makes a call after whatever it needs before. */
  private interface Caller {
    byte[] prepare() throws IOException, InterruptedException;
  }

  Profile(Effort effort, List<String> server) {
    this.effort = effort;
    this.server = server;
  }

  /** Of calls to environments that are there, back to back. */
  String warm() throws IOException, InterruptedException {
    return run(true);
  }

  /** Of calls for which no environment is there. */
  String cold() throws IOException, InterruptedException {
    return run(false);
  }

  private String run(boolean warm) throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder();
    try (Lambic lambic = Lambic.start(server);
        Functions functions = new Functions(lambic)) {
      for (Language language : Language.values()) {
        try {
          functions.create(language);
        } catch (Language.Missing e) {
          text.append("\n%s%n".formatted(e.getMessage()));
          continue;
        }
        text.append("\n%s, %s call%n".formatted(language.title(), warm ? "warm" : "cold"));
        if (warm) {
          byte[] call = functions.call(language, "world");
          WarmRow.calls(functions.client(), call, effort.warmUps() / 2, 0, WarmRow.ANY);
          describe(lambic, functions, () -> call, BATCH, 8 * effort.paced(), text);
        } else {
          Caller caller =
              () -> {
                functions.change(language);
                byte[] call = functions.call(language, "world");
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                return call;
              };
          describe(lambic, functions, caller, 1, effort.colds(), text);
        }
      }
    }
    return text.toString();
  }

  private void describe(
      Lambic lambic, Functions functions, Caller caller, int batch, int count, StringBuilder text)
      throws IOException, InterruptedException {
    long pid = lambic.process().pid();
    List<Watched> calls = new ArrayList<>();
    Map<String, Map<String, Integer>> systemCalls = new TreeMap<>();
    String missing = null;
    try (Tracing tracing = Tracing.open()) {
      watch(tracing, pid, functions.client(), caller, batch, count, calls, null);
      tracing.includeSystemCalls(true);
      int counted = Math.max(1, count / 10);
      watch(
          tracing, pid, functions.client(), caller, batch, counted, new ArrayList<>(), systemCalls);
      split(calls, text);
      hops(calls, text);
      systemCalls(systemCalls, counted, text);
    } catch (IOException e) {
      missing = e.getMessage();
    }
    if (calls.isEmpty()) {
      for (int i = 0; i < count; i++) {
        calls.add(call(functions.client(), caller.prepare()));
      }
      split(calls, text);
      text.append("  hop by hop: not available: ").append(missing).append('\n');
    }
  }

  private static Watched call(HttpClient client, byte[] call) throws IOException {
    long begin = System.nanoTime();
    HttpMessage answer = client.exchange(call);
    long end = System.nanoTime();
    return new Watched(begin, end, Hello.of(answer), List.of());
  }

  private static void watch(
      Tracing tracing,
      long server,
      HttpClient client,
      Caller caller,
      int batch,
      int count,
      List<Watched> found,
      @Nullable Map<String, Map<String, Integer>> systemCalls)
      throws IOException, InterruptedException {
    int self = Threads.current();
    for (int done = 0; done < count; done += batch) {
      List<Watched> calls = new ArrayList<>();
      byte[] bytes = caller.prepare();
      tracing.begin();
      for (int i = 0; i < Math.min(batch, count - done); i++) {
        calls.add(call(client, bytes));
      }
      List<TraceEvent> events = tracing.end();
      Threads threads = new Threads(server, events);
      for (Watched call : calls) {
        found.add(
            new Watched(
                call.begin(),
                call.end(),
                call.hello(),
                Hops.of(events, self, call.begin(), call.end(), threads::name)));
      }
      if (systemCalls != null) {
        count(events, threads, calls.getFirst().begin(), calls.getLast().end(), systemCalls);
      }
    }
  }

  private static void count(
      List<TraceEvent> events,
      Threads threads,
      long begin,
      long end,
      Map<String, Map<String, Integer>> systemCalls) {
    for (TraceEvent event : events) {
      if (event.kind() == TraceEvent.Kind.CALL && event.nanos() >= begin && event.nanos() <= end) {
        String who = threads.name(event.thread());
        if (!who.startsWith("kernel")) {
          systemCalls
              .computeIfAbsent(who, any -> new HashMap<>())
              .merge(SystemCalls.name(event.other()), 1, Integer::sum);
        }
      }
    }
  }

  /** Until the handler began, in it, and from its end until the client had the answer. */
  private static void split(List<Watched> calls, StringBuilder text) {
    Samples there = new Samples();
    Samples in = new Samples();
    Samples back = new Samples();
    Samples all = new Samples();
    for (Watched call : calls) {
      there.add(call.hello().at() - call.begin());
      in.add(call.hello().nanos());
      back.add(call.end() - call.hello().at() - call.hello().nanos());
      all.add(call.nanos());
    }
    line(text, "until the handler begins", there.figures(), "");
    line(text, "in the handler", in.figures(), "");
    line(text, "back to the client", back.figures(), "");
    line(text, "whole call", all.figures(), "while it was watched, which costs a little");
  }

  private static void hops(List<Watched> calls, StringBuilder text) {
    Map<String, Map<Watched, Long>> sums = new LinkedHashMap<>();
    for (Watched call : calls) {
      for (Hops.Hop hop : call.hops()) {
        sums.computeIfAbsent(hop.title(), any -> new HashMap<>())
            .merge(call, hop.nanos(), Long::sum);
      }
    }
    text.append("  what the client waited for, per call (n = ").append(calls.size()).append("):\n");
    sums.entrySet().stream()
        .sorted(Map.Entry.comparingByValue((a, b) -> Long.compare(total(b), total(a))))
        .limit(20)
        .forEach(sum -> {
          Samples samples = new Samples();
          calls.forEach(call -> samples.add(sum.getValue().getOrDefault(call, 0L)));
          double share =
              100.0 * total(sum.getValue()) / calls.stream().mapToLong(Watched::nanos).sum();
          line(
              text,
              sum.getKey(),
              samples.figures(),
              String.format(Locale.ROOT, "%4.1f %% of the time", share));
        });
    List<Watched> sorted =
        calls.stream().sorted((a, b) -> Long.compare(a.nanos(), b.nanos())).toList();
    chain(sorted.get(sorted.size() / 2), text);
  }

  /** One call from its begin to its end. */
  private static void chain(Watched median, StringBuilder text) {
    text.append("  the median call, hop by hop:\n");
    List<Hops.Hop> hops = median.hops();
    for (int i = 0; i < hops.size(); ) {
      String who = hops.get(i).who();
      long from = hops.get(i).from();
      Map<Hops.Kind, Long> sums = new EnumMap<>(Hops.Kind.class);
      for (; i < hops.size() && hops.get(i).who().equals(who); i++) {
        sums.merge(hops.get(i).kind(), hops.get(i).nanos(), Long::sum);
      }
      StringBuilder parts = new StringBuilder();
      sums.forEach((kind, nanos) ->
          parts.append(String.format(Locale.ROOT, "  %s %.3f", kind.title, nanos / 1e6)));
      text.append(
          String.format(
              Locale.ROOT, "    %9.3f ms  %-34s%s%n", (from - median.begin()) / 1e6, who, parts));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "    (its handler began at %.3f and ended at %.3f)%n",
            (median.hello().at() - median.begin()) / 1e6,
            (median.hello().at() + median.hello().nanos() - median.begin()) / 1e6));
  }

  private static long total(Map<Watched, Long> sums) {
    return sums.values().stream().mapToLong(Long::longValue).sum();
  }

  private static void systemCalls(
      Map<String, Map<String, Integer>> systemCalls, int calls, StringBuilder text) {
    text.append("  system calls, per call:\n");
    systemCalls.forEach((who, counts) -> {
      StringBuilder most = new StringBuilder();
      counts.entrySet().stream()
          .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
          .limit(8)
          .forEach(count ->
              most.append(
                  String.format(
                      Locale.ROOT, " %s %.1f", count.getKey(), (double) count.getValue() / calls)));
      int all = counts.values().stream().mapToInt(Integer::intValue).sum();
      text.append(
          String.format(Locale.ROOT, "    %-34s %6.1f:%s%n", who, (double) all / calls, most));
    });
  }

  private static void line(StringBuilder text, String what, Figures figures, String remark) {
    text.append(
            String.format(
                    Locale.ROOT,
                    "    %-40s p50 %8.3f  p99 %8.3f ms  %s",
                    what,
                    figures.p50() / 1e6,
                    figures.p99() / 1e6,
                    remark)
                .stripTrailing())
        .append('\n');
  }
}
