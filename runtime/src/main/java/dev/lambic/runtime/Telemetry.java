package dev.lambic.runtime;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ticker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * What happens in one environment, for the extensions that subscribed to it: the Telemetry API and
 * the Logs API.
 *
 * <p>Extensions can subscribe as long as the environment initialises, and get what happened before
 * they did. Events come on any thread and wait for nobody. The state is guarded by this object's
 * lock.
 */
final class Telemetry {
  /** The most that is kept for those who subscribe later. */
  private static final int MAX_EARLY_EVENTS = 1000;

  private static final long MAX_EARLY_CHARACTERS = 256 * 1024;

  /** How often one extension may subscribe. */
  private static final int MAX_SUBSCRIPTIONS = 20;

  /** Something that happened before anybody could hear of it. */
  private sealed interface Entry {
    String type();
  }

  private record LogLine(Instant time, String type, String text) implements Entry {}

  private record Event(Instant time, PlatformEvent event) implements Entry {
    @Override
    public String type() {
      return "platform";
    }
  }

  private final boolean jsonFormat;
  private final TelemetryRecords records;
  private final TelemetryClient.Dialer dialer;
  private final Ticker ticker;
  private final ByteBudget budget;
  private final FaultHandler faults;
  private final Map<String, Subscriber> subscribers = new LinkedHashMap<>();

  /** Those that were replaced last and may still deliver what they have; by extension. */
  private final Map<String, Subscriber> replaced = new HashMap<>();

  private final Map<String, Integer> subscriptions = new HashMap<>();
  private final List<Entry> early = new ArrayList<>();
  private long earlyCharacters;
  private boolean open = true;
  private volatile boolean wanted = true;

  /**
   * Telemetry of an environment that begins to initialise.
   *
   * @param jsonFormat whether the function logs in JSON
   * @param budget what events of all environments may take of the server's memory
   */
  Telemetry(
      EnvironmentSpec spec,
      boolean jsonFormat,
      TelemetryClient.Dialer dialer,
      Ticker ticker,
      ByteBudget budget,
      FaultHandler faults) {
    this.jsonFormat = jsonFormat;
    this.records =
        new TelemetryRecords(
            spec.functionName(),
            spec.version(),
            spec.logStream(),
            spec.memoryMb(),
            spec.initialization());
    this.dialer = dialer;
    this.ticker = ticker;
    this.budget = budget;
    this.faults = faults;
  }

  /** Whether anybody hears of what happens, or still may; false once and for all. */
  boolean isWanted() {
    return wanted;
  }

  /** Tells of an event. */
  void publish(PlatformEvent event) {
    if (wanted) {
      take(new Event(ticker.instant(), event));
    }
  }

  /**
   * Tells of a log line.
   *
   * @param type {@code function} or {@code extension}
   */
  void line(String type, String text) {
    if (wanted) {
      take(new LogLine(ticker.instant(), type, text));
    }
  }

  private synchronized void take(Entry entry) {
    if (open && early.size() < MAX_EARLY_EVENTS && earlyCharacters < MAX_EARLY_CHARACTERS) {
      early.add(entry);
      earlyCharacters += entry instanceof LogLine line ? line.text().length() : 100;
    }
    for (Subscriber subscriber : subscribers.values()) {
      give(subscriber, entry);
    }
  }

  private void give(Subscriber to, Entry entry) {
    if (!to.request().types().contains(entry.type())) {
      return;
    }
    Schema schema = to.request().schema();
    switch (entry) {
      case LogLine line ->
          to.add(records.line(line.type(), line.time(), line.text(), schema, jsonFormat));
      case Event event -> records.event(event.event(), event.time(), schema).forEach(to::add);
    }
  }

  /**
   * Subscribes an extension; a subscription that it had before is replaced.
   *
   * @return what everybody is to be told of it
   * @throws Refusal after the initialisation, if the extension uses the other API already, or if it
   *     subscribed too often
   */
  PlatformEvent.Subscription subscribe(String extension, SubscriptionRequest request)
      throws Refusal {
    boolean logsApi = request.schema().isLogsApi();
    Subscriber before;
    Subscriber older = null;
    synchronized (this) {
      if (!open) {
        throw closed(logsApi);
      }
      before = subscribers.get(extension);
      if (before != null && before.request().schema().isLogsApi() != logsApi) {
        String other = logsApi ? "Telemetry" : "Logs";
        throw SubscriptionRequest.refusal(
            logsApi, "The extension is already subscribed to the " + other + " API");
      }
      int count = subscriptions.merge(extension, 1, Integer::sum);
      if (count > MAX_SUBSCRIPTIONS) {
        throw SubscriptionRequest.refusal(
            logsApi, "The extension subscribed more than " + MAX_SUBSCRIPTIONS + " times");
      }
      Subscriber subscriber = Subscriber.start(request, records, dialer, ticker, budget, faults);
      subscribers.put(extension, subscriber);
      if (before == null) {
        early.forEach(entry -> give(subscriber, entry));
      } else {
        older = replaced.put(extension, before);
      }
    }
    if (older != null) {
      older.close();
    }
    if (before != null) {
      var _ = before.flush().thenRun(before::close);
    }
    String state = before == null ? "Subscribed" : "Already subscribed";
    return new PlatformEvent.Subscription(logsApi, extension, state, List.copyOf(request.types()));
  }

  private static Refusal closed(boolean logsApi) {
    String api = logsApi ? "Logs" : "Telemetry";
    return Refusal.forbidden(
        api + ".SubscriptionClosed", api + " API subscription is closed already");
  }

  /** The initialisation is over; nobody can subscribe any more. */
  synchronized void closeSubscriptions() {
    open = false;
    early.clear();
    wanted = !subscribers.isEmpty();
  }

  /**
   * Delivers at once what waits for more.
   *
   * @return completes when it was delivered or given up
   */
  CompletableFuture<Void> flush() {
    List<Subscriber> all;
    synchronized (this) {
      all = List.copyOf(subscribers.values());
    }
    return CompletableFuture.allOf(
        all.stream().map(Subscriber::flush).toArray(CompletableFuture<?>[]::new));
  }

  /** Delivers nothing more. */
  void close() {
    List<Subscriber> all;
    synchronized (this) {
      open = false;
      wanted = false;
      early.clear();
      all = new ArrayList<>(subscribers.values());
      all.addAll(replaced.values());
      subscribers.clear();
      replaced.clear();
    }
    all.forEach(Subscriber::close);
  }
}
