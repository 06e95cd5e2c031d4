package dev.lambic.invocation.testing;

import dev.lambic.invocation.FunctionImage;
import dev.lambic.invocation.Logs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps every event in memory. */
public final class RecordingLogs implements Logs {
  private final Map<String, List<String>> streams = new LinkedHashMap<>();

  @Override
  public synchronized Stream open(FunctionImage function, String stream) {
    List<String> events = new ArrayList<>();
    streams.put(function.logGroup() + " " + stream, events);
    return (timestamp, text) -> {
      synchronized (this) {
        events.add(text);
      }
    };
  }

  /** The events of each stream, in the order in which the streams were opened. */
  public synchronized List<List<String>> events() {
    return streams.values().stream().map(List::copyOf).toList();
  }

  /** The names of the streams, each behind that of its group. */
  public synchronized List<String> names() {
    return List.copyOf(streams.keySet());
  }

  @Override
  public void close() {
    // Nothing is behind it.
  }
}
