package dev.lambic.functions;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What a person at the server should know: that something was accepted which has no effect yet.
 * Each is told once. Safe for use by many threads.
 */
final class Notices {
  private final Set<String> told = new LinkedHashSet<>();
  private final List<Consumer<String>> sinks = new ArrayList<>();

  /** Tells the sink of everything from now on, and of what was told before. */
  synchronized void listen(Consumer<String> sink) {
    sinks.add(sink);
    told.forEach(sink);
  }

  synchronized void tell(String notice) {
    if (told.add(notice)) {
      sinks.forEach(sink -> sink.accept(notice));
    }
  }
}
