package dev.lambic.runtime;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Transitions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The extensions of one environment and their APIs: the Extensions API, version 2020-01-01, and the
 * subscriptions of the Telemetry API and the Logs API.
 *
 * <p>Follows "Using the Lambda Extensions API to create extensions" of the Lambda Developer Guide;
 * states and errors are those of AWS's runtime interface emulator. Requests come on the server's
 * threads, the rest on any thread; the state is guarded by this object's lock, and neither the
 * observer nor a socket is touched while it is held.
 */
final class Extensions implements HttpHandler {
  /** AWS's quota, internal and external ones together. */
  static final int MAX_EXTENSIONS = 10;

  /** What is registered for invocations. */
  static final String INVOKE = "INVOKE";

  /** What external ones can be registered for, too. */
  static final String SHUTDOWN = "SHUTDOWN";

  /** Requests are read on a thread that serves many environments. */
  private static final int MAX_BODY_BYTES = 256 * 1024;

  private static final String PREFIX = "/2020-01-01/extension/";
  private static final String TELEMETRY = "/2022-07-01/telemetry";
  private static final String LOGS = "/2020-08-15/logs";
  private static final String IDENTIFIER = "Lambda-Extension-Identifier";
  private static final String ERROR_TYPE = "Lambda-Extension-Function-Error-Type";

  /** Hears of what the whole environment has to do with. */
  interface Observer {
    /** Every external extension has registered. */
    void registered();

    /** Perhaps every extension waits for an event now. */
    void perhapsReady();

    /** An extension subscribed to telemetry. */
    void subscribed(PlatformEvent.Subscription subscription);
  }

  /**
   * What extensions are told of the function that they serve.
   *
   * @param account twelve digits
   */
  record Function(String name, String version, String handler, String account) {}

  private final Function function;
  private final Telemetry telemetry;
  private final Ids ids;
  private final Observer observer;
  private final Transitions<ExtensionState> table = ExtensionState.table();

  /** By name, in the order in which they came. */
  private final Map<String, Extension> all = new LinkedHashMap<>();

  private boolean registering = true;
  private boolean allRegistered;
  private @Nullable String fatal;

  /** What those get that ask for an event from now on; null before the shutdown. */
  private byte @Nullable [] shutdownEvent;

  Extensions(Function function, Telemetry telemetry, Ids ids, Observer observer) {
    this.function = function;
    this.telemetry = telemetry;
    this.ids = ids;
    this.observer = observer;
  }

  /** Whether the path is of an API that is answered here. */
  static boolean serves(String path) {
    return path.startsWith(PREFIX) || path.startsWith(TELEMETRY) || path.startsWith(LOGS);
  }

  /** External extensions are about to be started; before the first of them is. */
  synchronized void expect(List<String> names) {
    for (String name : names) {
      all.put(name, new Extension(name, ids.uuid(), true, table));
    }
  }

  /** An external extension could not be started. */
  synchronized void notLaunched(String name, String errorType) {
    Extension extension = all.get(name);
    if (extension != null) {
      extension.notLaunched(errorType);
    }
  }

  /**
   * The process of an external extension has ended.
   *
   * @return the type of the error that this is
   */
  synchronized String exited(String name) {
    Extension extension = all.get(name);
    if (extension != null) {
      extension.exited();
    }
    return fatal == null ? "Extension.Crash" : fatal;
  }

  /** The error that an extension has told of first; null if none has. */
  synchronized @Nullable String fatal() {
    return fatal;
  }

  /** No more extensions can register. */
  synchronized void closeRegistration() {
    registering = false;
  }

  synchronized boolean isEmpty() {
    return all.isEmpty();
  }

  /** Whether there is an external one. */
  synchronized boolean hasExternal() {
    return all.values().stream().anyMatch(Extension::isExternal);
  }

  /** Names of the external ones that are registered for the shutdown. */
  synchronized List<String> awaitedAtShutdown() {
    return all.values().stream()
        .filter(extension -> extension.isExternal() && extension.wants(SHUTDOWN))
        .map(Extension::name)
        .toList();
  }

  /** How far each has come. */
  synchronized List<PlatformEvent.Extension> describe() {
    return all.values().stream().map(Extension::description).toList();
  }

  /** Whether all of them wait for an event. */
  synchronized boolean areReady() {
    return all.values().stream().allMatch(e -> e.state() == ExtensionState.READY);
  }

  /** Gives the event of an invocation to those that are registered for it. */
  void invoke(Work work) {
    if (isEmpty()) {
      return;
    }
    byte[] body =
        Json.object(json -> {
          json.writeStringField("eventType", INVOKE);
          json.writeNumberField("deadlineMs", work.deadlineMillis());
          json.writeStringField("requestId", work.requestId());
          json.writeStringField("invokedFunctionArn", work.invokedArn());
          TelemetryRecords.tracing(json, work.traceId());
        });
    give(body, extension -> extension.wants(INVOKE));
  }

  /**
   * Gives the event of the shutdown to those that are registered for it and wait.
   *
   * @param deadlineMillis wall-clock time at which all processes are killed
   */
  void shutdown(ShutdownReason reason, long deadlineMillis) {
    byte[] body =
        Json.object(json -> {
          json.writeStringField("eventType", SHUTDOWN);
          json.writeNumberField("deadlineMs", deadlineMillis);
          json.writeStringField("shutdownReason", reason.word());
        });
    synchronized (this) {
      shutdownEvent = body;
    }
    give(body, extension -> extension.wants(SHUTDOWN));
  }

  private void give(byte[] body, Predicate<Extension> whom) {
    List<Extension.Delivery> deliveries = new ArrayList<>();
    synchronized (this) {
      for (Extension extension : all.values()) {
        if (extension.state() == ExtensionState.READY && whom.test(extension)) {
          deliveries.add(extension.give(ids.uuid(), body));
        }
      }
    }
    deliveries.forEach(Extension.Delivery::send);
  }

  /** Lets go of connections and events. */
  synchronized void close() {
    registering = false;
    all.values().forEach(Extension::close);
  }

  @Override
  public void handle(HttpRequest request, Responder responder) {
    String path = request.rawPath();
    boolean post = request.method().equals("POST");
    boolean put = request.method().equals("PUT");
    try {
      if (request.body().length > MAX_BODY_BYTES) {
        String text = "Exceeded maximum allowed payload size (" + MAX_BODY_BYTES + " bytes).";
        throw new Refusal(413, "RequestEntityTooLarge", text);
      }
      if (post && path.equals(PREFIX + "register")) {
        register(request, responder);
      } else if (request.method().equals("GET") && path.equals(PREFIX + "event/next")) {
        next(request, responder);
      } else if (post && path.equals(PREFIX + "init/error")) {
        fail(request, responder, ExtensionState.INIT_ERROR, "Extension.InitError");
      } else if (post && path.equals(PREFIX + "exit/error")) {
        fail(request, responder, ExtensionState.EXIT_ERROR, "Extension.ExitError");
      } else if (put && (path.equals(TELEMETRY) || path.equals(TELEMETRY + "/"))) {
        subscribe(request, responder, false);
      } else if (put && (path.equals(LOGS) || path.equals(LOGS + "/"))) {
        subscribe(request, responder, true);
      } else {
        throw new Refusal(404, "ResourceNotFound", "Unknown Extensions API path");
      }
    } catch (Refusal refusal) {
      refusal.answer(responder);
    }
  }

  private void register(HttpRequest request, Responder responder) throws Refusal {
    String name = request.headers().get("Lambda-Extension-Name");
    if (name == null || name.isEmpty()) {
      throw Refusal.forbidden("Extension.InvalidExtensionName", "Empty extension name");
    }
    Set<String> events = events(request.body());
    Extension extension;
    boolean last;
    synchronized (this) {
      extension = extensionToRegister(name);
      boolean external = extension.isExternal();
      for (String event : events) {
        if (!event.equals(INVOKE) && !event.equals(SHUTDOWN)) {
          throw Refusal.forbidden("Extension.InvalidEventType", event + ": ErrorInvalidEventType");
        }
        if (event.equals(SHUTDOWN) && !external) {
          throw Refusal.forbidden(
              "Extension.InvalidEventType",
              event + ": ShutdownEventNotSupportedForInternalExtension");
        }
      }
      extension.register(events);
      all.put(name, extension);
      last = !allRegistered && all.values().stream().noneMatch(Extensions::isUnregistered);
      allRegistered |= last;
    }
    responder.send(200, Json.headers().add(IDENTIFIER, extension.id()), aboutFunction(request));
    if (last && extension.isExternal()) {
      observer.registered();
    }
  }

  private static boolean isUnregistered(Extension extension) {
    return extension.isExternal() && extension.state() == ExtensionState.STARTED;
  }

  /** The external extension of the name, or a new internal one; with the lock held. */
  private Extension extensionToRegister(String name) throws Refusal {
    Extension known = all.get(name);
    if (known != null && known.isExternal()) {
      return known;
    }
    if (!registering) {
      throw Refusal.forbidden(
          "Extension.RegistrationClosed", "Extension registration closed already");
    }
    if (all.size() >= MAX_EXTENSIONS) {
      throw Refusal.forbidden(
          "Extension.TooManyExtensions", "Extension limit (" + MAX_EXTENSIONS + ") reached");
    }
    if (known != null) {
      throw Refusal.forbidden(
          "Extension.InvalidExtensionState", "Extension with this name already registered");
    }
    return new Extension(name, ids.uuid(), false, table);
  }

  private static Set<String> events(byte[] body) throws Refusal {
    Map<String, @Nullable Object> members;
    try {
      members = Json.members(body);
    } catch (IOException e) {
      throw Refusal.forbidden("InvalidRequestFormat", "The request is not a JSON object");
    }
    if (members.get("configurationKeys") instanceof List<?> keys && !keys.isEmpty()) {
      throw Refusal.forbidden(
          "InvalidRequestFormat",
          "configurationKeys are deprecated; use environment variables instead");
    }
    Set<String> events = new LinkedHashSet<>();
    Object given = members.get("events");
    if (given instanceof List<?> list) {
      list.forEach(event -> events.add(String.valueOf(event)));
    } else if (given != null) {
      throw Refusal.forbidden("InvalidRequestFormat", "events is not a list");
    }
    return events;
  }

  private byte[] aboutFunction(HttpRequest request) {
    String features = request.headers().get("Lambda-Extension-Accept-Feature");
    boolean account =
        features != null
            && List.of(features.split(",", -1)).stream()
                .anyMatch(feature -> feature.strip().equals("accountId"));
    return Json.object(json -> {
      json.writeStringField("functionName", function.name());
      json.writeStringField("functionVersion", function.version());
      json.writeStringField("handler", function.handler());
      if (account) {
        json.writeStringField("accountId", function.account());
      }
    });
  }

  /** The extension that sends the request; with the lock held. */
  private Extension sender(HttpRequest request) throws Refusal {
    String id = request.headers().get(IDENTIFIER);
    if (id == null || id.isEmpty()) {
      throw Refusal.forbidden(
          "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header");
    }
    try {
      UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      throw Refusal.forbidden(
          "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier");
    }
    for (Extension extension : all.values()) {
      if (extension.id().equals(id) && !isUnregistered(extension)) {
        return extension;
      }
    }
    throw Refusal.forbidden("Extension.UnknownExtensionIdentifier", "Unknown extension " + id);
  }

  private void next(HttpRequest request, Responder responder) throws Refusal {
    Extension.Delivery delivery;
    synchronized (this) {
      Extension extension = sender(request);
      delivery = extension.next(responder);
      byte[] end = shutdownEvent;
      if (delivery == null && end != null && extension.wants(SHUTDOWN)) {
        delivery = extension.give(ids.uuid(), end);
      }
    }
    if (delivery != null) {
      delivery.send();
    } else {
      observer.perhapsReady();
    }
  }

  private void fail(HttpRequest request, Responder responder, ExtensionState how, String type)
      throws Refusal {
    String given = request.headers().get(ERROR_TYPE);
    synchronized (this) {
      Extension extension = sender(request);
      if (given == null || given.isEmpty()) {
        throw Refusal.forbidden("Extension.MissingHeader", ERROR_TYPE + " not found");
      }
      extension.fail(how, given);
      if (fatal == null) {
        fatal = type;
      }
    }
    responder.send(202, Json.headers(), Json.object(json -> json.writeStringField("status", "OK")));
  }

  private void subscribe(HttpRequest request, Responder responder, boolean logsApi) throws Refusal {
    String name;
    synchronized (this) {
      name = sender(request).name();
    }
    PlatformEvent.Subscription subscription =
        telemetry.subscribe(name, SubscriptionRequest.parse(request.body(), logsApi));
    observer.subscribed(subscription);
    responder.send(
        200,
        Headers.of("Content-Type", "text/plain; charset=utf-8"),
        "OK".getBytes(StandardCharsets.UTF_8));
  }
}
