package dev.lambic.runtime;

import dev.lambic.http.Headers;
import dev.lambic.http.Responder;
import dev.lambic.kernel.Transitions;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One extension; guarded by the lock of its {@link Extensions}. */
final class Extension {
  /** An event and, when it can be sent, the connection for it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Delivery(@Nullable Responder to, String eventId, byte[] body) {
    /** Sends it; not while a lock is held. */
    void send() {
      if (to != null) {
        Headers headers = Json.headers().add("Lambda-Extension-Event-Identifier", eventId);
        to.send(200, headers, body);
      }
    }
  }

  private final String name;
  private final String id;
  private final boolean external;
  private final Transitions<ExtensionState> table;
  private final Set<String> events = new TreeSet<>();
  private ExtensionState state = ExtensionState.STARTED;
  private @Nullable String errorType;
  private @Nullable Responder waiting;
  private @Nullable Delivery pending;

  /**
   * An extension that has not registered yet.
   *
   * @param external whether it is a process of its own
   */
  Extension(String name, String id, boolean external, Transitions<ExtensionState> table) {
    this.name = name;
    this.id = id;
    this.external = external;
    this.table = table;
  }

  String name() {
    return name;
  }

  String id() {
    return id;
  }

  boolean isExternal() {
    return external;
  }

  ExtensionState state() {
    return state;
  }

  boolean wants(String kind) {
    return events.contains(kind);
  }

  PlatformEvent.Extension description() {
    return new PlatformEvent.Extension(name, state.word(), List.copyOf(events), errorType);
  }

  private void move(ExtensionState to, String subject) throws Refusal {
    if (!table.allows(state, to)) {
      throw Refusal.forbidden(
          "Extension.InvalidExtensionState",
          "State transition from "
              + state.word()
              + " to "
              + to.word()
              + " failed for extension "
              + subject
              + ". Error: State transition is not allowed");
    }
    state = table.step(state, to);
  }

  void register(Set<String> wanted) throws Refusal {
    move(ExtensionState.REGISTERED, name);
    events.addAll(wanted);
  }

  /**
   * It asks for an event on this connection.
   *
   * @return what to send if there is an event that it could not get when it was due, for it had
   *     lost its connection
   */
  @Nullable Delivery next(Responder responder) throws Refusal {
    Delivery missed = pending;
    if (missed != null && state == ExtensionState.RUNNING) {
      pending = null;
      return new Delivery(responder, missed.eventId(), missed.body());
    }
    boolean lost = waiting == null || !waiting.isOpen();
    if (state != ExtensionState.READY || !lost) {
      move(ExtensionState.READY, id);
    }
    waiting = responder;
    return null;
  }

  /** Gives an event to one that is ready. */
  Delivery give(String eventId, byte[] body) {
    state = table.step(state, ExtensionState.RUNNING);
    Responder to = waiting;
    waiting = null;
    Delivery delivery = new Delivery(to != null && to.isOpen() ? to : null, eventId, body);
    pending = delivery.to() == null ? delivery : null;
    return delivery;
  }

  /** It says that it failed, in the initialisation or later. */
  void fail(ExtensionState how, String type) throws Refusal {
    if (state != how) {
      move(how, id);
      errorType = type;
    }
  }

  /** Its process could not be started; of no effect if another registered under its name. */
  void notLaunched(String type) {
    if (table.allows(state, ExtensionState.LAUNCH_ERROR)) {
      state = table.step(state, ExtensionState.LAUNCH_ERROR);
      errorType = type;
    }
  }

  /** Its process has ended. */
  void exited() {
    if (table.allows(state, ExtensionState.EXITED)) {
      state = table.step(state, ExtensionState.EXITED);
    }
  }

  /** Lets go of connections and events. */
  void close() {
    waiting = null;
    pending = null;
  }
}
